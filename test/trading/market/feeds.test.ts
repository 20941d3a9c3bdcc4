import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CaptureLineError } from 'ticktape'
import { CaptureFeed, type Feed, type MarketEvent, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../../../dist/trading/market/dialects/dialects.js'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

async function all(feed: Feed, skip = 0, most = Number.POSITIVE_INFINITY): Promise<MarketEvent[]> {
  const events: MarketEvent[] = []
  for await (const batch of feed.events(skip)) {
    events.push(...batch)
    if (events.length >= most) break
  }
  return events.slice(0, most)
}

const QUOTE =
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":1,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1,"E":1}}'
const TRADE =
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}'
const DEPTH = '{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","s":"BTCUSDT","b":[],"a":[]}}'

function capture(lines: readonly string[], name = 'capture.txt'): string {
  const file = join(makeFolder(), name)
  const text = Buffer.from(lines.join('\n'))
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  return file
}

test('the documentation names each dialect and the messages that are used', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/captures.md'), 'utf8')
  expect(DIALECTS.length).toBeGreaterThan(0)
  for (const { name, used } of DIALECTS) expect(page).toContain(`| ${name} | ${used} |`)
})

describe('a capture', () => {
  const lines = [
    `1723161255088169167 ${QUOTE}`,
    `1723161255088176367 ${TRADE}`,
    `1723161255088176368 ${DEPTH}`,
    '1723161255319702566 {"lastUpdateId":1,"bids":[],"asks":[]}',
  ]

  test.each(['capture.txt', 'capture.gz'])('%s gives quotes and trades, and skips other messages', async name => {
    const feed = new CaptureFeed(capture([...lines, ''], name))
    expect(await all(feed)).toEqual([
      {
        kind: 'quote',
        timeMs: expect.closeTo(1723161255088.169, 2),
        symbol: 'BTCUSDT',
        bid: 61800.2,
        bidSize: 2.507,
        ask: 61800.3,
        askSize: 2.51,
      },
      {
        kind: 'trade',
        timeMs: expect.closeTo(1723161255088.176, 2),
        symbol: 'BTCUSDT',
        price: 61800.3,
        quantity: 0.006,
        tradeId: 5266583935n,
        side: 'buy',
      },
    ])
    expect(feed.badLines).toBe(0)
  })

  test('a trade whose buyer was the maker is a sell', async () => {
    const feed = new CaptureFeed(capture([`1 ${TRADE.replace('"m":false', '"m":true')}`]))
    expect(await all(feed)).toMatchObject([{ side: 'sell' }])
  })

  test.each([
    ['no time', QUOTE],
    ['a time that is none', `12x4 ${QUOTE}`],
    ['cut off', `5 ${QUOTE.slice(0, 60)}`],
    ['no object', '5 17'],
    ['no data', '5 {"stream":"x"}'],
    ['no kind', '5 {"data":{}}'],
    ['a number as price', `5 ${QUOTE.replace('"61800.20"', '61800.20')}`],
    ['a price that is none', `5 ${QUOTE.replace('61800.20', '6180O.20')}`],
    ['a price too many', `5 ${QUOTE.replace('61800.20', 'Infinity')}`],
    ['a symbol too long', `5 ${QUOTE.replace('BTCUSDT', 'B'.repeat(49))}`],
    ['no symbol', `5 ${TRADE.replace('"s":"BTCUSDT",', '')}`],
    ['an id that is no integer', `5 ${TRADE.replace('5266583935', '1.5')}`],
    ['no word of who rested', `5 ${TRADE.replace(',"m":false', '')}`],
    ['bytes that are no text', '5 \u0000\u00ff'],
  ])('a line with %s is counted, named by its number, and left out', async (_, bad) => {
    const file = capture([`1 ${QUOTE}`, bad, `2 ${TRADE}`])
    const feed = new CaptureFeed(file)
    const problems: unknown[] = []
    feed.onProblem = problem => problems.push(problem)
    expect((await all(feed)).map(event => event.kind)).toEqual(['quote', 'trade'])
    expect(feed.badLines).toBe(1)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toBeInstanceOf(CaptureLineError)
    expect(problems[0]).toMatchObject({ code: 'ERR_CAPTURE_LINE', line: 2, path: file })
    expect((problems[0] as Error).message).toContain('line 2 of')
  })

  test('one whose compressed data is truncated gives the events before that, and reports it', async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `${i + 1} ${QUOTE.replace('2.507', String(i))}`).join('\n')
    const file = join(makeFolder(), 'cut.gz')
    const whole = gzipSync(text)
    writeFileSync(file, whole.subarray(0, whole.length / 2))
    const feed = new CaptureFeed(file)
    const problems: Error[] = []
    feed.onProblem = problem => problems.push(problem)
    const events = await all(feed)
    expect(events.length).toBeGreaterThan(100)
    expect(events.map(event => (event as { bidSize: number }).bidSize)).toEqual(events.map((_, i) => i))
    expect(problems.map(problem => problem.message)).toEqual([expect.stringContaining('cut off')])
  })

  test('skips the given number of events, not counting bad lines and other messages', async () => {
    const text = Array.from({ length: 2000 }, (_, i) =>
      i % 7 === 3
        ? 'garbage'
        : i % 5 === 0
          ? `${i + 1} ${DEPTH}`
          : `${i + 1} ${(i % 2 ? QUOTE : TRADE).replace('5266583935', String(i))}`,
    )
    const feed = new CaptureFeed(capture(text))
    const whole = await all(feed)
    for (const skip of [0, 1, 500, whole.length - 1, whole.length, whole.length + 5])
      expect(await all(feed, skip)).toEqual(whole.slice(skip))
  })

  test('of Binance spot has quotes without a kind, which follows from the name of the stream', async () => {
    const feed = new CaptureFeed(
      capture([
        '1 {"stream":"bnbusdt@bookTicker","data":{"u":1,"s":"BNBUSDT","b":"25.3","B":"31","a":"25.4","A":"40"}}',
        '2 {"stream":"bnbusdt@trade","data":{"e":"trade","E":2,"s":"BNBUSDT","t":7,"p":"25.4","q":"2","T":2,"m":true,"M":true}}',
        '3 {"stream":"bnbusdt@depth5@100ms","data":{"lastUpdateId":1,"bids":[],"asks":[]}}',
        '4 {"stream":"!ticker@arr","data":[{"s":"BNBUSDT"}]}',
        '5 {"result":null,"id":1}',
      ]),
    )
    expect(await all(feed)).toEqual([
      { kind: 'quote', timeMs: 1e-6, symbol: 'BNBUSDT', bid: 25.3, bidSize: 31, ask: 25.4, askSize: 40 },
      { kind: 'trade', timeMs: 2e-6, symbol: 'BNBUSDT', price: 25.4, quantity: 2, tradeId: 7n, side: 'sell' },
    ])
    expect(feed.badLines).toBe(0)
    expect(Object.fromEntries(feed.passedOver)).toEqual({ depth5: 1, ticker: 1, 'answer to a request': 1 })
  })

  test('has trades that are not market trades: they are skipped and counted by kind', async () => {
    const from = (origin: string, price: string, quantity: string): string =>
      `5 ${TRADE.replace('MARKET', origin).replace('61800.30', price).replace('0.006', quantity)}`
    const feed = new CaptureFeed(
      capture([
        `1 ${TRADE}`,
        from('NA', '0', '0'),
        from('INSURANCE_FUND', '52000', '1'),
        from('ADL', '52000', '2'),
        from('ADL', '52001', '2'),
      ]),
    )
    expect(await all(feed)).toMatchObject([{ kind: 'trade', price: 61800.3 }])
    expect(feed.badLines).toBe(0)
    expect(Object.fromEntries(feed.passedOver)).toEqual({
      'trade of NA': 1,
      'trade of INSURANCE_FUND': 1,
      'trade of ADL': 2,
    })
  })

  test('with thousands of bad lines reports the first ones, and the others in one message with a count', async () => {
    const text = Array.from({ length: 5000 }, (_, i) =>
      i % 2 === 0 ? `${i} ${QUOTE}` : i % 3 === 0 ? 'garbage' : `${i} 17`,
    )
    const feed = new CaptureFeed(capture(text))
    const problems: (Error & { line?: number })[] = []
    feed.onProblem = problem => problems.push(problem)
    expect(await all(feed)).toHaveLength(2500)
    expect(feed.badLines).toBe(2500)
    expect(problems.slice(0, 10).map(({ line }) => line)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20])
    expect(problems.slice(10)).toMatchObject([
      { code: 'ERR_CAPTURE_LINE', line: 22, message: expect.stringContaining('2500 lines in all') as string },
    ])
    expect(problems[10].message).toContain('1667 × JSON that is not a message')
  })

  test('names the symbols that frames cannot hold, once each, and counts their lines; long and Chinese ones are kept', async () => {
    const of = (symbol: string): string => `1 ${QUOTE.replace('"BTCUSDT"', JSON.stringify(symbol))}`
    const dog = '1000000BABYDOGEUSDT'
    const chinese = '\u5e01\u5b89\u4eba\u751fUSDT'
    const [long, spaced] = ['X'.repeat(49), 'BTC USDT']
    const feed = new CaptureFeed(
      capture([of(dog), ...Array.from({ length: 1000 }, () => of(long)), of(spaced), of(chinese), `9 ${TRADE}`]),
    )
    const problems: Error[] = []
    feed.onProblem = problem => problems.push(problem)
    expect((await all(feed)).map(event => event.symbol)).toEqual([dog, chinese, expect.any(String)])
    expect([...feed.unfitSymbols]).toEqual([
      [long, 1000],
      [spaced, 1],
    ])
    expect(feed.badLines).toBe(1001)
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining(long.slice(0, 20)),
      expect.stringContaining(spaced),
    ])
  })

  test.each([
    ['of another venue', '{"channel":"book","type":"update","data":[]}', '20 × a message of no known dialect'],
    ['of books alone', DEPTH, '20 × depthUpdate'],
    ['of symbols too long', QUOTE.replace('BTCUSDT', 'B'.repeat(49)), `20 × ${'B'.repeat(49)}`],
    ['of nothing', '', 'no line'],
  ])('%s is one error that names the dialects, not a message per line', async (_, message, what) => {
    const feed = new CaptureFeed(
      capture(message === '' ? [] : Array.from({ length: 20 }, (_line, i) => `${i + 1} ${message}`)),
    )
    const problems: unknown[] = []
    feed.onProblem = problem => problems.push(problem)
    const failure = await rejectionOf(all(feed))
    expect(failure).toMatchObject({ code: 'ERR_CAPTURE', path: feed.file })
    expect(failure.message).toContain(what)
    expect(failure.message).toContain('Binance (spot, USD-M, COIN-M)')
    expect(problems).toEqual([])
  })

  test('that does not exist is refused with a named error', () => {
    expect(failureOf(() => new CaptureFeed('/nonexistent.gz'))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(failureOf(() => new CaptureFeed(makeFolder()))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })
})

