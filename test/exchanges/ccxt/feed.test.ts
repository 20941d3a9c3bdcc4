import type { MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { CcxtFeed } from '../../../dist/exchanges/ccxt/ccxt-feed.js'
import type { CcxtMarketOptions } from '../../../dist/exchanges/ccxt/options.js'
import type { FakeOkx } from '../../../dist/exchanges/okx/fake/fake-okx.js'
import { OkxFeed } from '../../../dist/exchanges/okx/okx-feed.js'
import { CCXT, NO_CCXT, startFake } from '../../support/ccxt.ts'
import { rejectionOf } from '../../support/failures.ts'

interface Following {
  readonly events: MarketEvent[]
  readonly problems: string[]
  stop(): Promise<void>
}

function follow(feed: CcxtFeed | OkxFeed): Following {
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

const byCcxt = (fake: FakeOkx, options: Partial<CcxtMarketOptions> = {}): CcxtFeed =>
  new CcxtFeed({ exchange: 'okx', endpoint: fake.endpoint, package: CCXT, symbols: ['ETH/USDT'], ...options })

const quotesOf = ({ events }: Following): string[] =>
  events.flatMap(event =>
    event.kind === 'quote' ? [`${event.bid} ${event.bidSize} ${event.ask} ${event.askSize}`] : [],
  )

test.skipIf(NO_CCXT)(
  'quotes and trades are those of our own adapter, none is missing, and a lost connection is said once',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake({ rate: 400 })
    const own = follow(new OkxFeed({ endpoint: fake.endpoint, symbols: ['ETH-USDT', 'BTC-USDT'] }))
    const feed = byCcxt(fake, { quotes: 'book', symbols: ['ETH/USDT', 'BTC/USDT'] })
    const other = follow(feed)
    const idsOf = ({ events }: Following): bigint[] =>
      events.flatMap(event => (event.kind === 'trade' && event.symbol === 'ETH/USDT' ? [event.tradeId] : []))
    await expect.poll(() => quotesOf(other).length, { timeout: 90_000 }).toBeGreaterThan(100)
    await expect.poll(() => idsOf(other).length, { timeout: 60_000 }).toBeGreaterThan(5)
    expect(other.problems).toEqual([])
    expect(feed.instruments.map(({ symbol, priceTick, venue }) => [symbol, priceTick, venue])).toEqual([
      ['BTC/USDT', '0.1', 'ccxt-okx'],
      ['ETH/USDT', '0.01', 'ccxt-okx'],
    ])
    const known = new Set(quotesOf(own))
    expect(
      quotesOf(other)
        .slice(5, -20)
        .filter(one => !known.has(one)),
    ).toEqual([])
    const ids = idsOf(other)
    expect(ids).toEqual(ids.map((_, i) => ids[0] + BigInt(i)))

    fake.dropSockets()
    await expect.poll(() => other.problems.length, { timeout: 60_000 }).toBe(2)
    const before = other.events.length
    await expect.poll(() => other.events.length, { timeout: 60_000 }).toBeGreaterThan(before + 10)
    await Promise.all([own.stop(), other.stop()])
    expect(other.problems[0]).toMatch(/^ERR_MARKET_DATA_GAP .*closed by remote server/)
    expect(other.problems[1]).toMatch(/^ERR_MARKET_DATA_GAP .*subscriptions are back/)
  },
)

test.skipIf(NO_CCXT)('what the process cannot begin with is an error of the feed', { timeout: 180_000 }, async () => {
  const fake = await startFake()
  const codeOf = async (options: Partial<CcxtMarketOptions>): Promise<string> => {
    const feed = byCcxt(fake, options)
    const reading = (async () => {
      for await (const _ of feed.events(0));
    })()
    return (await rejectionOf(reading)).code
  }
  const codes = [
    codeOf({ symbols: ['ETH-USDT'] }),
    codeOf({ package: import.meta.dirname }),
    codeOf({ endpoint: 'ws://127.0.0.1:9' }),
  ]
  expect(await Promise.all(codes)).toEqual(['ERR_INVALID_OPTION', 'ERR_PACKAGE_MISSING', 'ERR_VENUE_REQUEST'])
})
