/**
 * A synthetic day of each fake venue, at a multiple of its time: connections are dropped, end as after 24 hours, and cannot be made for a
 * time. Nothing is missed but what the feed says. `TICKTAPE_DAY_SPEED=100` is the whole day; without it the test is a slice of one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Feed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { BinanceFeed } from '../../dist/exchanges/binance/binance-feed.js'
import { TRADED_MARKETS } from '../../dist/exchanges/binance/endpoints.js'
import { FakeBinance } from '../../dist/exchanges/binance/fake/fake-binance.js'
import { BybitFeed } from '../../dist/exchanges/bybit/bybit-feed.js'
import { FakeBybit } from '../../dist/exchanges/bybit/fake/fake-bybit.js'
import type { FakeExchange } from '../../dist/exchanges/fake/fake-exchange.js'
import type { FakeMarket } from '../../dist/exchanges/fake/fake-market.js'
import type { FakeServer } from '../../dist/exchanges/fake/fake-server.js'
import { FakeOkx } from '../../dist/exchanges/okx/fake/fake-okx.js'
import { OkxFeed } from '../../dist/exchanges/okx/okx-feed.js'
import { Random } from '../../dist/trading/exact/random.js'
import { DayJudge, MarketDay, type Outage } from '../support/market-day.ts'

const IS_WHOLE = process.env['TICKTAPE_DAY_SPEED'] !== undefined
const SPEED = Number(process.env['TICKTAPE_DAY_SPEED'] ?? 100)
const SEED = Number(process.env['TICKTAPE_DAY_SEED'] ?? 1)
/** Events a second of the market's time. */
const RATE = 4
const SECONDS = IS_WHOLE ? 86_400 : 600
const DROPS = IS_WHOLE ? 24 : 4
/** For how long the venue is away, in seconds of its time. */
const AWAY_S = IS_WHOLE ? 600 : 60
/** A busy machine may be slower than the market's time. */
const LONGEST_MS = 30_000 + (IS_WHOLE ? (2 * 86_400_000) / SPEED : 0)
/** Events before the first feed connects: each instrument has a book then. */
const BEFORE = 100
/** Events after the last outage, at least. */
const AFTER = 400

interface Venue {
  readonly market: FakeMarket
  readonly exchange: FakeExchange
  readonly rate: number
  readonly server: Pick<FakeServer<never>, 'dropSockets' | 'endSockets' | 'takesSockets'>
  readonly feeds: readonly Feed[]
  /** Sockets of one feed. */
  readonly sockets: number
  /** Whether events have the venue's time, or that of their receipt. */
  readonly hasTime: boolean
  /** What the feed says when the venue ends a connection after 24 hours. */
  readonly ending: RegExp
  stop(): Promise<void>
}

const OPTIONS = { seed: SEED, rate: RATE, speed: SPEED }
const SOURCES = ['best', 'book'] as const

async function okx(): Promise<Venue> {
  const fake = await FakeOkx.start(OPTIONS)
  const { market, server, endpoint } = fake
  return {
    market,
    exchange: fake.world.exchange,
    rate: RATE,
    server,
    feeds: SOURCES.map(quotes => new OkxFeed({ endpoint, quotes })),
    sockets: 1,
    hasTime: true,
    ending: /the venue says The connection will soon be closed/,
    stop: () => fake.stop(),
  }
}

async function binance(name: 'spot' | 'usd-m'): Promise<Venue> {
  const fake = await FakeBinance.start(OPTIONS)
  const { server, endpoint, parts } = fake
  for (const other of TRADED_MARKETS) if (other !== name) parts[other].stop()
  return {
    market: parts[name].prices,
    exchange: parts[name].exchange,
    rate: RATE,
    server,
    feeds: SOURCES.map(quotes => new BinanceFeed({ endpoint, market: name, quotes })),
    sockets: name === 'spot' ? 1 : 2,
    hasTime: false,
    ending: /Binance says serverShutdown/,
    stop: () => fake.stop(),
  }
}

