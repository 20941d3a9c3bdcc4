import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Command } from 'commander'
import { absolute } from '../../base/absolute.js'
import { SqlSession, sqlText } from '../../data/sql/session.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { parseTime } from '../output/units.js'
import { unpacked } from '../output/unpacked.js'
import { runConsole } from '../sql/console.js'
import { printResult, type ResultFormat } from '../sql/print.js'

interface Flags {
  readonly csv?: boolean
  readonly json?: boolean
  readonly parquet?: string
  readonly since?: bigint
  readonly until?: bigint
  readonly durable?: boolean
}

export function registerSql(program: Command): void {
  program
    .command('sql')
    .description('query the frames of a journal, a home or a directory of journals with SQL')
    .argument('<dir>', 'the directory of a journal, a home or an archive, or one with journals in it')
    .argument('[query]', 'the statement; without it statements are read from the terminal, or one from stdin')
    .option('--csv', 'CSV with a line of names')
    .option('--json', 'one JSON object for each row; 64-bit integers are strings')
    .option('--parquet <file>', 'write the result into a Parquet file')
    .option(
      '--since <time>',
      'only frames from this time on (ISO 8601, or ns since 1970): earlier pages are not read',
      parseTime,
    )
    .option('--until <time>', 'only frames before this time', parseTime)
    .option('--durable', 'only frames that survive power loss')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, query: string | undefined, flags: Flags) => {
      process.exitCode = await runSql(directory, query, flags)
    })
}

const HELP = `
Each frame definition is a view: BookTop is book_top, its field bidSize the column bid_size. All views have position, time (UTC, to the ns),
cause, cause_journal, source, dest and since_root; an instrument has its symbol beside it. Of a home each frame is there once: from the
sequence, or from the journal that alone has such frames. scan_book_top(since := ..., until := ...) reads only the pages of these times.

A statement sees the journals as they were when it began. It needs the package @duckdb/node-api.

Exit codes: 0 done, 2 the query or a journal has an error, 130 ended by Ctrl-C.

Examples:
  $ ticktape sql desk "SELECT symbol, avg(bid) FROM book_top GROUP BY symbol"
  $ ticktape sql desk "SELECT count(*) AS n FROM book_top" --csv
  $ ticktape sql desk 'SELECT * FROM "order"' --parquet orders.parquet
  $ ticktape sql desk                                     statements from the terminal`

async function runSql(directory: string, given: string | undefined, flags: Flags): Promise<number> {
  const formats = [flags.csv === true, flags.json === true, flags.parquet !== undefined].filter(Boolean)
  if (formats.length > 1) throw new UsageError('give one of --csv, --json and --parquet')
  const interactive = given === undefined && process.stdin.isTTY
  if (interactive && flags.parquet !== undefined) throw new UsageError('--parquet needs a query')
  const query = given ?? (interactive ? undefined : fs.readFileSync(0, 'utf8'))
  if (query?.trim() === '') throw new UsageError('the query is empty')
  const { since, until, durable } = flags
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const journal = await unpacked(directory, { since, until, signal: stop.signal })
  if (journal === undefined) return Exit.INTERRUPTED
  const session = await SqlSession.open(journal.path, { since, until, durable }).catch((error: unknown) => {
    journal.remove()
    throw error
  })
  stop.signal.addEventListener('abort', () => session.interrupt())
  const format: ResultFormat = flags.csv === true ? 'csv' : flags.json === true ? 'json' : 'table'
  try {
    if (stop.signal.aborted) return Exit.INTERRUPTED
    if (query === undefined) {
      // The terminal has its own Ctrl-C, and a signal from elsewhere ends the command.
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      await runConsole(session, format)
      return Exit.OK
    }
    await runQuery(session, query, format, flags.parquet)
    return session.interrupted ? Exit.INTERRUPTED : Exit.OK
  } catch (error) {
    if (session.interrupted) return Exit.INTERRUPTED
    throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await session.close()
    journal.remove()
  }
}

async function runQuery(
  session: SqlSession,
  query: string,
  format: ResultFormat,
  parquet: string | undefined,
): Promise<void> {
  const progress = new Progress('scanning')
  const timer = setInterval(() => progress.update(Math.round(session.attachment.progress * 1000), 1000), 100)
  const out = new Output()
  try {
    if (parquet === undefined) {
      // On a terminal the rows would be drawn over the line.
      if (process.stdout.isTTY) clearInterval(timer)
      await printResult(session.query(query), format, out)
    } else {
      await writeParquet(session, query, absolute(parquet))
      out.line(`wrote ${printable(parquet)}`)
    }
  } finally {
    clearInterval(timer)
    progress.end()
  }
  await out.flush()
}

/** The file appears complete, or not at all. */
async function writeParquet(session: SqlSession, query: string, file: string): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  const select = query.trim().replace(/;\s*$/, '')
  try {
    await session.run(`COPY (${select}\n) TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION zstd)`)
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}
