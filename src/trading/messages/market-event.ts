import type { Side } from './order-terms.js'

/** Best bid and ask. */
export interface QuoteEvent {
  readonly kind: 'quote'
  /** When it happened, in ms since 1970. Pacing uses this time. */
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
  /** The taker's side. */
  readonly side: Side
}

/** What a feed of market data says. */
export type MarketEvent = QuoteEvent | TradeEvent
