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
  /** All symbols there will be events of, where that is known. A strategy that asks for another is told of at the start. */
  readonly symbols?: readonly string[]
  /** Called with what was wrong in the source and left out. */
  onProblem?: ((problem: TicktapeError) => void) | undefined
}
