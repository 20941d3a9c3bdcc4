import type { Command } from 'commander'
import { PagesGoneError, VenueMissingError } from '../../trading/errors.js'
import type { Speed } from '../../trading/market/pace.js'
import { type GatewayReplayResult, replayGateway } from '../../trading/replay/gateway.js'
import { type ReplayResult, replayStrategy } from '../../trading/replay/strategy.js'
import { HomeDirectory, isHome } from '../../trading/sequence/home.js'
import { allLives } from '../../trading/snapshots/lives.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { grouped } from '../output/units.js'
import { replayJournal } from './replay-journal.js'
import { GAP_HELP, parseGap, parseSpeed } from './session-options.js'

interface ReplayOptions {
  readonly strategy?: string
  readonly speed?: Speed
  readonly maxGap?: number
  readonly print?: boolean
  readonly json?: boolean
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('replay a home from its journals and compare; or read one journal again at any speed')
    .argument('<dir>', "a home, or a journal's directory")
    .argument('[file]', "with --strategy: the strategy's module; default: the one of its last run")
    .option('--strategy <id>', 'replay only this strategy; default: the gateway and every strategy')
    .option('--speed <speed>', "of a journal: 'max', 'realtime' or a multiple of it: 10x; default: max", parseSpeed)
    .option('--max-gap <time>', `of a journal: ${GAP_HELP}`, parseGap)
    .option('--print', 'of a journal: print the frames (default with a --speed other than max)')
    .option('--json', 'one JSON object; with --print one a line')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, file: string | undefined, options: ReplayOptions) => {
      process.exitCode = await replay(directory, file, options)
    })
}

const HELP = `
Of a home every run of a strategy is replayed: a new instance gets the frames that the recorded one got, and all that it sends must be
what is recorded, at the same frame, with the same values. Decisions that used a clock, or random numbers other than context.random(), will
differ. The gateway is replayed from its sequence: its intents, reports, fills and timers must be the recorded ones. A simulated exchange is
built again and answers again; what other venues said is taken from the sequence.
Of a journal the frames are read and counted by kind, or printed at the speed they were written at.

Exit codes: 0 the same, or all read; 1 different; 2 could not, or cannot compare; 130 ended by Ctrl-C.

Examples:
  $ ticktape replay /dev/shm/desk                                         the gateway and every strategy
  $ ticktape replay /dev/shm/desk --strategy momentum --json
  $ ticktape replay /dev/shm/desk --strategy momentum momentum-new.mjs    would this version send the same orders?
  $ ticktape replay /dev/shm/desk/gateway                                 count its frames
  $ ticktape replay /dev/shm/desk/gateway --speed 10x                     watch it again`

