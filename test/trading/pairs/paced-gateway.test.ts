import { auditSession, Gateway, replayGateway, replayStrategy } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Intent, VenueReport } from '../../../dist/trading/sequence/frames.js'
import { newExchange, TimedVenue } from '../../support/async-venue.ts'
import {
  moduleOf,
  newHome,
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

/** Eight orders at once, and a cancel of the last one. */
const EIGHT = `export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
    const ids = context.orders(Array.from({ length: 8 }, (_, n) => ({ symbol, side: 'buy', quantity: 1, price: 90 - n })))
    context.cancel(ids[7])
    context.cancel(ids[0])
  } })`

const submits = (home: string): bigint[] =>
  sequenceOf<{ action: string; orderId: bigint }>(home, Intent)
    .filter(({ action }) => action === 'submit')
    .map(({ orderId }) => orderId)

test('orders above the limits of an exchange wait, visible in the status; limits may change from run to run; replay is the same', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategies = [moduleOf(EIGHT)]
  const start = (feed: PushedFeed, perSecond: number): Promise<Gateway> => {
    const venue = new SimulatedExchange({ requestLimits: { account: { perSecond, burst: 3 } } })
    return Gateway.start({ ...QUICK, home, strategies, feed, venue })
  }
  const feed = new PushedFeed()
  const events = [quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1)]
  const gateway = await start(feed, 20)
  feed.push(...events)
  await until(() => gateway.status.venues[0].waiting > 0, 'requests that wait')
  expect(gateway.status.venues).toEqual([{ name: 'sim', waiting: expect.any(Number) as number }])
  await until(() => submits(home).length === 7 && gateway.status.venues[0].waiting === 0, 'all that leave')
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  // The last one was cancelled while it waited. The cancel of the first one overtook.
  const requests = sequenceOf<{ action: string }>(home, Intent).filter(({ action }) => action !== 'reconcile')
  expect(requests.map(({ action }) => action).indexOf('cancel')).toBe(3)
  expect(reportsOf(home).filter(({ reason }) => reason === 'cancelled-before-sent')).toHaveLength(2)
  const times = requests.map(({ time }) => Number(time) / 1e6)
  // Four come back at 20 a second, after the burst of three and the cancel.
  expect(times[7] - times[2]).toBeGreaterThan(200)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })

  const second = new PushedFeed()
  second.push(...events, trade('BTCUSDT', 100, 2))
  const again = await start(second, 1000)
  await until(() => submits(home).length >= 14, 'the orders of the second run')
  await settled(again)
  expect(await again.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true, gateway: { strays: 0 } })
})

/** A live venue with limits of its own. */
class LimitedVenue extends TimedVenue {
  readonly requestLimits = { venue: { perSecond: 2, burst: 2 } }
}

test('a gateway that ends while orders wait for a live venue: the next one does not send them, and says so', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const exchange = newExchange()
  const feed = new PushedFeed()
  const options = { ...QUICK, home, strategies: [moduleOf(EIGHT)], requestExpiryMs: 60_000 }
  const gateway = await Gateway.start({ ...options, feed, venue: new LimitedVenue(exchange) })
  await until(() => sequenceOf<{ kind: string }>(home, VenueReport).some(({ kind }) => kind === 'reconciled'))
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await until(() => submits(home).length >= 2, 'the first ones')
  await settled(gateway)
  await gateway.stop()
  const sent = exchange.submits.length
  expect(sent).toBeLessThan(7)
  const venue = new LimitedVenue(exchange)
  const next = await Gateway.start({ ...options, strategies: [], feed: new PushedFeed(), venue })
  await until(
    () => reportsOf(home).filter(({ reason }) => reason === 'not-sent').length === 7 - sent,
    'what was not sent',
  )
  // The cancel of the first one still leaves, unless that is filled by then.
  await until(() => next.status.venues[0].waiting === 0, 'the cancel')
  await next.stop()
  expect(venue.submitted).toEqual([])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

test('limits under which a request could never leave are refused at the start', async () => {
  class Impossible extends TimedVenue {
    readonly requestLimits = { venue: { perSecond: 2, burst: 2 }, weights: { amend: 3 } }
  }
  const options = { ...QUICK, home: newHome(), strategies: [], feed: new PushedFeed() }
  expect(await rejectionOf(Gateway.start({ ...options, venue: new Impossible(newExchange()) }))).toMatchObject({
    code: 'ERR_VENUE',
    message: expect.stringContaining('could never leave') as string,
  })
  expect(() => new SimulatedExchange({ requestLimits: { account: { perSecond: -1 } } })).toThrow(/perSecond/)
})
