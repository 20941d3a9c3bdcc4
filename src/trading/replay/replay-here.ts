import { setImmediate as turn } from 'node:timers/promises'
import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameHeader } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { HomeError, PagesGoneError, PromiseReturnedError } from '../errors.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { HomeDirectory, SEQUENCE } from '../sequence/home.js'
import { strategyIn } from '../sequence/lives.js'
import { allLives } from '../snapshots/lives.js'
import { passEarlierFrames } from '../strategies/before-start.js'
import { StrategyHost } from '../strategies/host.js'
import { addHostFrames, type HandlerTarget } from '../strategies/host-frames.js'
import { loadStrategy } from '../strategies/load.js'
import { knownRuns } from './known-runs.js'
import { OutputComparison, type ReplayDifference } from './output-comparison.js'
import type { StrategyRun } from './strategy-runs.js'

/** What to replay. */
export interface ReplayTask {
  readonly home: string
  readonly strategy: string
  /** The strategy's module. */
  readonly file: string
  /** The numbers of the runs to replay. Default: all. */
  readonly runs: readonly number[] | undefined
}

export interface ReplayResult {
  readonly strategy: string
  /** The number of runs of the strategy that were replayed. */
  readonly runs: number
  /** The number of the first one, when earlier ones began on pages that are gone. */
  readonly firstRun: number | undefined
  /** The number of frames that were read. */
  readonly frames: number
  /** The number of orders and requests that are the same as the recorded ones. */
  readonly orders: number
  /** Undefined when everything was the same. */
  readonly difference: ReplayDifference | undefined
}

/** The longest time of replay before the event loop runs for timers and signals, in ms. */
const SLICE_MS = 10

/**
 * Passes to a strategy the frames that it handled live, and compares all that it sends with its journal. For every run of
 * the recorded strategy its module is evaluated again, because its memory was lost between the runs. In this process:
 * what the module does to its process, it does to this one.
 *
 * @param onProgress gets the completed part, 0 to 1.
 * @throws {HomeError} for a home or strategy that does not exist, {PagesGoneError} when every run of it began on pages that are
 *   gone, {StrategyError}, what Reader.open throws.
 */
export async function replayHere(task: ReplayTask, onProgress: (part: number) => void): Promise<ReplayResult> {
  const home = HomeDirectory.openExisting(task.home)
  const lives = allLives(home)
  const { number, epochs } = strategyIn(home, lives, task.strategy)
  const journal = home.strategy(task.strategy)
  const { all, known, isShort } = knownRuns(home, task.strategy)
  if (isShort && known.length === 0) throw pagesGone(home, task.strategy)
  const accounts = Object.fromEntries((lives.config?.venues ?? []).map(({ name, accounts: own }) => [name, own]))
  const comparison = new OutputComparison(journal, all.at(-1)?.last ?? -1)
  const replay = new Replay(home.sequence, comparison, all.at(-1)?.to ?? 0, journal, onProgress)
  try {
    let done = 0
    for (const run of all) {
      comparison.beginRun(run.lostFrom)
      if (!known.includes(run)) continue
      if (task.runs?.includes(run.number) === false) continue
      // Its start was lost with the power: its random numbers are not known.
      if (!epochs.has(run.number) && run.lostFrom < Number.POSITIVE_INFINITY) continue
      const seed = epochs.get(run.number)?.seed ?? 0
      const strategy = await loadStrategy(task.file, task.strategy)
      const life = { strategy: number, epoch: run.number, seed, replay: true, sequence: SEQUENCE, accounts }
      await replay.run(new StrategyHost(strategy, life, comparison), run)
      done++
      if (comparison.difference !== undefined) break
    }
    return {
      strategy: task.strategy,
      runs: done,
      firstRun: isShort ? known[0]?.number : undefined,
      frames: replay.frames,
      orders: comparison.orders,
      difference: comparison.difference,
    }
  } finally {
    comparison.close()
    replay.close()
  }
}

function pagesGone({ sequence }: HomeDirectory, id: string): PagesGoneError {
  return new PagesGoneError(`the pages of ${sequence} are gone that strategy '${id}' has read since its last start`, {
    path: sequence,
  })
}

interface Thrown {
  readonly error: unknown
}

class Replay {
  frames = 0
  private readonly reader: Reader
  private host: StrategyHost | undefined = undefined
  private thrown: Thrown | undefined = undefined

  constructor(
    private readonly sequence: string,
    private readonly comparison: OutputComparison,
    private readonly end: number,
    /** The strategy's own journal. */
    private readonly journal: string,
    private readonly onProgress: (part: number) => void,
  ) {
    this.reader = Reader.open(sequence)
  }

  async run(host: StrategyHost, run: StrategyRun): Promise<void> {
    const { reader, comparison } = this
    this.host = host
    this.thrown = undefined
    const handlers = this.handlersOf(host)
    if (reader.position !== run.from) reader.seek({ position: run.from })
    const own = { path: this.journal, before: run.startedAt }
    this.deliver(undefined, started => started.start(passEarlierFrames(started, this.sequence, run.from, own)))
    let sliceEnd = performance.now() + SLICE_MS
    while (this.thrown === undefined && reader.position < run.to) {
      if (reader.poll(handlers, 1) === 0) {
        throw new HomeError(`${reader.path} ends at ${reader.position}, but the strategy had read up to ${run.to}`, {
          path: reader.path,
        })
      }
      this.frames++
      comparison.expectSent(reader.position, run.finalOutputsFrom)
      if (comparison.difference !== undefined) return
      if (performance.now() < sliceEnd) continue
      this.onProgress(reader.position / this.end)
      await turn()
      sliceEnd = performance.now() + SLICE_MS
    }
    this.finish(run)
  }

  close(): void {
    this.reader.close()
  }

  private finish(run: StrategyRun): void {
    const { reader, comparison } = this
    const failed = run.ending === 'failed'
    if (this.thrown !== undefined) {
      if (!failed || reader.position < run.to)
        comparison.recordDifference(`throws ${String(this.thrown.error)}`, reader.position)
    } else if (run.ending !== 'killed') {
      // A recorded failure without an error so far can only have happened at the end of the run.
      const late = this.deliver(undefined, host => host.stop())
      if (failed && late === undefined)
        comparison.recordDifference('does not throw, but failed when it was recorded', run.to)
      if (!failed && late !== undefined)
        comparison.recordDifference(`throws ${String(late.error)} in onStop`, undefined)
    }
    comparison.expectSent(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  private handlersOf(host: StrategyHost): Handlers {
    const handlers = on(InstrumentTerms, frame => this.deliver(frame, () => host.instrument(frame)))
    const compared: HandlerTarget = {
      on: (definition, handle) => handlers.on(definition, frame => this.deliver(frame, () => handle(frame))),
    }
    addHostFrames(compared, host)
    return handlers
  }

  /** Catches the strategy's errors, for the comparison. Errors of the reader are thrown to the caller. */
  private deliver(frame: FrameHeader | undefined, action: (host: StrategyHost) => unknown): Thrown | undefined {
    if (this.host === undefined) return undefined
    const input = frame?.position
    try {
      action(this.host)
    } catch (error) {
      // No replay can say what would have come of it later.
      if (error instanceof PromiseReturnedError) throw error
      // What is wrong with the home is nothing that the strategy has done.
      if (error instanceof HomeError) throw error
      this.thrown = { error }
    }
    this.comparison.compare(input)
    return this.thrown
  }
}
