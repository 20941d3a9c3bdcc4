import * as fs from 'node:fs'
import type { Command } from 'commander'
import { archiveJournal, restoreArchive } from '../../data/archive/archive.js'
import { HomeError } from '../../trading/errors.js'
import { homeOf } from '../../trading/sequence/home.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { formatBytes, grouped } from '../output/units.js'

interface ArchiveFlags {
  readonly to: string
  readonly prune?: boolean
  readonly json?: boolean
}

/** `ticktape archive` and `ticktape restore`. */
export function registerArchive(program: Command): void {
  program
    .command('archive')
    .description("pack a journal's sealed pages into small files, from which the same pages can be restored")
    .argument('<dir>', "the journal's directory")
    .requiredOption('--to <dir>', 'the directory of the archive')
    .option('--prune', 'then remove the archived pages from the journal, but for those that named readers need')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(ARCHIVE_HELP))
    .action(async (directory: string, flags: ArchiveFlags) => {
      process.exitCode = await runArchive(directory, flags)
    })
  program
    .command('restore')
    .description('unpack an archive into a journal')
    .argument('<archive>', 'the directory of the archive')
    .requiredOption('--to <dir>', 'the directory of the journal, which must not exist yet')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(RESTORE_HELP))
    .action(async (archive: string, flags: ArchiveFlags) => {
      process.exitCode = await runRestore(archive, flags)
    })
}

const ARCHIVE_HELP = `
Works while the journal is written and read. Each page is unpacked again and compared, byte for byte, before it counts and before --prune
removes anything. The same command later adds the pages that are new. The page being written is only packed when no writer has the journal open.
Journals of a home are archived too, but never pruned here: which of their pages may go, only the home says.

Exit codes: 0 done, 2 a page cannot be archived, 130 ended by Ctrl-C.

Examples:
  $ ticktape archive quotes --to /archive/quotes
  $ ticktape archive quotes --to /archive/quotes --prune
  $ ticktape restore /archive/quotes --to quotes-again`

const RESTORE_HELP = `
The journal has the pages that were archived, byte for byte: positions, times, causes and checksums are the same. Its directory appears complete,
or not at all. Names of readers and their positions are not archived.

Exit codes: 0 done, 2 the archive is damaged or the directory exists, 130 ended by Ctrl-C.

Examples:
  $ ticktape restore /archive/quotes --to quotes-again && ticktape verify quotes-again`

async function runArchive(directory: string, flags: ArchiveFlags): Promise<number> {
  const home = flags.prune === true && fs.existsSync(directory) ? homeOf(fs.realpathSync(directory)) : undefined
  if (home !== undefined)
    throw new HomeError(
      `${directory} is a journal of the home ${home}: which of its pages may go, only the home's own rules say (option 'retain' of its gateway). Leave out --prune`,
      { path: directory },
    )
  return await interruptible(async signal => {
    const progress = new Progress(`archive ${directory}`)
    const report = await archiveJournal(directory, flags.to, {
      prune: flags.prune === true,
      signal,
      onProgress: (done, total) => progress.update(done, total),
    }).finally(() => progress.end())
    const { path, added, pages, bytes, packed, pruned } = report
    const factor = packed === 0 ? '' : `, ${(bytes / packed).toFixed(1)} times smaller`
    return flags.json === true
      ? report
      : `${printable(path)}: ${grouped(added)} pages added, ${grouped(pages)} in all: ${formatBytes(bytes)} in ${formatBytes(packed)}${factor}${pruned === 0 ? '' : `; ${grouped(pruned)} pages removed from the journal`}`
  })
}

async function runRestore(archive: string, flags: ArchiveFlags): Promise<number> {
  return await interruptible(async signal => {
    const progress = new Progress(`restore ${archive}`)
    const pages = await restoreArchive(archive, flags.to, {
      signal,
      onProgress: (done, total) => progress.update(done, total),
    }).finally(() => progress.end())
    return flags.json === true ? { path: flags.to, pages } : `${printable(flags.to)}: ${grouped(pages)} pages`
  })
}

/** Runs until Ctrl-C and prints the result: a line, or an object as JSON. */
async function interruptible(action: (signal: AbortSignal) => Promise<object | string>): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const result = await action(stop.signal)
    const out = new Output()
    if (typeof result === 'string') out.line(result)
    else out.json(result)
    await out.flush()
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return stop.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}
