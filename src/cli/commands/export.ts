import type { Command } from 'commander'
import { Exporter } from '../../data/export/export.js'
import type { ExportFormat, ExportLayout } from '../../data/export/select.js'
import { nap } from '../../wait/nap.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { grouped, parseAge, parseList } from '../output/units.js'
import { unpacked } from '../output/unpacked.js'

interface Flags {
  readonly parquet?: string
  readonly csv?: string
  readonly jsonl?: string
  readonly arrow?: string
  readonly by?: readonly string[]
  readonly decimal?: Readonly<Record<string, number>>
  readonly durable?: boolean
  readonly follow?: boolean
  readonly every: number
  readonly json?: boolean
}

/** ms. */
const DEFAULT_EVERY = 60_000

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('write the frames of a journal, a home or a directory of journals into files, by frame')
    .argument('<dir>', 'the directory of a journal, a home or an archive, or one with journals in it')
    .option('--parquet <out>', 'Parquet files into this directory')
    .option('--csv <out>', 'CSV files into this directory')
    .option('--jsonl <out>', 'files with a JSON object for each frame into this directory')
    .option('--arrow <out>', 'files of Apache Arrow (IPC, also known as Feather 2) into this directory')
    .option('--by <columns>', 'make folders of these: day (UTC), symbol, or any column', parseList)
    .option('--decimal <columns>', 'columns of f64 that become exact decimals: price=2,quantity=3', parseDecimals)
    .option('--durable', 'only frames that survive power loss')
    .option('-f, --follow', 'continue with frames as they are written, until Ctrl-C')
    .option(
      '--every <time>',
      'with --follow: write a file at least this often: 10s, 15m (default: 60s)',
      parseAge,
      DEFAULT_EVERY,
    )
    .option('--json', 'one JSON object at the end')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, flags: Flags) => {
      process.exitCode = await runExport(directory, flags)
    })
}

const HELP = `
Files are OUT/book_top/part-POSITION.parquet, or in folders such as OUT/book_top/day=2026-01-31/symbol=BTCUSDT. Types stay: 64-bit integers, the
bits of floats, enums as text, times to the ns in UTC. In CSV and JSON bytes are hexadecimal. export.json says how far it is: the same command continues there, also after a
kill, and never writes a frame twice. Names of files and columns are those of 'ticktape sql'. It needs the package @duckdb/node-api; --arrow needs
apache-arrow instead, and has no --by and no --decimal.

Exit codes: 0 done, 2 could not export, 130 stopped by Ctrl-C: what was exported counts.

Examples:
  $ ticktape export quotes --parquet /data/quotes
  $ ticktape export desk --parquet /data/desk --by day,symbol --decimal price=2
  $ ticktape export quotes --csv /data/csv --follow --every 15m
  $ ticktape export quotes --arrow /data/arrow`

async function runExport(directory: string, flags: Flags): Promise<number> {
  const { to, layout } = layoutOf(flags)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const journal = await unpacked(directory, { signal: stop.signal, follow: flags.follow })
  if (journal === undefined) return Exit.INTERRUPTED
  const progress = new Progress('export')
  let exporter: Exporter
  try {
    exporter = Exporter.open(journal.path, to, layout, flags.durable === true)
    do {
      await exporter.run(stop.signal, (done, total) => progress.update(done, total))
      progress.end()
      if (flags.follow === true) await nap(flags.every, stop.signal)
    } while (flags.follow === true && !stop.signal.aborted)
    // What came since the last file.
    if (flags.follow === true) await exporter.run(new AbortController().signal, () => {})
  } finally {
    progress.end()
    journal.remove()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  const out = new Output()
  const { frames, files } = exporter.report
  if (flags.json === true) out.json({ path: to, frames, files, stopped: stop.signal.aborted })
  else out.line(`${grouped(frames)} frames in ${grouped(files)} files of ${printable(to)}`)
  await out.flush()
  return stop.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

function layoutOf({ parquet, csv, jsonl, arrow, by = [], decimal = {} }: Flags): { to: string; layout: ExportLayout } {
  const given = Object.entries({ parquet, csv, jsonl, arrow }).filter(([, to]) => to !== undefined)
  const [first] = given
  if (first === undefined || given.length > 1)
    throw new UsageError('give one of --parquet OUT, --csv OUT, --jsonl OUT and --arrow OUT')
  return { to: first[1] as string, layout: { format: first[0] as ExportFormat, by, decimals: decimal } }
}

function parseDecimals(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    parseList(text).map(part => {
      const match = /^([a-z_0-9]+)=(\d{1,2})$/.exec(part)
      if (match === null || Number(match[2]) > 18)
        throw new UsageError(`'${part}' is no column with decimals; type price=2, with at most 18`)
      return [match[1], Number(match[2])]
    }),
  )
}
