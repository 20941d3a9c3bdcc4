import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CaptureFeed, type MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { BinanceFeed } from '../../../dist/exchanges/binance/binance-feed.js'
import type { FakeBinance } from '../../../dist/exchanges/binance/fake/fake-binance.js'
import type { BinanceMarketOptions } from '../../../dist/exchanges/binance/options.js'
import { moduleOf } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeBinance } from '../../support/fake-binance.ts'
import { makeFolder } from '../../support/folders.ts'

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')

function ticktape(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [MAIN, ...args])
}

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

test.each(['binance', 'binance-usd-m'])(
  'fake-venue, run --venue %s and replay on the command line, without credentials',
  {
    timeout: 120_000,
  },
  async name => {
    const venue = spawn(process.execPath, [MAIN, 'fake-venue', 'binance', '--rate', '400', '--json'])
    try {
      const [line] = await once(venue.stdout, 'data')
      const { endpoint } = JSON.parse(String(line))
      const strategy = moduleOf(`export default defineStrategy({ id: 'a', symbols: ['BTCUSDT'],
      onBook({ symbol, bid }, context) { if (context.openOrders().length === 0) context.order({ symbol, side: 'buy', quantity: 0.01, price: Math.round(bid) + 10 }) },
      onStop(context) { context.cancelAll() } })`)
      const home = join(makeFolder(), 'home')
      const live = ['--venue', name, '--endpoint', endpoint, '--home', home, '--duration', '5']
      const ran = await ticktape('run', strategy, ...live)
      expect(ran.stdout).toContain('all stopped in order')
      const orders = (await ticktape('orders', home, '--all', '--json')).stdout
      expect(orders).toContain('filled')
      const replayed = await ticktape('replay', home)
      expect(replayed.stdout).toContain('gateway: the same')
      expect(replayed.stdout).toContain('a: the same')
    } finally {
      venue.kill('SIGINT')
      expect((await once(venue, 'exit'))[0]).toBe(0)
    }
  },
)

test('record --venue binance writes captures that are understood, and that a desk can play', {
  timeout: 60_000,
}, async () => {
  const fake = await startFakeBinance({ rate: 400 })
  const to = join(makeFolder(), 'recording')
  const venue = ['--venue', 'binance', '--endpoint', fake.endpoint, '--symbols', 'BTCUSDT,ETHUSDT']
  const { stdout } = await ticktape('record', ...venue, '--to', to, '--duration', '3s', '--json')
  expect(JSON.parse(stdout).messages).toBeGreaterThan(100)
  const [file] = readdirSync(to).filter(name => name.endsWith('.gz'))
  const feed = new CaptureFeed(join(to, file))
  const kinds = new Set<string>()
  for await (const batch of feed.events(0)) for (const event of batch) kinds.add(`${event.symbol} ${event.kind}`)
  expect([...kinds].toSorted()).toEqual(['BTCUSDT quote', 'BTCUSDT trade', 'ETHUSDT quote', 'ETHUSDT trade'])
  expect(feed.badLines).toBe(0)
  expect([...feed.passedOver.keys()].toSorted()).toEqual(['answer to a request', 'depthUpdate'])
})
