import type { Command } from 'commander'
import { type RepairReport, repair } from '../../journal/repair/repair.js'
import { Exit, printable, printError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { formatBytes, grouped } from '../output/units.js'
import { findingText } from './verify.js'

interface RepairFlags {
  readonly to?: string
  readonly salvage?: boolean
  readonly json?: boolean
}

export function registerRepair(program: Command): void {
  program
    .command('repair')
    .description('copy the frames that can be saved of a damaged journal; the original is not changed')
    .argument('<dir>', "the journal's directory")
    .option('--to <dir>', 'the directory of the copy, which must not exist yet (default: DIR.repaired)')
    .option('--salvage', 'also keep complete good pages after damage, in TO-2, TO-3 ...')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, flags: RepairFlags) => {
      process.exitCode = await runRepair(directory, flags)
    })
}

const HELP = `
Exit codes: 0 the copy has everything, 1 something is lost, 2 no copy could be made.

The copy ends at the first frame that is not good, because a journal has no gaps. With --salvage, each run of good pages after that becomes
a separate journal. Salvage keeps complete pages only: frames after the damage in the same page are lost in any case. Frames keep their
positions and times; named readers keep their positions. Headers, cursors, marks, seals, control, schema.json and instruments.json are
created again where they are damaged. The journal must not be open for writing; every copy is verified.

Examples:
  $ ticktape repair orders                                to orders.repaired
  $ ticktape repair orders --to /mnt/orders --salvage
  $ mv orders orders.damaged && mv orders.repaired orders`

async function runRepair(directory: string, flags: RepairFlags): Promise<number> {
  const progress = new Progress(`repair ${directory}`)
  let report: RepairReport
  try {
    report = await repair(directory, {
      to: flags.to,
      salvage: flags.salvage,
      onProgress: (done, steps) => progress.update(done, steps),
    })
  } catch (error) {
    progress.end()
    printError(error, flags.json === true)
    return Exit.FAILED // Not DAMAGED: no copy was made, so nothing is known to be lost.
  }
  progress.end()
  const out = new Output()
  if (flags.json === true) out.json(report)
  else describe(out, report)
  await out.flush()
  return report.complete ? Exit.OK : Exit.DAMAGED
}

function describe(out: Output, report: RepairReport): void {
  for (const finding of report.mended) out.line(`${paint('green', 'mended')}  ${findingText(finding)}`)
  for (const finding of report.lost) out.line(`${paint('red', 'lost')}    ${findingText(finding)}`)
  if (report.schema !== 'kept') out.line(`${paint('yellow', 'schema')}  ${SCHEMA_TEXT[report.schema]}`)
  if (report.lostTypes.length > 0)
    out.line(
      `${paint('yellow', 'schema')}  frames of type ${report.lostTypes.join(', ')} are kept, without their definition; a writer that has it adds it`,
    )
  if (report.instruments === 'rebuilt' || report.instruments === 'lost')
    out.line(`${paint('yellow', 'instruments')}  ${INSTRUMENTS_TEXT[report.instruments]}`)
  for (const reader of report.readers) out.line(`reader  ${printable(reader.name)} continues at ${reader.position}`)
  for (const copy of report.copies) {
    out.line(
      `${printable(copy.path)}: ${grouped(copy.frames)} frames in ${grouped(copy.pages)} pages, positions ${copy.firstPosition} to ${copy.endPosition}: ${paint('green', 'sound')}`,
    )
  }
  if (report.complete) out.line('nothing was lost')
  else if (report.lostSlots > 0)
    out.line(`lost: ${grouped(report.lostSlots)} slots (${formatBytes(report.lostSlots * 64)})`)
}

const INSTRUMENTS_TEXT = {
  rebuilt: 'instruments.json was damaged; its readable entries are kept',
  lost: 'instruments.json is lost; frames keep the numbers of their instruments',
} as const

const SCHEMA_TEXT = {
  doubtful: 'schema.json can be read, but pages were written with other definitions: compare it with the programs',
  rebuilt: 'schema.json was damaged; its readable definitions are kept',
  lost: 'schema.json is lost; frames are kept',
} as const
