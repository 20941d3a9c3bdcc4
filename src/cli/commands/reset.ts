import type { Command } from 'commander'
import { type ResetReport, resetHome, resetStrategy } from '../../trading/gateway/reset.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'

interface ResetOptions {
  readonly strategy?: string
  readonly json?: boolean
}

export function registerReset(program: Command): void {
  program
    .command('reset')
    .description('start a home, or one of its strategies, from empty journals; the old ones are kept')
    .argument('<home>', "the home's directory")
    .option('--strategy <id>', 'only this strategy')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (home: string, options: ResetOptions) => {
      process.exitCode = await reset(home, options)
    })
}

const HELP = `
Moves the journals into <home>/old/<n>/, where they can still be read. For a home whose journals do not belong together any more: one was
restored from an older copy, lost or exchanged. Nothing is sent to a venue: orders that are open there stay open. No gateway may run on the
home meanwhile.

Exit codes: 0 done, 2 could not.

Examples:
  $ ticktape reset /dev/shm/desk
  $ ticktape reset /dev/shm/desk --strategy momentum`

async function reset(home: string, { strategy, json }: ResetOptions): Promise<number> {
  const report = strategy === undefined ? resetHome(home) : resetStrategy(home, strategy)
  const out = new Output()
  if (json === true) out.json(report)
  else out.line(textOf(home, strategy, report))
  await out.flush()
  return Exit.OK
}

function textOf(home: string, strategy: string | undefined, { keptIn, moved, generation }: ResetReport): string {
  const what =
    strategy === undefined
      ? `${home} starts from empty journals, generation ${generation}`
      : `${strategy} starts from an empty journal`
  return printable(
    `${what}; ${moved.length === 0 ? 'there was no journal to keep' : `the old journals are in ${keptIn}`}`,
  )
}
