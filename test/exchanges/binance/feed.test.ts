import type { MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { BinanceFeed } from '../../../dist/exchanges/binance/binance-feed.js'
import type { FakeBinance } from '../../../dist/exchanges/binance/fake/fake-binance.js'
import type { BinanceMarketOptions } from '../../../dist/exchanges/binance/options.js'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeBinance } from '../../support/fake-binance.ts'

interface Following {
  readonly events: MarketEvent[]
  readonly problems: string[]
  stop(): Promise<void>
}

function follow(fake: FakeBinance, options: BinanceMarketOptions, symbols?: readonly string[]): Following {
  const feed = new BinanceFeed({ endpoint: fake.endpoint, ...options })
  feed.choose(symbols)
  const events: MarketEvent[] = []
  const problems: string[] = []
  feed.onProblem = problem => void problems.push(`${problem.code} ${problem.message}`)
  const ending = new AbortController()
  const ended = (async () => {
    for await (const batch of feed.events(0, { signal: ending.signal })) events.push(...batch)
  })()
  return {
    events,
    problems,
    stop: () => {
      ending.abort()
      return ended
    },
  }
}

test.each([
  ['spot', 'binance'],
  ['usd-m', 'binance-usd-m'],
] as const)(
  '%s: the feed has the quotes and trades of the symbols that strategies ask for, in order',
  async (market, venue) => {
    const fake = await startFakeBinance({ rate: 500 })
    const { events, problems, stop } = follow(fake, { market }, ['BTCUSDT', `ETHUSDT.${venue}`, 'NOTTHERE'])
    await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(200)
    await stop()
    expect(problems).toEqual([])
    expect(new Set(events.map(({ symbol }) => symbol))).toEqual(new Set(['BTCUSDT', 'ETHUSDT']))
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['quote', 'trade']))
    for (const event of events) if (event.kind === 'quote') expect(event.ask).toBeGreaterThan(event.bid)
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const ids = events.flatMap(event => (event.kind === 'trade' && event.symbol === symbol ? [event.tradeId] : []))
      // The first one of a subscription may be any; none is missing after it.
      expect(ids).toEqual(ids.map((_, i) => ids[0] + BigInt(i)))
    }
  },
)

test.each(['spot', 'usd-m'] as const)(
  '%s: quotes from the book, joined from snapshot and stream, are those of the best prices',
  async market => {
    const fake = await startFakeBinance({ rate: 400 })
    const best = follow(fake, { market, quotes: 'best' }, ['ETHUSDT'])
    const book = follow(fake, { market, quotes: 'book' }, ['ETHUSDT'])
    const quotesOf = ({ events }: Following): string[] =>
      events.flatMap(event =>
        event.kind === 'quote' ? [`${event.bid} ${event.bidSize} ${event.ask} ${event.askSize}`] : [],
      )
    await expect.poll(() => quotesOf(book).length, { timeout: 8000 }).toBeGreaterThan(100)
    await Promise.all([best.stop(), book.stop()])
    expect(book.problems).toEqual([])
    const known = new Set(quotesOf(best))
    // But those at the beginning, when the other one was not subscribed yet, and at the end.
    const middle = quotesOf(book).slice(30, -5)
    expect(middle.filter(quote => !known.has(quote))).toEqual([])
  },
)

test('a lost connection is reported, subscribed to again, and reported again when it is back', async () => {
  const fake = await startFakeBinance({ rate: 500 })
  const { events, problems, stop } = follow(fake, { quotes: 'book' }, ['SOLUSDT'])
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(10)
  fake.dropSockets()
  await expect.poll(() => problems.length, { timeout: 8000 }).toBe(2)
  const before = events.length
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(before + 10)
  await stop()
  expect(problems[0]).toMatch(/^ERR_MARKET_DATA_GAP .*the connection is lost/)
  expect(problems[1]).toMatch(/^ERR_MARKET_DATA_GAP .*is back after \d/)
})

test('symbols that Binance does not have are an error that says how it writes them', async () => {
  const fake = await startFakeBinance()
  const feed = new BinanceFeed({ endpoint: fake.endpoint, symbols: ['BTC-USDT'] })
  const reading = (async () => {
    for await (const _ of feed.events(0));
  })()
  expect(await rejectionOf(reading)).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('BTCUSDT'),
  })
})
