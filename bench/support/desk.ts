import type { MarketEvent } from 'ticktape/runtime'

/** What the benchmarks of the trading runtime have in common: one instrument, its events, and limits that all orders are within. */
export const INSTRUMENT = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

export const DESK_RISK = {
  maxOrderQuantity: 1e6,
  maxOrderNotional: 1e12,
  maxPosition: 1e9,
  maxExposure: 1e15,
  maxOpenOrders: 1e6,
  maxOrdersPerSecond: 1_000_000,
  maxDailyLoss: 1e12,
  maxDrawdown: 1e12,
  maxConsecutiveErrors: 1e6,
} as const

/** Events of one batch of the feed. */
export const EVENT_BATCH = 4096

/** The bid of the first event of a batch; those of the others are 1 more each. No whole number, which would cost V8 less. */
export const FIRST_BID = 1000.5

/** A batch, prepared in memory. */
export function eventsAt(startMs: number, stepMs: number): MarketEvent[] {
  return Array.from({ length: EVENT_BATCH }, (_, i) => ({
    kind: 'quote',
    timeMs: startMs + i * stepMs,
    symbol: INSTRUMENT.symbol,
    bid: FIRST_BID + i,
    ask: FIRST_BID + 0.2 + i,
    bidSize: 1.5,
    askSize: 0.7,
  }))
}
