import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CaptureLineError } from 'ticktape'
import { CaptureFeed, type Feed, type MarketEvent, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
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

describe('a capture', () => {
  const lines = [
    `1723161255088169167 ${QUOTE}`,
    `1723161255088176367 ${TRADE}`,
    `1723161255088176368 ${DEPTH}`,
    '1723161255319702566 {"lastUpdateId":1,"bids":[],"asks":[]}',
  ]

  test.each(['capture.txt', 'capture.gz'])('%s gives quotes and trades, and passes over the rest', async name => {
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

  test('a buyer who was the maker means that a seller came', async () => {
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
    ['a symbol too long', `5 ${QUOTE.replace('BTCUSDT', 'B'.repeat(17))}`],
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

  test('one that is cut off within its compression gives what came before, and says so', async () => {
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

  test('goes on after as many events as it is told to skip, bad lines and others aside', async () => {
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

  test('that is not there is refused by name', () => {
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

  test('goes on after as many events as it is told to skip', async () => {
    const whole = await all(new SyntheticFeed({ limit: 1000 }))
    expect(whole).toHaveLength(1000)
    for (const skip of [1, 255, 256, 257, 999, 1000])
      expect(await all(new SyntheticFeed({ limit: 1000 }), skip)).toEqual(whole.slice(skip))
  })

  test('is a market: asks above bids, prices on the grid, trades at the touch, trade ids that count', async () => {
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

  test('refuses options that make no sense', () => {
    for (const options of [{ seed: -1 }, { rate: 0 }, { limit: 0 }, { symbols: [] }, { sed: 1 }]) {
      expect(failureOf(() => new SyntheticFeed(options as object))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    }
  })
})
