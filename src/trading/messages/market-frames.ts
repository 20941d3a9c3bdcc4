import { frame, type Values } from '../../frames/definition.js'
import { enumOf, f64, i64, instrument, u64 } from '../../frames/field.js'
import { SIDES } from './order-terms.js'

/**
 * Market data. Prices and quantities are in units of the instrument; its ticks and steps are in the journal's
 * instruments.json. `venueTime` is the venue's time of the event, ns since 1970, 0 when it gave none.
 *
 * A released frame never changes: a changed one gets a new id. The frames with the ids 1 to 5 are in frames.ts.
 */

/** Best prices, last trade and the quantity traded so far. 64 bytes. */
export const Ticker = frame('Ticker', 17, { instrument, venueTime: i64, last: f64, bid: f64, ask: f64, volume: f64 })

/** One trade of the market. `side` is the aggressor's. 64 bytes. */
export const Trade = frame('Trade', 18, {
  instrument,
  side: enumOf(SIDES),
  venueTime: i64,
  price: f64,
  quantity: f64,
  tradeId: u64,
})

/** Best bid and ask with their sizes. 64 bytes. */
export const BookTop = frame('BookTop', 19, {
  instrument,
  venueTime: i64,
  bid: f64,
  ask: f64,
  bidSize: f64,
  askSize: f64,
})

export type TickerValues = Values<typeof Ticker>
export type TradeValues = Values<typeof Trade>
export type BookTopValues = Values<typeof BookTop>
