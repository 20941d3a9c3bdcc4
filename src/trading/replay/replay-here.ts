import { setImmediate as turn } from 'node:timers/promises'
import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameHeader } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { HomeError, PromiseReturnedError } from '../errors.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { passEarlierFrames } from '../strategies/before-start.js'
import { StrategyHost } from '../strategies/host.js'
import { addHostFrames, type HandlerTarget } from '../strategies/host-frames.js'
import { loadStrategy } from '../strategies/load.js'
import type { OutputComparison } from './output-comparison.js'
import { type PlayerPlace, type ReplayResult, type ReplayTask, replayRuns } from './replay-runs.js'
import type { StrategyRun } from './strategy-runs.js'

/** The longest time of replay before the event loop runs for timers and signals, in ms. */
const SLICE_MS = 10

/**
 * Passes to a strategy the frames that it handled live, and compares all that it sends with its journal. In this process: what the module
 * does to its process, it does to this one.
 *
 * @param onProgress gets the completed part, 0 to 1.
 * @throws as `replayRuns`, and {StrategyError}.
 */
export async function replayHere(task: ReplayTask, onProgress: (part: number) => void): Promise<ReplayResult> {
  return replayRuns(task, place => {
    const replay = new Replay(place, onProgress)
    return {
      get frames() {
        return replay.frames
      },
      // The module is evaluated again.
      play: async (run, start) =>
        replay.run(new StrategyHost(await loadStrategy(task.file, task.strategy), start, place.comparison), run),
      close: () => replay.close(),
    }
  })
}

interface Thrown {
  readonly error: unknown
}

class Replay {
  frames = 0
  private readonly reader: Reader
  private readonly comparison: OutputComparison
  private host: StrategyHost | undefined = undefined
  private thrown: Thrown | undefined = undefined

  constructor(
    private readonly place: PlayerPlace,
    private readonly onProgress: (part: number) => void,
  ) {
    this.comparison = place.comparison
    this.reader = Reader.open(place.sequence)
  }

  async run(host: StrategyHost, run: StrategyRun): Promise<void> {
    const { reader, comparison } = this
    const { sequence, journal, end } = this.place
    this.host = host
    this.thrown = undefined
    const handlers = this.handlersOf(host)
    if (reader.position !== run.from) reader.seek({ position: run.from })
    const own = { path: journal, before: run.startedAt }
    this.deliver(undefined, started => started.start(passEarlierFrames(started, sequence, run.from, own)))
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
      this.onProgress(reader.position / end)
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
