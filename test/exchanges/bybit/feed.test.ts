import type { MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { BybitFeed } from '../../../dist/exchanges/bybit/bybit-feed.js'
import type { FakeBybit } from '../../../dist/exchanges/bybit/fake/fake-bybit.js'
import type { BybitMarketOptions } from '../../../dist/exchanges/bybit/public-market.js'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeBybit } from '../../support/fake-bybit.ts'

interface Following {
  readonly events: MarketEvent[]
  readonly problems: string[]
  stop(): Promise<void>
}

function follow(fake: FakeBybit, options: BybitMarketOptions, symbols?: readonly string[]): Following {
  const feed = new BybitFeed({ endpoint: fake.endpoint, ...options })
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

test('the feed has the quotes and trades of the symbols that strategies ask for, in whole ticks and in order', async () => {
  const fake = await startFakeBybit({ rate: 500 })
  const { events, problems, stop } = follow(fake, {}, ['BTCUSDT', 'ETHUSDT.bybit', 'NOT-THERE'])
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(200)
  await stop()
  expect(problems).toEqual([])
  expect(new Set(events.map(({ symbol }) => symbol))).toEqual(new Set(['BTCUSDT', 'ETHUSDT']))
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['quote', 'trade']))
  for (const event of events) {
    if (event.kind === 'quote') expect(event.ask).toBeGreaterThan(event.bid)
    expect(Math.abs(event.timeMs - Date.now())).toBeLessThan(10_000)
  }
  for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
    const ids = events.flatMap(event => (event.kind === 'trade' && event.symbol === symbol ? [event.tradeId] : []))
    // The first one of a subscription may be any; none is missing after it.
    expect(ids).toEqual(ids.map((_, i) => ids[0] + BigInt(i)))
  }
})

test.each(['book', 'ticker'] as const)('quotes from %s are those of the best prices', async quotes => {
  const fake = await startFakeBybit({ rate: 400 })
  const best = follow(fake, { quotes: 'best' }, ['ETHUSDT'])
  const book = follow(fake, { quotes }, ['ETHUSDT'])
  const quotesOf = ({ events }: Following): string[] =>
    events.flatMap(event =>
      event.kind === 'quote' ? [`${event.bid} ${event.bidSize} ${event.ask} ${event.askSize}`] : [],
    )
  await expect.poll(() => quotesOf(book).length, { timeout: 8000 }).toBeGreaterThan(100)
  await Promise.all([best.stop(), book.stop()])
  const known = new Set(quotesOf(best))
  // But those at the beginning, when the other one was not subscribed yet, and at the end.
  const middle = quotesOf(book).slice(30, -5)
  expect(middle.filter(quote => !known.has(quote))).toEqual([])
})

test('a lost connection is reported, subscribed to again, and reported again when it is back', async () => {
  const fake = await startFakeBybit({ rate: 500 })
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

test('the feed of spot is that of spot, whose tickers have no best prices', async () => {
  const fake = await startFakeBybit({ rate: 500 })
  const { events, problems, stop } = follow(fake, { category: 'spot' }, ['SOLUSDT.bybit-spot'])
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(20)
  await stop()
  expect(problems).toEqual([])
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['quote', 'trade']))
  const trades = events.filter(event => event.kind === 'trade').map(({ tradeId }) => tradeId)
  // Ids of spot are numbers, and not the halves of UUIDs.
  expect(trades).toEqual(trades.map((_, i) => trades[0] + BigInt(i)))
  const wrong = new BybitFeed({ endpoint: fake.endpoint, category: 'spot', quotes: 'ticker' })
  const reading = (async () => {
    for await (const _ of wrong.events(0));
  })()
  expect(await rejectionOf(reading)).toMatchObject({ code: 'ERR_INVALID_OPTION' })
})

test('a book with a missing message gives no quote until it was asked for again', async () => {
  const fake = await startFakeBybit({ rate: 500 })
  const { events, problems, stop } = follow(fake, { quotes: 'book' }, ['ETHUSDT'])
  const quotes = (): number => events.filter(({ kind }) => kind === 'quote').length
  await expect.poll(quotes, { timeout: 8000 }).toBeGreaterThan(5)
  const numbers = fake.world.numbers.linear
  numbers.set('orderbook.50.ETHUSDT', (numbers.get('orderbook.50.ETHUSDT') as number) + 3)
  await expect.poll(() => problems.length, { timeout: 8000 }).toBe(1)
  const before = quotes()
  await expect.poll(quotes, { timeout: 8000 }).toBeGreaterThan(before + 5)
  await stop()
  expect(problems).toEqual([
    'ERR_MARKET_DATA_GAP market data of Bybit: the book orderbook.50.ETHUSDT has a gap: a message is missing; it is asked for again',
  ])
})

test('symbols that Bybit does not have are an error that says how it writes them', async () => {
  const fake = await startFakeBybit()
  const feed = new BybitFeed({ endpoint: fake.endpoint, symbols: ['BTC-USDT'] })
  const reading = (async () => {
    for await (const _ of feed.events(0));
  })()
  expect(await rejectionOf(reading)).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('BTCUSDT'),
  })
})
