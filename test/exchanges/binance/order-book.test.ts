import { describe, expect, test } from 'vitest'
import { BinanceOrderBook } from '../../../dist/exchanges/binance/order-book.js'
import { realData, textIn } from '../../support/captures.ts'
import { failureOf } from '../../support/failures.ts'
import type { Json } from '../../support/private-messages.ts'

const FILES = [
  ['spot_btcusdt_20240808.gz', 'spot'],
  ['btcusdt_20240808.gz', 'futures'],
  ['ethusdt_20240808.gz', 'futures'],
  ['cm_btcusd_perp_20240808.gz', 'futures'],
] as const

test.for(FILES)(
  'the book of %s, joined from a snapshot and updates, has the best prices that bookTicker says, at every update',
  { timeout: 60_000 },
  ([name, market], context) => {
    const messages = textIn(realData(context, name))
      .trimEnd()
      .split('\n')
      .map((line): Json => JSON.parse(line.slice(line.indexOf(' '))))
    // The other stream says the best prices after each of its updates, by the same numbers.
    const tickers = messages.filter(({ stream }) => stream?.endsWith('@bookTicker') === true).map(({ data }) => data)
    tickers.sort((a, b) => a.u - b.u)
    const book = new BinanceOrderBook(market)
    const results = { kept: 0, old: 0, applied: 0, gap: 0 }
    let [at, compared] = [0, 0]
    const differences: unknown[] = []
    for (const message of messages) {
      if (message.lastUpdateId !== undefined) expect(book.snapshot(message)).toBe('applied')
      if (message.data?.e !== 'depthUpdate') continue
      const result = book.update(message.data)
      results[result]++
      if (result !== 'applied') continue
      while (tickers[at + 1]?.u <= book.last) at++
      const { b, B, a, A, u } = tickers[at]
      if (u > book.last) continue
      compared++
      const quote = book.quote('X', 0)
      const wanted = {
        kind: 'quote',
        timeMs: 0,
        symbol: 'X',
        bid: Number(b),
        bidSize: Number(B),
        ask: Number(a),
        askSize: Number(A),
      }
      if (JSON.stringify(quote, Object.keys(wanted)) !== JSON.stringify(wanted)) differences.push({ quote, wanted })
    }
    expect(differences.slice(0, 3)).toEqual([])
    expect(results.gap).toBe(0)
    expect(results.kept).toBeGreaterThan(0)
    expect(compared).toBeGreaterThan(3000)
  },
)

describe('a book', () => {
  const snapshot = { lastUpdateId: 100, bids: [['9', '1']], asks: [['11', '1']] }
  const spot = (first: number, last: number, bid = '9.5'): Json => ({ U: first, u: last, b: [[bid, '2']], a: [] })
  const futures = (previous: number, first: number, last: number): Json => ({ ...spot(first, last), pu: previous })

  test('of spot begins with the update after its snapshot, and its numbers follow one another', () => {
    const book = new BinanceOrderBook('spot')
    expect(book.update(spot(90, 95))).toBe('kept')
    expect(book.update(spot(96, 103))).toBe('kept')
    expect(book.quote('X', 0)).toBeUndefined()
    expect(book.snapshot(snapshot)).toBe('applied')
    expect(book.last).toBe(103)
    expect(book.update(spot(104, 104, '9.6'))).toBe('applied')
    expect(book.quote('X', 0)).toMatchObject({ bid: 9.6, bidSize: 2, ask: 11, askSize: 1 })
    expect(book.update(spot(104, 104))).toBe('old')
    expect(book.update(spot(106, 106))).toBe('gap')
    expect(book.quote('X', 0)).toBeUndefined()
  })

  test('of futures begins with the update in which its snapshot lies, and each names the one before it', () => {
    const book = new BinanceOrderBook('futures')
    book.snapshot(snapshot)
    expect(book.update(futures(80, 90, 99))).toBe('old')
    expect(book.update(futures(99, 99, 110))).toBe('applied')
    expect(book.update(futures(110, 150, 160))).toBe('applied')
    expect(book.update(futures(161, 170, 180))).toBe('gap')
  })

  test('whose snapshot is older than the updates that were kept needs a newer one', () => {
    for (const market of ['spot', 'futures'] as const) {
      const book = new BinanceOrderBook(market)
      book.update(futures(119, 120, 130))
      book.update(futures(130, 131, 140))
      expect(book.snapshot(snapshot)).toBe('gap')
      expect(book.isWhole).toBe(false)
      expect(book.snapshot({ ...snapshot, lastUpdateId: 125 })).toBe('applied')
      expect([book.isWhole, book.last]).toEqual([true, 140])
    }
  })

  test('is as it was after what is no update', () => {
    const book = new BinanceOrderBook('spot')
    book.snapshot(snapshot)
    for (const fields of [
      {},
      { ...spot(101, 101), b: 5 },
      { ...spot(101, 101), b: [['x', '1']] },
      { ...spot(101, 101), u: '5' },
    ])
      expect(failureOf(() => book.update(fields))).toMatchObject({ code: 'ERR_VENUE_MESSAGE' })
    expect(book.update(spot(101, 101))).toBe('applied')
  })
})
