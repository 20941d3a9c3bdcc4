import { textOf } from '../../decimals.js'
import { changesOf, type FakeBook, type FakeSide, type FakeTrade } from '../../fake/fake-market.js'
import type { Fields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'

/** The topics of books, by their depth. */
export const DEPTHS = { 'orderbook.1': 1, 'orderbook.50': 50 } as const

export type BookTopic = keyof typeof DEPTHS

/** A message of the topic `publicTrade`. */
export function tradeMessage(
  category: BybitTraded,
  { instrument, at }: FakeBook,
  { id, price, quantity, side }: FakeTrade,
): Fields {
  const { symbol } = instrument
  // Contracts have UUIDs.
  const digits = BigInt(id).toString(16).padStart(16, '0')
  const uuid = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12)}-8000-000000000000`
  const row = {
    T: at,
    s: symbol,
    S: side === 'buy' ? 'Buy' : 'Sell',
    v: quantity,
    p: price,
    i: category === 'spot' ? id : uuid,
    BT: false,
  }
  return { topic: `publicTrade.${symbol}`, type: 'snapshot', ts: at, data: [row] }
}

/** What has changed in a book; undefined when nothing has. @param number of the message. */
export function bookMessage(topic: BookTopic, book: FakeBook, before: FakeBook, number: number): Fields | undefined {
  // Who has subscribed before there was a book gets it now.
  if (before.bids.size === 0) return bookSnapshot(topic, book, number)
  const depth = DEPTHS[topic]
  const bids = changesOf(top(before.bids, depth), top(book.bids, depth))
  const asks = changesOf(top(before.asks, depth), top(book.asks, depth))
  return bids.size + asks.size === 0 ? undefined : messageOf(topic, 'delta', book, bids, asks, number)
}

/** A whole book, for a new subscriber. */
export function bookSnapshot(topic: BookTopic, book: FakeBook, number: number): Fields {
  const depth = DEPTHS[topic]
  return messageOf(topic, 'snapshot', book, top(book.bids, depth), top(book.asks, depth), number)
}

/** A message of the topic `tickers`. A delta has only what has changed: of contracts; spot sends all of it, without the best prices. */
export function tickerMessage(category: BybitTraded, book: FakeBook, before: FakeBook | undefined): Fields {
  const now = tickerOf(category, book)
  const isWhole = before === undefined || before.bids.size === 0 || category === 'spot'
  const earlier: Fields = isWhole ? {} : tickerOf(category, before)
  const { symbol } = book.instrument
  const changed = Object.entries(now).filter(([name, value]) => value !== earlier[name])
  return {
    topic: `tickers.${symbol}`,
    type: isWhole ? 'snapshot' : 'delta',
    ts: book.at,
    cs: book.sequence,
    data: { symbol, ...Object.fromEntries(changed) },
  }
}

function tickerOf(category: BybitTraded, { instrument, bids, asks, last }: FakeBook): Fields {
  if (category === 'spot') return { lastPrice: last }
  const [bid, ask] = [[...bids][0] as [number, string] | undefined, [...asks][0] as [number, string] | undefined]
  if (bid === undefined || ask === undefined) return { lastPrice: last }
  const { price } = instrument
  return {
    lastPrice: last,
    bid1Price: textOf(price, bid[0]),
    bid1Size: bid[1],
    ask1Price: textOf(price, ask[0]),
    ask1Size: ask[1],
  }
}

function top(side: FakeSide, depth: number): FakeSide {
  return depth >= side.size ? side : new Map([...side].slice(0, depth))
}

function messageOf(
  topic: BookTopic,
  type: 'snapshot' | 'delta',
  { instrument, sequence, at }: FakeBook,
  bids: FakeSide,
  asks: FakeSide,
  u: number,
): Fields {
  const { symbol, price } = instrument
  const levels = (side: FakeSide): [string, string][] => [...side].map(([ticks, size]) => [textOf(price, ticks), size])
  return {
    topic: `${topic}.${symbol}`,
    type,
    ts: at,
    data: { s: symbol, b: levels(bids), a: levels(asks), u, seq: sequence },
    cts: at,
  }
}
