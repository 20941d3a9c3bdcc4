import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { nearestName } from '../../base/nearest.js'
import type { HeartbeatInfo } from '../../state/heartbeats/cell.js'
import { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import { GatewayDownError } from '../../trading/operator/errors.js'
import { command, hasGateway } from '../../trading/operator/send-command.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import type { CommandAction } from '../../trading/sequence/supervision-frames.js'
import { isStrategyId } from '../../trading/strategies/strategy.js'
import { printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { table } from '../output/table.js'
import { grouped } from '../output/units.js'
import { type CommandFlags, EXIT_CODES, printOutcome, problemText } from './command-output.js'

/** `ticktape strategy ...`: the strategies of a running gateway. */
export function registerStrategy(program: Command): void {
  const strategy = program
    .command('strategy')
    .description('add, replace, pause, resume, remove or list the strategies of a running gateway')
    .addHelpText('after', wrapped(HELP))
  for (const [name, action, description, done] of WITH_FILE)
    strategy
      .command(name)
      .description(description)
      .argument('<home>', HOME_HELP)
      .argument('<id>', "the strategy's id, as its module has it")
      .argument('<file>', 'its module')
      .option('--reason <text>', 'why: it is on record')
      .option('--json', 'one JSON object')
      .addHelpText('after', wrapped(HELP))
      .action(async (home: string, id: string, file: string, flags: CommandFlags) => {
        if (!existsSync(file)) throw new UsageError(`there is no file ${file}`)
        await change(home, action, id, resolve(file), flags, done)
      })
  for (const [name, action, description, done] of BY_ID)
    strategy
      .command(name)
      .description(description)
      .argument('<home>', HOME_HELP)
      .argument('<id>', "the strategy's id")
      .option('--reason <text>', 'why: it is on record')
      .option('--json', 'one JSON object')
      .addHelpText('after', wrapped(HELP))
      .action(async (home: string, id: string, flags: CommandFlags) => change(home, action, id, '', flags, done))
  strategy
    .command('list')
    .description('the strategies of a running gateway, and how far they have come')
    .argument('<home>', HOME_HELP)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', wrapped(HELP))
    .action(list)
}

const HOME_HELP = 'the home of the gateway'

const WITH_FILE = [
  ['add', 'add-strategy', 'add a strategy of a module', 'runs'],
  ['replace', 'replace-strategy', 'stop a strategy, and start that of a module in its place', 'was replaced'],
] as const

const BY_ID = [
  ['remove', 'remove-strategy', 'stop a strategy in order, and remove it; its journal stays', 'was removed'],
  ['pause', 'pause-strategy', 'deny all new orders of a strategy (strategy-paused); cancels pass', 'is paused'],
  ['resume', 'resume-strategy', 'end a pause', 'may send orders again'],
] as const

const HELP = `
The others are not disturbed and miss nothing. A strategy that is added belongs to the gateway until it ends: its next start has the strategies
that are named then. 'add' gives it a process of its own; one inside the gateway's process is not replaced. Open orders of one that is removed
or has failed are cancelled when it has been gone for 30 s (the dead-man switch, option deadManMs).
${EXIT_CODES}

Examples:
  $ ticktape strategy list /dev/shm/desk
  $ ticktape strategy add /dev/shm/desk momentum momentum.js --reason 'first day'
  $ ticktape strategy replace /dev/shm/desk momentum momentum-2.js
  $ ticktape strategy pause /dev/shm/desk momentum --reason 'strange fills'
  $ ticktape strategy resume /dev/shm/desk momentum
  $ ticktape strategy remove /dev/shm/desk momentum`

async function change(
  home: string,
  action: CommandAction,
  id: string,
  detail: string,
  { reason, json }: CommandFlags,
  done: string,
): Promise<void> {
  const isSound: boolean = isStrategyId(id)
  if (!isSound) throw new UsageError(`'${id}' is not a strategy's id`)
  if (action !== 'add-strategy') checkKnown(home, id)
  const outcome = await command(home, { action, strategy: id, detail, reason }, problemText)
  const text = outcome.text === '' ? '' : `; ${outcome.text}`
  await printOutcome(outcome, json, `${id} ${done}${text}`)
}

/** Before anything is commanded: a name that is misspelt. */
function checkKnown(home: string, id: string): void {
  const ids = strategiesOf(home).map(({ name }) => name)
  if (ids.includes(id)) return
  const near = nearestName(id, ids)
  const hint = near === undefined ? `there are: ${ids.join(', ') || 'none'}` : `did you mean '${near}'?`
  throw new UsageError(`no strategy '${id}' runs on ${home}; ${hint}`)
}

/** The cells of strategies. @throws {HomeError}, {GatewayDownError} */
function strategiesOf(home: string): HeartbeatInfo[] {
  const directory = HomeDirectory.openExisting(home)
  if (!hasGateway(directory))
    throw new GatewayDownError(
      `no gateway runs on ${directory.path}; nothing was done, and nothing will be done later`,
      {
        path: directory.path,
      },
    )
  const heartbeats = Heartbeats.find(directory.heartbeats)
  try {
    // Those of venues have a '/' in their names.
    return heartbeats?.list().filter(({ name }) => isStrategyId(name)) ?? []
  } finally {
    heartbeats?.close()
  }
}

async function list(home: string, { json }: CommandFlags): Promise<void> {
  const strategies = strategiesOf(home)
  const out = new Output()
  if (json === true) for (const { cell: _, time, ...rest } of strategies) out.json({ ...rest, time })
  else if (strategies.length === 0) out.line('no strategy runs')
  else for (const line of table([HEADING, ...strategies.map(rowOf)], 'llrrrrrr')) out.line(line)
  await out.flush()
}

const HEADING = ['strategy', 'phase', 'pid', 'epoch', 'restarts', 'handled', 'sent', 'lag']

function rowOf({ name, phase, pid, epoch, restarts, handled, sent, lag }: HeartbeatInfo): string[] {
  return [printable(name), phase, pid === 0 ? '' : String(pid), ...[epoch, restarts, handled, sent, lag].map(grouped)]
}
