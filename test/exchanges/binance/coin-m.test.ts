import type { MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { BinanceFeed } from '../../../dist/exchanges/binance/binance-feed.js'
import binance from '../../../dist/exchanges/binance/binance-module.js'
import { MARKET } from '../../../dist/trading/messages/order-terms.js'
import { startFakeBinance } from '../../support/fake-binance.ts'
import { connected, eventOf, startVenueAlone } from '../../support/started-venue.ts'

test.each(['best', 'book'] as const)(
  'COIN-M has quotes (%s) and trades, with sizes in contracts',
  {
    timeout: 60_000,
  },
  async quotes => {
    const fake = await startFakeBinance({ rate: 500 })
    const feed = new BinanceFeed({ market: 'coin-m', endpoint: fake.endpoint, symbols: ['ETHUSD_PERP'], quotes })
    const problems: string[] = []
    feed.onProblem = ({ message }) => void problems.push(message)
    const events: MarketEvent[] = []
    for await (const batch of feed.events(0)) {
      events.push(...batch)
      if (events.length > 100) break
    }
    expect(problems).toEqual([])
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['quote', 'trade']))
    for (const event of events)
      expect(Number.isInteger(event.kind === 'quote' ? event.bidSize : event.quantity)).toBe(true)
    expect(feed.instruments).toMatchObject([
      { symbol: 'ETHUSD_PERP', venue: 'binance-coin-m', inverse: true, multiplier: '10', settlement: 'ETH' },
    ])
  },
)

test('an order of COIN-M is in contracts, and its fee in the coin', { timeout: 60_000 }, async () => {
  const fake = await startFakeBinance({ rate: 500 })
  const { exchange } = fake.parts['coin-m']
  const started = await connected(startVenueAlone(await binance({ market: 'coin-m', endpoint: fake.endpoint })))
  await expect.poll(() => fake.parts['coin-m'].prices.book('BTCUSD_PERP')).toBeDefined()
  started.venue.submit(started.order(1, 'BTCUSD_PERP', { type: MARKET, steps: 3 }))
  await eventOf(started, 1, 'filled')
  const fill = await eventOf(started, 1, 'fill')
  const [theirs] = exchange.fills
  expect([fill.steps, fill.ticks, fill.feeCurrency]).toEqual([theirs.steps, theirs.ticks, 'BTC'])
  // 100 USD a contract, in BTC, at the fee of takers.
  const expected = ((3 * 100) / exchange.fills[0].order.instrument.price.valueOf(theirs.ticks)) * 0.001
  expect(exchange.fills.reduce((sum, { fee }) => sum + fee, 0)).toBeCloseTo(expected, 8)
  started.venue.reconcile()
  await expect.poll(() => started.events.at(-1)?.kind, { timeout: 10_000 }).toBe('reconciled')
  const position = started.events.findLast(
    ({ kind, instrument }) => kind === 'position' && instrument === started.instruments.get('BTCUSD_PERP')?.number,
  )
  expect(position?.steps).toBe(3)
})
