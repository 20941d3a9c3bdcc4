import type { TicktapeError } from '../../base/errors.js'
import { nap } from '../../wait/nap.js'
import type { MarketEvent } from '../messages/market-event.js'
import { checkMarketEvent } from './check-event.js'
import type { Feed } from './feed.js'
import { GapReport } from './gap-report.js'
import { Pace, type Speed } from './pace.js'

/** What takes the events of a feed. Prices and sizes are in units of the instrument; times in ms since 1970. */
export interface MarketSink {
  quote(symbol: string, timeMs: number, bid: number, bidSize: number, ask: number, askSize: number): void
  trade(symbol: string, timeMs: number, price: number, quantity: number, tradeId: bigint, side: 'buy' | 'sell'): void
}

/** How long a feed may take to end, in ms. */
const CLOSE_MS = 1_000

export interface FeedPumpOptions {
  readonly feed: Feed
  readonly speed: Speed
  readonly maxGapMs: number | undefined
  /** The number of events at the feed's beginning that were taken already. */
  readonly skip: number
  readonly onProblem: (problem: TicktapeError) => void
  /** Called when events have come that `take` waited for, or the feed has ended or failed. */
  readonly onArrival: () => void
}

/**
 * Turns a feed, which gives batches at its own time, into something that a loop asks: `take` passes on the events that are
 * due now, and never waits.
 */
export class FeedPump {
  /** The feed has no more events, and all were taken. */
  ended = false
  /** Why the feed ended early. */
  failure: unknown
  /** The number of events taken, those skipped included. */
  taken: number
  /** Whether it waits for the feed's next batch. */
  isWaiting = false
  private batch: readonly MarketEvent[] = []
  /** What is wrong with the event behind those of the batch. */
  private refused: unknown = undefined
  private index = 0
  /** When the next event is due, in ms of performance.now(); undefined while that was not asked. */
  private dueAt: number | undefined = undefined
  private readonly iterator: AsyncIterator<readonly MarketEvent[]>
  private readonly aborter = new AbortController()
  private readonly pace: Pace
  private readonly gaps: GapReport
  private readonly isPaced: boolean

  constructor(private readonly options: FeedPumpOptions) {
    const { feed, speed, maxGapMs, skip, onProblem } = options
    this.taken = skip
    this.gaps = new GapReport(onProblem)
    this.pace = new Pace(speed, maxGapMs, gap => this.gaps.add(gap))
    this.isPaced = speed !== 'max'
    this.iterator = feed.events(skip, { signal: this.aborter.signal })[Symbol.asyncIterator]()
    this.request()
  }

  /** Whether its next event is due by the clock. */
  get isTimed(): boolean {
    return this.isPaced && this.index < this.batch.length
  }

  /** ms until the next event is due: 0 or less when it is due now, Infinity while the feed gives none. */
  dueIn(now: number): number {
    if (this.index >= this.batch.length) return Number.POSITIVE_INFINITY
    if (!this.isPaced) return 0
    this.dueAt ??= now + this.pace.dueIn(this.batch[this.index].timeMs)
    return this.dueAt - now
  }

  /** How late the next event is, in ms; 0 when none is due. */
  lateness(now: number): number {
    return this.isPaced && this.dueAt !== undefined ? Math.max(0, now - this.dueAt) : 0
  }

  /** Passes on the events that are due, at most `limit`. Returns how many. @param now performance.now() */
  take(sink: MarketSink, limit: number, now: number): number {
    let count = 0
    while (count < limit && this.index < this.batch.length && this.dueIn(now) <= 0) {
      const event = this.batch[this.index++]
      this.dueAt = undefined
      count++
      if (event.kind === 'quote')
        sink.quote(event.symbol, event.timeMs, event.bid, event.bidSize, event.ask, event.askSize)
      else sink.trade(event.symbol, event.timeMs, event.price, event.quantity, event.tradeId, event.side)
    }
    this.taken += count
    if (this.index >= this.batch.length && !this.isWaiting && !this.ended) this.request()
    return count
  }

  /**
   * Ends the feed: its signal aborts, and its generator's `finally` runs. A generator that does not react to the signal is
   * left alone after a second.
   */
  async close(): Promise<void> {
    if (!this.aborter.signal.aborted) {
      this.aborter.abort()
      this.gaps.end()
    }
    this.ended = true
    this.batch = []
    this.index = 0
    const left = new AbortController()
    try {
      await Promise.race([this.iterator.return?.(), nap(CLOSE_MS, left.signal)])
    } finally {
      left.abort()
    }
    // Thrown by the generator while it ended.
    if (this.failure !== undefined) throw this.failure
  }

  /** A feed that waits with its signal throws when it is closed: that is how it ends. */
  private isAbort(error: unknown): boolean {
    const { signal } = this.aborter
    return signal.aborted && (error === signal.reason || (error as Error | undefined)?.name === 'AbortError')
  }

  private request(): void {
    if (this.refused !== undefined) {
      this.failure = this.refused
      this.arrived(undefined)
      return
    }
    this.isWaiting = true
    this.iterator.next().then(
      result => this.arrived(result.done === true ? undefined : result.value),
      (error: unknown) => {
        this.failure = this.isAbort(error) ? undefined : error
        this.arrived(undefined)
      },
    )
  }

  private arrived(batch: readonly MarketEvent[] | undefined): void {
    this.isWaiting = false
    if (this.ended) return
    if (batch === undefined) {
      this.ended = true
      this.gaps.end()
    } else {
      this.batch = this.checked(batch)
      this.index = 0
      if (this.batch.length === 0) return this.request()
    }
    this.options.onArrival()
  }

  /** The events up to the first one that no market says: that one ends the feed, once those before it were taken. */
  private checked(batch: readonly MarketEvent[]): readonly MarketEvent[] {
    let i = 0
    try {
      for (; i < batch.length; i++) checkMarketEvent(batch[i], this.taken + i)
      return batch
    } catch (error) {
      this.refused = error
      return batch.slice(0, i)
    }
  }
}
