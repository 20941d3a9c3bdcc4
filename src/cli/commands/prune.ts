import * as fs from 'node:fs'
import type { Command } from 'commander'
import { now } from '../../base/clock.js'
import { formatAge } from '../../base/format-duration.js'
import { listDirectory } from '../../journal/files/directory.js'
import type { Blocker } from '../../journal/retain/plan.js'
import { type PruneReport, prune } from '../../journal/retain/prune.js'
import { HomeError } from '../../trading/errors.js'
import { homeOf } from '../../trading/sequence/home.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { table } from '../output/table.js'
import { formatBytes, formatTime, grouped, parseAge, parseBytes, wholeNumber } from '../output/units.js'

interface PruneFlags {
  readonly bytes?: number
  readonly age?: number
  readonly pages?: number
  readonly dryRun?: boolean
  readonly forget: string[]
  /** True without a name: all. */
  readonly ignoreReaders?: true | string[]
  readonly json?: boolean
}

export function registerPrune(program: Command): void {
  program
    .command('prune')
    .description("remove a journal's oldest pages, also while it is written and read")
    .argument('<dir>', "the journal's directory")
    .option('--bytes <size>', 'keep at most this many bytes: 500M, 20G', parseBytes)
    .option('--age <age>', 'keep pages whose last frame is younger: 90s, 15m, 12h, 30d', parseAge)
    .option('--pages <number>', 'keep at most this many pages', wholeNumber(1))
    .option('-n, --dry-run', 'print what would be removed, remove nothing')
    .option(
      '--forget <name>',
      'forget this closed reader and its position (repeatable)',
      (name: string, names: string[]) => [...names, name],
      [],
    )
    .option('--ignore-readers [name...]', 'keep nothing for these readers, or for any; they will get PositionGoneError')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, flags: PruneFlags) => {
      process.exitCode = await runPrune(directory, flags)
    })
}

const HELP = `
A page is removed when any limit says so, if it is sealed and no named reader, open or not, still needs it. The page being written, the
page prepared after it, and the last page with a frame are kept. Exit code 2 when something could not be removed.
Journals of a home are refused: its gateway retires their pages. There, --forget NAME alone forgets a reader.

Examples:
  $ ticktape prune orders --age 30d --dry-run           what would be removed, and which readers prevent more
  $ ticktape prune orders --bytes 20G
  $ ticktape prune orders --bytes 20G --forget old-strategy`

async function runPrune(directory: string, flags: PruneFlags): Promise<number> {
  const { bytes, age, pages, dryRun, forget, ignoreReaders } = flags
  listDirectory(directory) // A missing journal is the first error to report.
  const home = homeOf(fs.realpathSync(directory))
  const hasLimit = bytes !== undefined || age !== undefined || pages !== undefined
  if (home !== undefined && (hasLimit || forget.length === 0))
    throw new HomeError(
      `${directory} is a journal of the home ${home}: which of its pages may go, only the home's own rules say (option 'retain' of its gateway). Nothing was removed. With --forget NAME alone a reader is forgotten that will never be opened again`,
      { path: directory },
    )
  if (!hasLimit && home === undefined) {
    throw new UsageError('prune takes at least one limit: --bytes 20G, --age 30d or --pages 5')
  }
  const report = await prune(directory, {
    bytes,
    age,
    // In a home nothing is removed: its gateway does that.
    pages: home === undefined ? pages : Number.MAX_SAFE_INTEGER,
    dryRun,
    forget,
    readers: ignoreReaders !== true,
    ignoreReaders: Array.isArray(ignoreReaders) ? ignoreReaders : undefined,
  })
  const out = new Output()
  if (flags.json === true) out.json(report)
  else describe(out, report)
  await out.flush()
  return Exit.OK
}

function describe(out: Output, report: PruneReport): void {
  const { removed, dryRun } = report
  const last = removed.at(-1)
  if (last === undefined) {
    out.line(`${printable(report.path)}: nothing ${dryRun ? 'would be' : 'was'} removed`)
  } else {
    const until = last.lastTime === undefined ? '' : `, up to ${formatTime(last.lastTime)}`
    out.line(
      `${printable(report.path)}: ${dryRun ? 'would remove' : 'removed'} pages ${removed[0].page} to ${last.page} (${formatBytes(report.removedBytes)})${until}`,
    )
  }
  for (const name of report.forgotten) out.line(`  ${dryRun ? 'would forget' : 'forgot'} reader ${printable(name)}`)
  out.line(
    `  ${dryRun ? 'would keep' : 'kept'} ${grouped(report.keptPages)} pages (${formatBytes(report.keptBytes)}), from position ${report.firstPosition} on`,
  )
  if (report.blockers.length === 0) return
  out.line('  kept for readers, beyond the limits:')
  for (const line of table(
    [['reader', 'state', 'pid', 'position', 'heartbeat', 'holds', ''], ...report.blockers.map(blockerRow)],
    'llrrrrr',
  ))
    out.line(`    ${line}`)
  const closed = report.blockers.find(reader => !reader.alive)
  if (closed !== undefined)
    out.line(
      `  if a reader will never be opened again: ticktape prune ${printable(report.path)} ... --forget ${printable(closed.name)}`,
    )
}

function blockerRow(reader: Blocker): string[] {
  const age = Number(now() - reader.heartbeat) / 1e6
  return [
    printable(reader.name),
    reader.alive ? 'open' : 'closed',
    String(reader.pid),
    String(reader.position),
    `${formatAge(Math.max(0, age))} ago`,
    `${grouped(reader.pages)} pages`,
    formatBytes(reader.bytes),
  ]
}
