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
  /** Its module. Default: the module from which it was last started. */
  readonly file?: string
  readonly signal?: AbortSignal
  /** Called from time to time with the completed part, 0 to 1. */
  readonly onProgress?: (part: number) => void
}

export interface ReplayResult {
  readonly strategy: string
  /** The number of runs of the strategy that were replayed. */
  readonly runs: number
  /** The number of frames that were read. */
  readonly frames: number
  /** The number of orders and cancels that are the same as the recorded ones. */
  readonly orders: number
  /** Undefined when everything was the same. */
  readonly difference: ReplayDifference | undefined
}

/** The longest time of replay before the event loop runs for timers and signals, in ms. */
const SLICE_MS = 10

/**
 * Passes to a strategy the frames that it handled live, and compares each order it sends with the recorded one. For
 * every run of the recorded strategy its module is evaluated again, because its memory was lost between the runs.
 *
 * @throws {SessionError} for a home or strategy that does not exist, {StrategyError}, what Reader.open throws, and the
 * signal's reason.
 */
export async function replayStrategy(options: ReplayOptions): Promise<ReplayResult> {
  const session = Session.openExisting(options.home)
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
      .on(Ticker, frame => this.deliver(host => host.ticker(frame)))
      .on(BookTop, frame => this.deliver(host => host.book(frame)))
      .on(Trade, frame => this.deliver(host => host.trade(frame)))
      .on(OrderReport, frame => this.deliver(host => host.report(frame)))
  }

  async run(host: StrategyHost, run: StrategyRun): Promise<void> {
    const { reader, comparison } = this
    this.host = host
    this.thrown = undefined
    if (reader.position !== run.from) reader.seek({ position: run.from })
    this.deliver(started => started.start())
    let sliceEnd = performance.now() + SLICE_MS
    while (this.thrown === undefined && reader.position < run.to) {
      if (reader.poll(this.handlers, 1) === 0) {
        throw new SessionError(`${reader.path} ends at ${reader.position}, but the strategy had read up to ${run.to}`, {
          path: reader.path,
        })
      }
      this.frames++
      comparison.expectSent(reader.position, run.finalOrdersFrom)
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
      if (!failed || reader.position < run.to)
        comparison.recordDifference(`throws ${String(this.thrown.error)}`, reader.position)
    } else if (run.ending !== 'killed') {
      // A recorded failure without an error so far can only have happened at the end of the run.
      const late = this.deliver(host => host.stop())
      if (failed && late === undefined)
        comparison.recordDifference('does not throw, but failed when it was recorded', run.to)
      if (!failed && late !== undefined)
        comparison.recordDifference(`throws ${String(late.error)} in onStop`, undefined)
    }
    comparison.expectSent(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /** Catches the strategy's errors, for the comparison. Errors of the reader are thrown to the caller. */
  private deliver(action: (host: StrategyHost) => void): Thrown | undefined {
    if (this.host === undefined) return undefined
    try {
      action(this.host)
    } catch (error) {
      this.thrown = { error }
    }
    return this.thrown
  }
}
