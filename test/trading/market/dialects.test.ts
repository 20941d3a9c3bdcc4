import { expect, test } from 'vitest'
import { CaptureReader } from '../../../dist/trading/market/capture-reader.js'
import { HYPERLIQUID } from '../../../dist/trading/market/dialects/hyperliquid.js'

const BBO = {
  channel: 'bbo',
  data: {
    coin: 'BTC',
    time: 1,
    bbo: [
      { px: '100.5', sz: '2', n: 1 },
      { px: '101', sz: '3', n: 1 },
    ],
  },
}
const BOOK = {
  channel: 'l2Book',
  data: { coin: 'BTC', time: 1, levels: [[{ px: '99', sz: '1', n: 1 }], [{ px: '102', sz: '4', n: 2 }]] },
}

test('Hyperliquid: quotes come from bbo once a coin has it, else from the book', () => {
  const reader = HYPERLIQUID.open()
  const fromBook = { kind: 'quote', timeMs: 5, symbol: 'BTC', bid: 99, bidSize: 1, ask: 102, askSize: 4 }
  expect(reader.parse(BOOK, 5)).toEqual(fromBook)
  expect(reader.parse(BBO, 6)).toEqual({ ...fromBook, timeMs: 6, bid: 100.5, bidSize: 2, ask: 101, askSize: 3 })
  expect(reader.parse(BOOK, 7)).toEqual({ kind: 'other', what: 'l2Book beside bbo' })
  const otherCoin = { ...BOOK, data: { ...BOOK.data, coin: 'ETH' } }
  expect(reader.parse(otherCoin, 8)).toMatchObject({ kind: 'quote', symbol: 'ETH' })
  // Another file knows nothing of this one.
  expect(HYPERLIQUID.open().parse(BOOK, 5)).toEqual(fromBook)
})

test('Hyperliquid: an empty side is no quote, and what is not valid is said', () => {
  const parse = (message: object): unknown => HYPERLIQUID.open().parse(message, 5)
  const half = { ...BBO, data: { ...BBO.data, bbo: [null, BBO.data.bbo[1]] } }
  expect(parse(half)).toEqual({ kind: 'other', what: 'bbo with an empty side' })
  const wrong = { ...BBO, data: { ...BBO.data, bbo: [{ px: 1, sz: '2' }, BBO.data.bbo[1]] } }
  expect(parse(wrong)).toEqual({ kind: 'bad', why: 'a bbo without valid prices and sizes' })
  const trade = { coin: 'BTC', side: 'X', px: '1', sz: '1', tid: 1 }
  expect(parse({ channel: 'trades', data: [trade, { ...trade, tid: -1 }] })).toEqual([
    { kind: 'bad', why: "a trade that does not say the taker's side" },
    { kind: 'bad', why: 'a trade without a valid id' },
  ])
  expect(parse({ channel: 'subscriptionResponse', data: {} })).toEqual({ kind: 'other', what: 'subscriptionResponse' })
  expect(parse({ channel: 'ticker', data: {} })).toBeUndefined()
})

test('a file may have several dialects: each message is of one of them', () => {
  const reader = new CaptureReader()
  const lines = [
    [
      { stream: 'btcusdt@bookTicker', data: { u: 1, s: 'BTCUSDT', b: '1', B: '1', a: '2', A: '1' } },
      'Binance',
      'quote',
    ],
    [BBO, 'Hyperliquid', 'quote'],
    [{ success: true, ret_msg: '', conn_id: 'x', op: 'subscribe' }, 'Bybit', 'other'],
    [{ event: 'subscribe', arg: { channel: 'trades', instId: 'BTC-USDT' } }, 'OKX', 'other'],
    [{ e: 'trade', E: 1, s: 'A', t: 1, p: '1', q: '1', m: true }, 'Binance', 'trade'],
    [{ result: null, id: 1 }, 'Binance', 'other'],
    [{ topic: 'kline.5.BTCUSDT', data: [] }, 'Bybit', 'other'],
  ] as const
  for (const [message, venue, kind] of lines) {
    const parsed = reader.read(`1 ${JSON.stringify(message)}`)
    const [first] = 'kind' in parsed ? [parsed] : parsed
    expect([reader.last?.dialect.venue, first?.kind], JSON.stringify(message)).toEqual([venue, kind])
  }
})

test('trade ids beyond 2^53 are exact', () => {
  const line = '1 {"e":"trade","E":1,"s":"A","t":9007199254740993,"p":"1","q":"1","m":true}'
  expect(new CaptureReader().read(line)).toMatchObject({ tradeId: 9_007_199_254_740_993n })
})

test('both forms of a time are read to the ns', () => {
  const reader = new CaptureReader()
  const json = JSON.stringify(BBO)
  for (const [time, ns] of [
    ['1723161255088169167', '1723161255088169167'],
    ['1652459225.5037491:', '1652459225503749100'],
    ['1652459225.5:', '1652459225500000000'],
  ]) {
    expect(reader.read(`${time} ${json}`)).toMatchObject({ kind: 'quote', timeMs: Number(ns) / 1e6 })
    expect(reader.lastNs).toBe(ns)
  }
})
