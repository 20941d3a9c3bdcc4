import { setImmediate as turn } from 'node:timers/promises'
import { absolute } from '../../base/absolute.js'
import { Handlers } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { SessionError } from '../../runtime/errors.js'
import { GATEWAY_JOURNAL, Session } from '../../runtime/sessions/session.js'
import { BookTop, OrderReport, Ticker, Trade } from '../messages/frames.js'
import { StrategyHost } from '../strategies/host.js'
import { loadStrategy } from '../strategies/load.js'
import { OrderComparison, type ReplayDifference } from './order-comparison.js'
import { recordedOf } from './recorded.js'
import { type StrategyRun, strategyRuns } from './strategy-runs.js'

export interface ReplayOptions {
  readonly home: string
  /** The strategy's id. */
  readonly strategy: string
  /** Its module. Default: the one it was started from last. */
  readonly file?: string
  readonly signal?: AbortSignal
  /** Called now and then with the part done, 0 to 1. */
  readonly onProgress?: (part: number) => void
}

export interface ReplayResult {
  readonly strategy: string
  /** Starts of the strategy that were replayed. */
  readonly runs: number
  /** Frames that were read for it. */
  readonly frames: number
  /** Orders and cancels it sent that are as recorded. */
  readonly orders: number
  /** Undefined when all was the same. */
  readonly difference: ReplayDifference | undefined
}

/** ms of replay without a turn for timers and signals. */
const SLICE_MS = 10

/**
 * Hands a strategy the frames it was handed before, and compares each order it sends with the recorded one. For every start of the
 * recorded strategy its module is evaluated anew: what it held in memory was lost at that place, and is here.
 *
 * @throws {SessionError} for a home or strategy that isn't there, {StrategyError}, what Reader.open throws, and the signal's reason.
 */
export async function replayStrategy(options: ReplayOptions): Promise<ReplayResult> {
  const session = Session.look(options.home)
  const file = absolute(options.file)
  const member = session.member(options.strategy)
  const journal = session.journalOf(member.id)
  const runs = strategyRuns(journal, session.gateway, member.id)
  const records = recordedOf(journal)
  const comparison = new OrderComparison(records, member.number)
  const replay = new Replay(Reader.open(session.gateway), comparison, runs.at(-1)?.to ?? 0, options)
  try {
    let done = 0
    for (const run of runs) {
      const strategy = await loadStrategy(file ?? member.file, member.id)
      comparison.beginRun()
      await replay.run(new StrategyHost(strategy, member.number, GATEWAY_JOURNAL, comparison), run)
      done++
      if (comparison.difference !== undefined) break
    }
    return {
      strategy: member.id,
      runs: done,
      frames: replay.frames,
      orders: comparison.same,
      difference: comparison.difference,
    }
  } finally {
    records.return()
    replay.close()
  }
}

interface Thrown {
  readonly error: unknown
}

class Replay {
  frames = 0
  private host: StrategyHost | undefined = undefined
  private thrown: Thrown | undefined = undefined
  private readonly handlers: Handlers

  constructor(
    private readonly reader: Reader,
    private readonly comparison: OrderComparison,
    private readonly end: number,
    private readonly options: ReplayOptions,
  ) {
    this.handlers = new Handlers()
      .on(Ticker, frame => this.hand(host => host.ticker(frame)))
      .on(BookTop, frame => this.hand(host => host.book(frame)))
      .on(Trade, frame => this.hand(host => host.trade(frame)))
      .on(OrderReport, frame => this.hand(host => host.report(frame)))
  }

  async run(host: StrategyHost, run: StrategyRun): Promise<void> {
    const { reader, comparison } = this
    this.host = host
    this.thrown = undefined
    if (reader.position !== run.from) reader.seek({ position: run.from })
    this.hand(started => started.start())
    let sliceEnd = performance.now() + SLICE_MS
    while (this.thrown === undefined && reader.position < run.to) {
      if (reader.poll(this.handlers, 1) === 0) {
        throw new SessionError(`${reader.path} ends at ${reader.position}, but the strategy had read up to ${run.to}`, {
          path: reader.path,
        })
      }
      this.frames++
      comparison.settle(reader.position, run.farewellFrom)
      if (comparison.difference !== undefined) return
      if (performance.now() < sliceEnd) continue
      this.options.onProgress?.(reader.position / this.end)
      await turn()
      this.options.signal?.throwIfAborted()
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
      if (!failed || reader.position < run.to) comparison.miss(`throws ${String(this.thrown.error)}`, reader.position)
    } else if (run.ending !== 'killed') {
      // One that failed without a throw so far can only have failed at its end.
      const late = this.hand(host => host.stop())
      if (failed && late === undefined) comparison.miss('does not throw, but failed when it was recorded', run.to)
      if (!failed && late !== undefined) comparison.miss(`throws ${String(late.error)} in onStop`, undefined)
    }
    comparison.settle(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /** What the strategy throws is its own affair, what the reader throws is not. */
  private hand(action: (host: StrategyHost) => void): Thrown | undefined {
    if (this.host === undefined) return undefined
    try {
      action(this.host)
    } catch (error) {
      this.thrown = { error }
    }
    return this.thrown
  }
}
