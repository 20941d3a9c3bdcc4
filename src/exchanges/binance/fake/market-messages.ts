import { textOf } from '../../decimals.js'
import { changesOf, type FakeBook, type FakeSide, type FakeTrade } from '../../fake/fake-market.js'
import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'

/** Updates of a book are numbered in steps of this, as if there were others between them. */
const UPDATES = 3

/** The number of the last update in a book. */
function lastOf({ sequence }: FakeBook): number {
  return sequence * UPDATES
}

export function tradeMessage({ instrument, at }: FakeBook, trade: FakeTrade, market: TradedMarket): Fields {
  return {
    e: 'trade',
    E: at,
    s: instrument.symbol,
    t: Number(trade.id),
    p: trade.price,
    q: trade.quantity,
    T: at,
    m: trade.side === 'sell',
    ...(market === 'spot' ? { M: true } : { X: 'MARKET' }),
  }
}

export function tickerMessage(book: FakeBook, market: TradedMarket): Fields {
  const { instrument, bids, asks, at } = book
  const [[bid, B]] = bids
  const [[ask, A]] = asks
  return {
    // Spot's has neither kind nor time.
    ...(market === 'spot' ? {} : { e: 'bookTicker', E: at, T: at }),
    u: lastOf(book),
    s: instrument.symbol,
    b: textOf(instrument.price, bid),
    B,
    a: textOf(instrument.price, ask),
    A,
  }
}

export function depthMessage(book: FakeBook, before: FakeBook, market: TradedMarket): Fields {
  const { at } = book
  return {
    e: 'depthUpdate',
    E: at,
    s: book.instrument.symbol,
    U: lastOf(before) + 1,
    u: lastOf(book),
    ...(market === 'spot' ? {} : { T: at, pu: lastOf(before) }),
    b: levelsOf(book, changesOf(before.bids, book.bids)),
    a: levelsOf(book, changesOf(before.asks, book.asks)),
  }
}

/** The answer to `depth`. */
export function depthAnswer(book: FakeBook): Fields {
  return { lastUpdateId: lastOf(book), bids: levelsOf(book, book.bids), asks: levelsOf(book, book.asks) }
}

function levelsOf({ instrument }: FakeBook, side: FakeSide): readonly (readonly [string, string])[] {
  return [...side].map(([ticks, size]) => [textOf(instrument.price, ticks), size] as const)
}