async function replay(directory: string, file: string | undefined, options: ReplayOptions): Promise<number> {
  const leave = new AbortController()
  const interrupt = (): void => leave.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    if (options.strategy !== undefined || isHome(directory)) {
      if (options.speed !== undefined || options.maxGap !== undefined || options.print === true)
        throw new UsageError('--speed, --max-gap and --print are for journals; a home is replayed at full speed')
      if (file !== undefined && options.strategy === undefined)
        throw new UsageError('a module is replayed with --strategy ID, which says whose input it gets')
      return await replaySession(directory, file, options, leave.signal)
    }
    if (file !== undefined)
      throw new UsageError(`${directory} is not a home, so there is no strategy to replay ${file} as`)
    await replayJournal(directory, options, leave.signal)
  } catch (error) {
    if (!leave.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return leave.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

async function replaySession(
  home: string,
  file: string | undefined,
  options: ReplayOptions,
  signal: AbortSignal,
): Promise<number> {
  const ids =
    options.strategy === undefined
      ? [...allLives(HomeDirectory.openExisting(home)).strategies.keys()]
      : [options.strategy]
  const gateway = options.strategy === undefined ? await gatewayResult(home, signal) : undefined
  const results: (ReplayResult | Incomparable)[] = []
  for (const strategy of ids) {
    const progress = new Progress(`replay ${strategy}`)
    try {
      results.push(await replayStrategy({ home, strategy, file, signal, onProgress: part => progress.update(part, 1) }))
    } catch (error) {
      // The others can be compared all the same.
      if (!(error instanceof PagesGoneError) || options.strategy !== undefined) throw error
      results.push({ strategy, cannotCompare: { code: error.code, message: error.message } })
    } finally {
      progress.end()
    }
  }
  const missing = isReason(gateway)
  const incomparable = missing || results.some(result => 'cannotCompare' in result)
  const different =
    (gateway !== undefined && !missing && gateway.difference !== undefined) ||
    results.some(result => 'difference' in result && result.difference !== undefined)
  const same = !different && !incomparable
  const out = new Output()
  if (options.json === true)
    out.json(
      gateway === undefined
        ? { same, ...results[0] }
        : {
            same,
            gateway: missing ? { cannotCompare: { code: gateway.code, message: gateway.message } } : gateway,
            strategies: results,
          },
    )
  else
    for (const line of [...(gateway === undefined ? [] : gatewayLines(gateway)), ...results.flatMap(strategyLines)])
      out.line(line)
  await out.flush()
  return different ? Exit.DAMAGED : incomparable ? Exit.FAILED : Exit.OK
}

/** Why something cannot be replayed. */
type CannotCompare = VenueMissingError | PagesGoneError

function isReason(result: unknown): result is CannotCompare {
  return result instanceof VenueMissingError || result instanceof PagesGoneError
}

/** A strategy that cannot be replayed, and why. */
interface Incomparable {
  readonly strategy: string
  readonly cannotCompare: { readonly code: string; readonly message: string }
}

/** The result of a replay of the gateway, or the reason why it cannot be replayed. */
async function gatewayResult(home: string, signal: AbortSignal): Promise<GatewayReplayResult | CannotCompare> {
  try {
    return await replayGateway({ home, signal })
  } catch (error) {
    if (isReason(error)) return error
    throw error
  }
}

function gatewayLines(result: GatewayReplayResult | CannotCompare): string[] {
  if (isReason(result)) return [`gateway: ${paint('yellow', 'cannot compare')}: ${printable(result.message)}`]
  const { from, events, outcomes, snapshots, difference } = result
  const checked = snapshots === 0 ? '' : `, ${grouped(snapshots)} ${snapshots === 1 ? 'snapshot' : 'snapshots'} checked`
  const since = from === 0 ? '' : `, from position ${from} on: earlier pages were retired`
  const done = `${grouped(events)} market events, ${grouped(outcomes)} outcomes as recorded${checked}${since}`
  if (difference === undefined) return [`gateway: ${paint('green', 'the same')}: ${done}`]
  return [
    `gateway: ${paint('red', 'different')} after ${done}`,
    printable(`  recorded, at ${difference.position}: ${difference.found}`),
    printable(`  replayed: ${difference.expected ?? 'nothing'}`),
  ]
}

function strategyLines(result: ReplayResult | Incomparable): string[] {
  if ('cannotCompare' in result)
    return [`${result.strategy}: ${paint('yellow', 'cannot compare')}: ${printable(result.cannotCompare.message)}`]
  const { strategy, runs, firstRun, frames, orders, difference } = result
  const since = firstRun === undefined ? '' : `, from run ${firstRun} on: earlier pages were retired`
  const done = `${grouped(frames)} frames in ${runs} ${runs === 1 ? 'run' : 'runs'}, ${grouped(orders)} orders and cancels as recorded${since}`
  if (difference === undefined) return [`${strategy}: ${paint('green', 'the same')}: ${done}`]
  const { what, input, position, recorded, replayed } = difference
  const where = input === undefined ? '' : ` (frame at ${input} of the sequence)`
  return [
    `${strategy}: ${paint('red', 'different')} after ${done}`,
    printable(`  it ${what}${where}`),
    ...valueLines(recorded, replayed, position),
  ]
}

function valueLines(
  recorded: object | undefined,
  replayed: object | undefined,
  position: number | undefined,
): string[] {
  const lines: string[] = []
  if (recorded !== undefined) lines.push(printable(`  recorded, at ${position}: ${toJson(recorded)}`))
  if (replayed !== undefined) lines.push(printable(`  replayed: ${toJson(replayed)}`))
  return lines
}
