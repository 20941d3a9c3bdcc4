import type { Command } from 'commander'
import type { Speed } from '../../trading/market/pace.js'
import { replayOneStrategy, replaySession } from '../../trading/replay/session.js'
import type { ReplayVerdict } from '../../trading/replay/verdict.js'
import { isHome } from '../../trading/sequence/home.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { GAP_HELP, parseGap, parseSpeed } from '../run/feed-options.js'
import { PYTHON_HELP, usePython } from '../run/python.js'
import { replayJournal } from './replay-journal.js'

interface ReplayOptions {
  readonly strategy?: string
  readonly speed?: Speed
  readonly maxGap?: number
  readonly print?: boolean
  readonly json?: boolean
  readonly python?: string
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('replay a home from its journals and compare; or read one journal again at any speed')
    .argument('<dir>', "a home, or a journal's directory")
    .argument('[file]', "with --strategy: the strategy's module; default: the one of its last run")
    .option('--strategy <id>', 'replay only this strategy; default: the gateway and every strategy')
    .option('--python <program>', PYTHON_HELP)
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
Of a home the gateway, each simulated exchange and each strategy get a verdict: 'same' when frames were compared and are the same; 'different' with the first difference;
'cannot compare', and why. Every run of a strategy is replayed: a new instance gets the frames that the recorded one got, and all that it
sends must be what is recorded, at the same frame, with the same values. Decisions that used a clock, or random numbers other than
context.random(), will differ. The gateway is replayed from its sequence: its intents, reports, fills and timers must be the recorded ones. A
simulated exchange is built again and answers again; what other venues said is taken from the sequence. A home that is live is replayed up to
its end now. Modules run in processes of their own, and change no file that others see.
Of a journal the frames are read and counted by kind, or printed at the speed they were written at.

Exit codes: 0 all are the same, or all read; 1 any is different; 2 any cannot be compared, or it could not run; 130 ended by Ctrl-C.

Examples:
  $ ticktape replay /dev/shm/desk                                         the gateway and every strategy
  $ ticktape replay /dev/shm/desk --strategy momentum --json
  $ ticktape replay /dev/shm/desk --strategy momentum momentum-new.mjs    would this version send the same orders?
  $ ticktape replay /dev/shm/desk/gateway                                 count its frames
  $ ticktape replay /dev/shm/desk/gateway --speed 10x                     watch it again`

async function replay(directory: string, file: string | undefined, options: ReplayOptions): Promise<number> {
  usePython(options.python)
  const leave = new AbortController()
  const interrupt = (): void => leave.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    if (options.strategy !== undefined || isHome(directory)) {
      if (options.speed !== undefined || options.maxGap !== undefined || options.print === true)
        throw new UsageError('--speed, --max-gap and --print are for journals; a home is replayed at full speed')
      if (file !== undefined && options.strategy === undefined)
        throw new UsageError('a module is replayed with --strategy ID, which says whose input it gets')
      return await replayHome(directory, file, options, leave.signal)
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

async function replayHome(
  home: string,
  file: string | undefined,
  { strategy, json }: ReplayOptions,
  signal: AbortSignal,
): Promise<number> {
  const bar = new ProgressOf()
  const out = new Output()
  try {
    if (strategy !== undefined) {
      const verdict = await replayOneStrategy({
        home,
        strategy,
        file,
        signal,
        onProgress: part => bar.update(strategy, part),
      })
      bar.end()
      if (json === true) out.json({ same: verdict.verdict === 'same', strategy, ...verdict })
      else for (const line of linesOf(verdict)) out.line(line)
      await out.flush()
      return EXITS[verdict.verdict]
    }
    const session = await replaySession({ home, signal, onProgress: (who, part) => bar.update(who, part) })
    bar.end()
    if (json === true) out.json({ same: session.verdict === 'same', ...session })
    else
      for (const verdict of [session.gateway, ...session.exchanges, ...session.strategies])
        for (const line of linesOf(verdict)) out.line(line)
    await out.flush()
    return EXITS[session.verdict]
  } finally {
    bar.end()
  }
}

const EXITS = { same: Exit.OK, different: Exit.DAMAGED, 'cannot compare': Exit.FAILED } as const
const COLOURS = { same: 'green', different: 'red', 'cannot compare': 'yellow' } as const

/** One bar after the other, for those who are replayed. */
class ProgressOf {
  private who = ''
  private bar: Progress | undefined = undefined

  update(who: string, part: number): void {
    if (who !== this.who) {
      this.end()
      this.who = who
      this.bar = new Progress(`replay ${printable(who)}`)
    }
    this.bar?.update(part, 1)
  }

  end(): void {
    this.bar?.end()
    this.bar = undefined
    this.who = ''
  }
}

function linesOf({ who, verdict, text, difference }: ReplayVerdict): string[] {
  const first = `${printable(who)}: ${paint(COLOURS[verdict], verdict === 'same' ? 'the same' : verdict)}: ${printable(text)}`
  if (difference === undefined) return [first]
  const { position, recorded, replayed, cause } = difference
  return [
    first,
    ...(recorded === undefined ? [] : [printable(`  recorded, at ${position}: ${toJson(recorded)}`)]),
    printable(`  replayed: ${replayed === undefined ? 'nothing' : toJson(replayed)}`),
    ...(cause === undefined
      ? []
      : [printable(`  cause, at ${cause.position} of the sequence: ${toJson(cause.frame)}`)]),
  ]
}
