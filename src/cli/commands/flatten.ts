import type { Command } from 'commander'
import { command } from '../../trading/operator/send-command.js'
import { wrapped } from '../output/help.js'
import { type CommandFlags, counted, EXIT_CODES, printOutcome, problemText } from './command-output.js'

/** `ticktape flatten`. */
export function registerFlatten(program: Command): void {
  program
    .command('flatten')
    .description('cancel all orders of a home, then close every position by market orders')
    .argument('<home>', 'the home of the gateway')
    .option('--reason <text>', 'why: it is on record')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(FLATTEN_HELP))
    .action(flatten)
}

const FLATTEN_HELP = `
The orders only reduce, and pass while trading is halted: halt first, so that no strategy opens a position again. An instrument in which
orders are open waits until they are cancelled, a minute at most. What the market cannot fill at once is left. Each order is booked for a strategy that holds the position, which gets
its reports and fills. Positions of two strategies that offset each other in one account are no position there, and stay.
${EXIT_CODES} It is also 1 when an order was denied.

Examples:
  $ ticktape halt /dev/shm/desk too hot && ticktape flatten /dev/shm/desk
  $ ticktape flatten /dev/shm/desk --reason 'end of the week' --json`

async function flatten(home: string, { reason, json }: CommandFlags): Promise<void> {
  const outcome = await command(home, { action: 'flatten', reason }, problemText)
  const { orders, denied, waiting, cancels } = outcome
  const parts = [`${counted(cancels, 'cancel')} and ${counted(orders, 'order')} sent`]
  if (waiting > 0) parts.push(`${counted(waiting, 'instrument')} to close as soon as the cancels are answered`)
  if (denied > 0) parts.push(`${counted(denied, 'order')} denied: ${outcome.reason}`)
  await printOutcome(outcome, json, parts.join('; '))
  if (denied > 0) process.exitCode = 1
}