async function bybit(): Promise<Venue> {
  const fake = await FakeBybit.start({ ...OPTIONS, rate: 2 * RATE })
  const { server, endpoint, world } = fake
  world.market('spot').stop()
  return {
    market: world.market('linear'),
    exchange: world.orders.linear.exchange,
    rate: RATE,
    server,
    feeds: SOURCES.map(quotes => new BybitFeed({ endpoint, quotes })),
    sockets: 1,
    hasTime: true,
    ending: /the venue closed it \(1001\)/,
    stop: () => fake.stop(),
  }
}

type Trouble = 'drop' | 'end' | 'away'

/** What happens in the day, and after how many events. */
function plan(random: Random): (readonly [after: number, what: Trouble])[] {
  const events = SECONDS * RATE
  const somewhere = (): number => Math.floor(events * (0.05 + 0.85 * random.next()))
  return [
    ...Array.from({ length: DROPS }, () => [somewhere(), 'drop'] as const),
    [Math.floor(events / 2), 'end'] as const,
    [somewhere(), 'away'] as const,
  ].toSorted(([a], [b]) => a - b)
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const give = performance.now() + LONGEST_MS
  while (!isTrue()) {
    if (performance.now() > give) throw new Error(`in vain: ${what}`)
    await sleep(5)
  }
}

const VENUES = [
  ['okx', okx],
  ['binance spot', () => binance('spot')],
  ['binance usd-m', () => binance('usd-m')],
  ['bybit', bybit],
] as const

describe.concurrent('a synthetic day', () => {
  test.each(VENUES)(
    '%s: nothing is missed but what the feed says',
    {
      timeout: 2 * LONGEST_MS,
    },
    async (_, start) => {
      const venue = await start()
      const { market, server, feeds, sockets, hasTime } = venue
      const day = await MarketDay.of(venue.exchange, venue.rate, SEED, (IS_WHOLE ? 2 : 10) * SECONDS * RATE)
      await until('the market moves', () => market.events > BEFORE)
      const outages: Outage[] = []
      const judges = feeds.map(feed => new DayJudge(feed, day, market, outages, hasTime, sockets))
      const ending = new AbortController()
      const following = judges.map(judge => judge.follow(ending.signal))
      try {
        await until('the feeds have begun', () => judges.every(({ trades }) => trades > 0))
        for (const [after, what] of plan(new Random(SEED))) {
          await until('the day goes on', () => market.events >= after)
          const from = market.events
          if (what === 'end') server.endSockets()
          else server.dropSockets()
          if (what === 'away') {
            server.takesSockets = false
            await until('the maintenance ends', () => market.events >= from + AWAY_S * RATE)
            server.takesSockets = true
          }
          outages.push({ from, to: market.events })
          await until('the feeds are back', () => judges.every(({ backs }) => backs === outages.length * sockets))
        }
        // What is missing of a symbol is known by the next that comes of it.
        const end = Math.max(SECONDS * RATE, market.events + AFTER)
        await until('the day is over', () => market.events >= end)
        market.stop()
        await until('the last events have come', () =>
          judges.every(judge => judge.isComplete(market.events) || judge.faults.length > 0),
        )
      } finally {
        ending.abort()
        await Promise.all(following)
        await venue.stop()
      }
      for (const judge of judges) {
        expect(judge.faults).toEqual([])
        // Each loss and each return has its report, and there is no other.
        expect(judge.problems.length).toBe(2 * outages.length * sockets)
        expect(judge.problems.filter(problem => venue.ending.test(problem)).length).toBe(sockets)
        expect(judge.missing).toBeGreaterThan(0)
        // All that was published since it began came, or is missing in a gap that was reported.
        const published = [...judge.firstTrades].map(([symbol, first]) => day.trades(symbol, market.events) - first + 1)
        expect(judge.trades + judge.missing).toBe(published.reduce((sum, count) => sum + count, 0))
      }
    },
  )
})
