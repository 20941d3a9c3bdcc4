import type { TicktapeError } from '../../base/errors.js'
import type { Side } from '../messages/frames.js'

/** Best bid and ask. */
export interface QuoteEvent {
  readonly kind: 'quote'
  /** When it happened, in ms since 1970; what is paced by. */
  readonly timeMs: number
  readonly symbol: string
  readonly bid: number
  readonly ask: number
  readonly bidSize: number
  readonly askSize: number
}

export interface TradeEvent {
  readonly kind: 'trade'
  readonly timeMs: number
  readonly symbol: string
  readonly price: number
  readonly quantity: number
  readonly tradeId: bigint
  /** The aggressor's. */
  readonly side: Side
}

export type MarketEvent = QuoteEvent | TradeEvent

/** Where a gateway's market data comes from. */
export interface Feed {
  /**
   * The events after the first `skip`, a batch at a time: the same ones each time, so that a gateway which was killed goes on where its
   * journal ends.
   */
  events(skip: number): AsyncIterable<readonly MarketEvent[]>
  /** Called with what was wrong in the source and left out. */
  onProblem?: ((problem: TicktapeError) => void) | undefined
}

/** How fast events follow each other: as fast as they can be written, as they happened, or so many times that. */
export type Speed = 'max' | 'realtime' | number

/** When each event is due. The first is due at once. */
export class Pace {
  private begin: { readonly wallMs: number; readonly timeMs: number } | undefined = undefined
  private readonly factor: number

  constructor(speed: Speed) {
    this.factor = speed === 'max' ? Number.POSITIVE_INFINITY : speed === 'realtime' ? 1 : speed
  }

  /** ms from now until an event of this time is due; 0 or less when it is. */
  dueIn(timeMs: number): number {
    if (this.factor === Number.POSITIVE_INFINITY) return 0
    const wallMs = performance.now()
    this.begin ??= { wallMs, timeMs }
    return this.begin.wallMs + (timeMs - this.begin.timeMs) / this.factor - wallMs
  }
}
