import { auditSession, Gateway, replayGateway } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { Intent, VenueReport } from '../../../dist/trading/sequence/frames.js'
import { newExchange, TimedVenue } from '../../support/async-venue.ts'
import {
  feedOf,
  fillsOf,
  moduleOf,
  newHome,
  ordersOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

const STRATEGY = `export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
    const id = context.order({ symbol, side: 'buy', quantity: 0.5, price: 100 })
    if (tradeId % 3n === 0n) context.cancel(id)
  } })`

test('a gateway that ends in the middle, with answers on the way, asks its venue at the next start: nothing is sent twice', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const exchange = newExchange()
  const strategies = [moduleOf(STRATEGY)]
  const start = (venue: TimedVenue, feed: PushedFeed): Promise<Gateway> =>
    Gateway.start({ ...QUICK, home, strategies, feed, venue, requestExpiryMs: 200 })
  const market = new PushedFeed()
  market.push(quote('BTCUSDT', 100, 101))

  // Some answers never come.
  let n = 0
  const first = await start(new TimedVenue(exchange, () => ++n % 4 !== 0), market)
  for (let id = 1; id <= 20; id++) market.push(trade('BTCUSDT', 100, id))
  await until(() => exchange.submits.length >= 10, 'ten orders')
  // At once: what was sent in the last ms is not answered.
  await first.stop()
  const before = exchange.submits.length

  const second = new PushedFeed()
  second.push(quote('BTCUSDT', 100, 101), ...Array.from({ length: 20 }, (_, i) => trade('BTCUSDT', 100, i + 1)))
  const venue = new TimedVenue(exchange)
  const again = await start(venue, second)
  second.push(...Array.from({ length: 10 }, (_, i) => trade('BTCUSDT', 100, 100 + i)))
  await until(() => again.status.events === 31, 'the market')
  await settled(again)
  const last = (): Map<bigint, string> =>
    new Map(reportsOf(home).map(({ orderId, state }) => [orderId, state] as const))
  await until(() => ![...last().values()].includes('unknown'), 'every outcome')
  await settled(again)
  expect(await again.stop()).toBe(true)

  // Each id reached the exchange at most once, and the second connection sent only what is new.
  expect(new Set(exchange.submits).size).toBe(exchange.submits.length)
  expect(venue.submitted).toEqual(exchange.submits.slice(before))
  const intents = sequenceOf<{ action: string; orderId: bigint; position: number }>(home, Intent)
  const submits = intents.filter(({ action }) => action === 'submit').map(({ orderId }) => orderId)
  expect(new Set(submits).size).toBe(submits.length)
  // Written before it was sent: whatever the exchange knows has its intent.
  expect(exchange.submits.filter(id => !submits.includes(id))).toEqual([])
  // Both agree on every order and fill.
  for (const [id, { state, filled }] of exchange.orders) {
    const report = reportsOf(home).findLast(({ orderId }) => orderId === id)
    expect([id, report?.state, Math.round((report?.filledQuantity ?? 0) * 1000)]).toEqual([
      id,
      state === 'open' ? 'accepted' : state,
      filled,
    ])
  }
  expect(
    fillsOf(home)
      .map(({ orderId, tradeId }) => `${orderId} ${tradeId}`)
      .toSorted(),
  ).toEqual(exchange.fills.map(({ id, tradeId }) => `${id} ${tradeId}`).toSorted())
  for (const [id, state] of last()) if (!exchange.orders.has(id)) expect([id, state]).toEqual([id, 'denied'])
  // What the venue said is on record as it said it, and replay needs no venue.
  expect(sequenceOf(home, VenueReport).length).toBeGreaterThan(40)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true, gateway: { strays: 0, filledTwice: 0 } })
  expect(ordersOf(home).length).toBeGreaterThan(30)
})

test('nothing is sent before the venue has said what it has: orders before that are denied, with the reason', async () => {
  const home = newHome()
  const exchange = newExchange()
  const feed = new PushedFeed()
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  const venue = new TimedVenue(exchange, () => true, 'timed', 'BTCUSDT', 300)
  const strategy = moduleOf(
    "export default defineStrategy({ id: 'a', onTrade({ symbol }, context) { context.order({ symbol, side: 'buy', quantity: 1 }) } })",
  )
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [strategy], feed, venue })
  await until(() => reportsOf(home).length > 0, 'the denial')
  await until(() => sequenceOf<{ kind: string }>(home, VenueReport).some(({ kind }) => kind === 'reconciled'))
  feed.push(trade('BTCUSDT', 100, 2))
  const denied = (): { reason: string }[] => reportsOf(home).filter(({ state }) => state === 'denied')
  await until(() => exchange.submits.length + denied().length === 2, 'two orders')
  await until(() => reportsOf(home).at(-1)?.state === 'filled', 'the end')
  await gateway.stop()
  const denials = denied()
  expect(exchange.submits.length).toBeGreaterThan(0)
  // The gateway may have been reconciled before the strategy was ready.
  for (const { reason } of denials) expect(reason).toBe('not-reconciled')
  expect(denials.length + exchange.submits.length).toBe(2)
})

test('a live venue that throws, or says what no frame can hold, stops the gateway by name; the order is asked about, not sent again', {
  timeout: 60_000,
}, async () => {
  class Throwing extends TimedVenue {
    override submit(...args: Parameters<TimedVenue['submit']>): void {
      super.submit(...args)
      throw new Error('of the venue')
    }
  }
  class Babbling extends TimedVenue {
    override start(report: Parameters<TimedVenue['start']>[0]): void {
      super.start(event => {
        if (event.kind === 'fill') event.tradeId = 'x'.repeat(38)
        report(event)
      })
    }
  }
  for (const [Venue, failure] of [
    [Throwing, { message: 'of the venue' }],
    [Babbling, { code: 'ERR_VENUE', message: expect.stringContaining("'tradeId'") as string }],
  ] as const) {
    const home = newHome()
    const exchange = newExchange()
    const strategies = [moduleOf(STRATEGY)]
    const events = [quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1)]
    const options = { ...QUICK, home, strategies, requestExpiryMs: 200 }
    const feed = new PushedFeed()
    const gateway = await Gateway.start({ ...options, feed, venue: new Venue(exchange) })
    await until(() => sequenceOf<{ kind: string }>(home, VenueReport).some(({ kind }) => kind === 'reconciled'))
    feed.push(...events)
    await expect(gateway.fed).rejects.toMatchObject(failure)
    await expect(gateway.stop()).rejects.toMatchObject(failure)
    expect(exchange.submits).toHaveLength(1)
    const next = await Gateway.start({ ...options, feed: feedOf(events, 'pushed'), venue: new TimedVenue(exchange) })
    await until(() => reportsOf(home).at(-1)?.state === 'filled', 'its end')
    expect(await next.stop()).toBe(true)
    expect(exchange.submits).toHaveLength(1)
    expect(fillsOf(home)).toHaveLength(1)
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  }
})

test('what is no venue is refused by name before a home is created', async () => {
  const venues: [unknown, string][] = [
    [{}, 'ERR_VENUE'],
    [new TimedVenue(newExchange(), () => true, 'a name with spaces'), 'ERR_VENUE'],
    [7, 'ERR_INVALID_OPTION'],
    ['/nonexistent.mjs', 'ERR_VENUE'],
  ]
  for (const [venue, code] of venues) {
    const options = { ...QUICK, home: newHome(), strategies: [], feed: feedOf([]), venue: venue as never }
    expect(await rejectionOf(Gateway.start(options)), JSON.stringify(venue)).toMatchObject({ code })
  }
})
