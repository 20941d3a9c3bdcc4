import type { Command } from 'commander'
import { command } from '../../trading/operator/send-command.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { wrapped } from '../output/help.js'
import { type CommandFlags, counted, EXIT_CODES, printOutcome, problemText } from './command-output.js'
import { parseOrderId } from './order-id.js'

interface CancelFlags extends CommandFlags {
  readonly strategy?: string
}

/** `ticktape cancel-all` and `ticktape cancel`. */
export function registerCancel(program: Command): void {
  program
    .command('cancel-all')
    .description('ask for the cancel of all open orders of a home, or of one strategy')
    .argument('<home>', 'the home of the gateway')
    .option('--strategy <id>', 'only the orders of this strategy')
    .option('--reason <text>', 'why: it is on record')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(CANCEL_ALL_HELP))
    .action(cancelAll)
  program
    .command('cancel')
    .description('ask for the cancel of one order')
    .argument('<home>', 'the home of the gateway')
    .argument('<order>', "the order's id, or its client order id at the venue")
    .option('--reason <text>', 'why: it is on record')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(CANCEL_HELP))
    .action(cancelOne)
}

const CANCEL_ALL_HELP = `
The reports of these orders have the reason 'operator'. Strategies may send new ones; see 'ticktape halt' and 'ticktape strategy pause'.
${EXIT_CODES}

Examples:
  $ ticktape cancel-all /dev/shm/desk
  $ ticktape cancel-all /dev/shm/desk --strategy momentum --reason 'strange quotes'`

const CANCEL_HELP = `
'ticktape orders HOME' lists the ids of open orders. The order's report has the reason 'operator'. It is 'cancelled' when the venue says so: until then
it can be filled. Exit code 1 also for an order that has ended, 2 for one that the gateway does not know.
${EXIT_CODES}

Examples:
  $ ticktape orders /dev/shm/desk
  $ ticktape cancel /dev/shm/desk 4503603922337793 --reason 'wrong price'`

async function cancelAll(home: string, { strategy, reason, json }: CancelFlags): Promise<void> {
  const outcome = await command(home, { action: 'cancel-all', strategy, reason }, found =>
    found.problem === 'no-such-strategy' ? `the home never had a strategy '${strategy}'` : problemText(found),
  )
  await printOutcome(outcome, json, `${counted(outcome.cancels, 'cancel')} sent`)
}

async function cancelOne(path: string, order: string, { reason, json }: CommandFlags): Promise<void> {
  const detail = String(parseOrderId(HomeDirectory.openExisting(path), order))
  const outcome = await command(path, { action: 'cancel-order', detail, reason }, found => {
    if (found.problem === 'no-such-order')
      return `the gateway knows no order ${detail}; orders that ended long ago are forgotten`
    return found.problem === 'order-ended'
      ? `order ${detail} has ended: 'ticktape why ${path} ${detail}' shows how`
      : problemText(found)
  })
  await printOutcome(outcome, json, 'cancel sent')
}
