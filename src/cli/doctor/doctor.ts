import type { Command } from 'commander'
import { native } from '../../native/index.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { journalFindings } from './journal.js'
import { limitChecks } from './limits.js'
import { type DoctorFinding, type Machine, ok, skipped, thisMachine, warn } from './machine.js'
import { memoryChecks } from './memory.js'
import { processorChecks } from './processor.js'

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at what the machine, and a directory, mean for journals, and say what to type')
    .argument('[dir]', 'a journal, or a directory to make one in')
    .option('--json', 'one JSON object, {"findings":[...]}')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string | undefined, options: { json?: boolean }) => {
      process.exitCode = await doctor(directory, options)
    })
}

const HELP = `
Exit codes: 0 nothing is bad, 1 something is, 2 could not look. Warnings cost latency or will one day be trouble.

Examples:
  $ ticktape doctor
  $ ticktape doctor /dev/shm/desk/market
  $ ticktape doctor --json | jq '.findings[] | select(.status != "ok")'`

/** All checks of the machine, and of a directory if one is given. Checks that exist only on Linux are skipped elsewhere. */
export function examine(machine: Machine, directory?: string): DoctorFinding[] {
  const checks = [...memoryChecks, ...processorChecks, ...limitChecks]
  const findings =
    machine.platform === 'linux'
      ? checks.map(check => check(machine))
      : [
          skipped(
            '/dev/shm, overcommit, limits, clock, governor, kernel',
            `looked at on Linux only, not on ${machine.platform}`,
          ),
        ]
  return [...findings, addon(), ...(directory === undefined ? [] : journalFindings(machine, directory))]
}

function addon(): DoctorFinding {
  const noCounter = native.whyNoCounter()
  const time = noCounter === null ? "the processor's counter" : `the system (${noCounter})`
  const found = `${native.platform}, waiting by ${native.futex ? 'futex' : 'looking'}, checksums by ${native.hardwareCrc ? 'the processor' : 'table'}, timestamps by ${time}`
  if (!native.futex)
    return warn(
      'addon',
      found,
      'a reader that sleeps looks every few ms instead of being woken',
      "reader.run(handlers, { wait: 'spin' })    # where latency matters",
    )
  if (!native.hardwareCrc)
    return warn(
      'addon',
      found,
      'checksums of durable journals cost the syncing thread far more',
      'lscpu | grep -e sse4_2 -e crc32',
    )
  return ok('addon', found)
}

async function doctor(directory: string | undefined, options: { readonly json?: boolean }): Promise<number> {
  const findings = examine(thisMachine(), directory)
  const out = new Output()
  if (options.json === true) out.json({ findings })
  else describe(out, findings)
  await out.flush()
  return findings.some(({ status }) => status === 'bad') ? Exit.DAMAGED : Exit.OK
}

const MARKS = {
  ok: ['green', 'ok  '],
  warn: ['yellow', 'warn'],
  bad: ['red', 'bad '],
  skipped: [undefined, '-   '],
} as const

function describe(out: Output, findings: readonly DoctorFinding[]): void {
  const width = Math.max(...findings.map(({ check }) => (check.length < 30 ? check.length : 0)))
  for (const { check, status, found, means, type } of findings) {
    const [colour, mark] = MARKS[status]
    out.line(`${colour === undefined ? mark : paint(colour, mark)}  ${check.padEnd(width)}  ${printable(found)}`)
    if (means !== '' && status !== 'ok') out.line(`      ${' '.repeat(width)}  ${printable(means)}`)
    if (type !== '') out.line(`      ${' '.repeat(width)}  $ ${printable(type)}`)
  }
}
