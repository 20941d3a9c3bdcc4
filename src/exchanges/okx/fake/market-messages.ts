import { textOf } from '../../decimals.js'
import { changesOf, type FakeBook, type FakeSide, type FakeTrade } from '../../fake/fake-market.js'
import type { Fields } from '../../fields.js'

type Level = readonly [price: string, size: string, liquidated: string, orders: string]

/** A message of the channel `trades`. */
export function tradeMessage({ instrument, at }: FakeBook, { id, price, quantity, side }: FakeTrade): Fields {
  const { symbol } = instrument
  const row = { instId: symbol, tradeId: id, px: price, sz: quantity, side, ts: String(at), count: '1' }
  return { ...argOf('trades', symbol), data: [row] }
}

/** A message of the channel `books`: what has changed. */
export function bookMessage(book: FakeBook, before: FakeBook): Fields {
  const [bids, asks] = [changesOf(before.bids, book.bids), changesOf(before.asks, book.asks)]
  return {
    ...argOf('books', book.instrument.symbol),
    action: 'update',
    data: [bookData(book, bids, asks, before.sequence)],
  }
}

/** A message of `bbo-tbt` or of `tickers`. */
export function quoteMessage(channel: string, { instrument, bids, asks, last, sequence, at }: FakeBook): Fields {
  const { symbol, price } = instrument
  const [[bidTicks, bidSz]] = bids
  const [[askTicks, askSz]] = asks
  const [bidPx, askPx] = [textOf(price, bidTicks), textOf(price, askTicks)]
  const ts = String(at)
  const data =
    channel === 'tickers'
      ? { instId: symbol, last, lastSz: '', askPx, askSz, bidPx, bidSz, ts }
      : { asks: [[askPx, askSz, '0', '1']], bids: [[bidPx, bidSz, '0', '1']], ts, seqId: sequence }
  return { ...argOf(channel, symbol), data: [data] }
}

/** What a new subscriber of a channel gets at first; undefined for nothing. */
export function snapshotMessage(channel: string, book: FakeBook): Fields | undefined {
  if (channel === 'books')
    return {
      ...argOf(channel, book.instrument.symbol),
      action: 'snapshot',
      data: [bookData(book, book.bids, book.asks, -1)],
    }
  return channel === 'bbo-tbt' || channel === 'tickers' ? quoteMessage(channel, book) : undefined
}

function argOf(channel: string, symbol: string): Fields {
  return { arg: { channel, instId: symbol } }
}

function bookData({ instrument, sequence, at }: FakeBook, bids: FakeSide, asks: FakeSide, prevSeqId: number): Fields {
  const levels = (side: FakeSide): Level[] =>
    [...side].map(([ticks, size]) => [textOf(instrument.price, ticks), size, '0', size === '0' ? '0' : '1'])
  // As OKX since June 2026: no checksum.
  return { asks: levels(asks), bids: levels(bids), ts: String(at), checksum: 0, prevSeqId, seqId: sequence }
}