describe('the synthetic feed', () => {
  test('gives the same events for the same seed, others for another', async () => {
    const first = await all(new SyntheticFeed({ seed: 7 }), 0, 5000)
    expect(await all(new SyntheticFeed({ seed: 7 }), 0, 5000)).toEqual(first)
    expect(await all(new SyntheticFeed({ seed: 8 }), 0, 5000)).not.toEqual(first)
  })

  test('skips the given number of events', async () => {
    const whole = await all(new SyntheticFeed({ limit: 1000 }))
    expect(whole).toHaveLength(1000)
    for (const skip of [1, 255, 256, 257, 999, 1000])
      expect(await all(new SyntheticFeed({ limit: 1000 }), skip)).toEqual(whole.slice(skip))
  })

  test('is a plausible market: asks above bids, prices on the grid, trades at the best prices, consecutive trade ids', async () => {
    const events = await all(new SyntheticFeed({ limit: 20_000, symbols: ['A', 'B'] }))
    const quotes = events.filter(event => event.kind === 'quote')
    expect(
      quotes.filter(({ bid, ask, bidSize, askSize }) => ask <= bid || bid <= 0 || bidSize <= 0 || askSize <= 0),
    ).toEqual([])
    expect(quotes.filter(({ bid, ask }) => bid !== Number(bid.toFixed(2)) || ask !== Number(ask.toFixed(2)))).toEqual(
      [],
    )
    for (const symbol of ['A', 'B']) {
      const trades = events.filter(event => event.kind === 'trade').filter(trade => trade.symbol === symbol)
      expect(trades.map(trade => trade.tradeId)).toEqual(trades.map((_, i) => BigInt(i + 1)))
    }
    const touch = new Map<string, { bid: number; ask: number }>()
    const away = events.filter(event => {
      if (event.kind === 'quote') touch.set(event.symbol, event)
      const { bid, ask } = touch.get(event.symbol) ?? {}
      return event.kind === 'trade' && bid !== undefined && event.price !== bid && event.price !== ask
    })
    expect(away).toEqual([])
    expect(events.map(event => event.timeMs)).toEqual(events.map(event => event.timeMs).toSorted((a, b) => a - b))
    expect(new Set(events.map(event => event.kind)).size).toBe(2)
  })

  test('refuses invalid options', () => {
    const unfit = { symbols: ['1000000BABYDOGEUSDT'.repeat(3)] }
    for (const options of [{ seed: -1 }, { rate: 0 }, { limit: 0 }, { symbols: [] }, unfit, { sed: 1 }]) {
      expect(failureOf(() => new SyntheticFeed(options as object))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    }
  })
})
