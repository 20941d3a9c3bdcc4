import type { Command } from 'commander'
import type { Finding } from '../../journal/verify/findings.js'
import { type VerifyReport, verify } from '../../journal/verify/verify.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { formatBytes, grouped } from '../output/units.js'

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('check every byte of a journal that can be checked, also while it is written')
    .argument('<dir>', "the journal's directory")
    .option('--deep', 'also decode every text, enum and bool of every frame, and look up every instrument')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: { deep?: boolean; json?: boolean }) => {
      process.exitCode = await runVerify(directory, options)
    })
}

const HELP = `
Exit codes: 0 sound, 1 damaged, 2 could not check, or there are no pages yet.

It checks the control file, instruments.json, schema.json and that every page was written with it, page headers, seals, cursors, marks,
that no page is missing, each frame (length, type, time, and its checksum if it has one), page checksums, and the positions of named readers.
Without checksums ('process', the default in /dev/shm) a changed value cannot be detected.

Examples:
  $ ticktape verify orders && echo sound
  $ ticktape verify orders --json | jq '.findings[] | {page, slot, what}'`

async function runVerify(
  directory: string,
  options: { readonly deep?: boolean; readonly json?: boolean },
): Promise<number> {
  const progress = new Progress(`verify ${directory}`)
  let report: VerifyReport
  try {
    report = await verify(directory, {
      deep: options.deep,
      onProgress: (done, pages) => progress.update(done, pages, `${grouped(done)} of ${grouped(pages)} pages`),
    })
  } finally {
    progress.end()
  }
  const out = new Output()
  if (options.json === true) out.json(report)
  else describe(out, report)
  await out.flush()
  if (!report.sound) return Exit.DAMAGED
  return report.pages > 0 ? Exit.OK : Exit.FAILED
}

function describe(out: Output, report: VerifyReport): void {
  for (const finding of report.findings) out.line(`${paint('red', 'damaged')}  ${findingText(finding)}`)
  if (report.omitted > 0) out.line(`${paint('red', 'damaged')}  ... and ${grouped(report.omitted)} findings more`)
  for (const note of report.notes) out.line(`${paint('yellow', 'note')}     ${findingText(note)}`)
  const checksums = report.checkedFrames === 0 ? 'no checksums' : `${grouped(report.checkedFrames)} with checksum`
  const what = `${grouped(report.frames)} frames (${checksums}) in ${grouped(report.pages)} pages, ${formatBytes(report.bytes)}, positions ${report.firstPosition} to ${report.endPosition}`
  const verdict = report.sound
    ? soundText(report)
    : `${paint('red', 'damaged')}; see what can be saved with: ticktape repair ${printable(report.path)}`
  out.line(`${printable(report.path)}: ${what}${report.writing === true ? ', being written' : ''}: ${verdict}`)
}

/** Without pages nothing is wrong, but nothing was checked either: scripts that continue after 'sound' must not continue then. */
function soundText(report: VerifyReport): string {
  return report.pages > 0 ? paint('green', 'sound') : paint('yellow', 'no pages yet')
}

/** `file, slot 12, position 972: what`. */
export function findingText(finding: Finding): string {
  const { path, slot, position, what } = finding
  const location = [
    path,
    slot === undefined ? '' : `slot ${slot}`,
    position === undefined ? '' : `position ${position}`,
  ]
  return printable(`${location.filter(part => part !== '').join(', ')}: ${what}`)
}
