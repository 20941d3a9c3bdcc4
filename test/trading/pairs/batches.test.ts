import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { auditSession, Gateway, replayGateway, replayStrategy } from 'ticktape/runtime'
import { SimulatedExchange, type VenueOrder } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { VenueReport } from '../../../dist/trading/sequence/frames.js'
import { newExchange, TimedVenue } from '../../support/async-venue.ts'
import {
  feedOf,
  framesOf,
  moduleOf,
  newHome,
  ordersOf,
  PushedFeed,
  playToEnd,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'

/** Seven orders at once, of which risk denies the fourth. */
const SEVEN = `export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
    context.orders([1, 2, 3, 400, 5, 6, 7].map(quantity => ({ symbol, side: 'buy', quantity: quantity / 10, price: 100 })))
  } })`
const RISK = { maxOrderQuantity: 10 }

/** Takes three orders in a request. */
class BatchVenue extends TimedVenue {
  readonly maxBatch = 3
  readonly batches: number[] = []

  submitBatch(orders: readonly VenueOrder[], now: number): void {
    this.batches.push(orders.length)
    for (const order of orders) this.submit(order, now)
  }
}

test('a batch leaves as few requests as the venue takes; what risk denies of it, or the venue leaves open, concerns no other', {
  timeout: 30_000,
}, async () => {
  const home = newHome()
  const venue = new BatchVenue(newExchange())
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(SEVEN)], feed, venue, risk: RISK })
  await until(() => sequenceOf<{ kind: string }>(home, VenueReport).some(({ kind }) => kind === 'reconciled'))
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await until(() => reportsOf(home).length >= 10, 'the reports')
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  expect(venue.batches).toEqual([3, 3])
  const orders = ordersOf(home)
  expect(orders).toHaveLength(7)
  // All in one store: they have one cause, and follow each other.
  expect(new Set(orders.map(({ cause }) => cause)).size).toBe(1)
  const ends = new Map(reportsOf(home).map(({ orderId, state }) => [orderId, state] as const))
  // The venue fills each other one.
  expect(orders.map(({ orderId }) => ends.get(orderId))).toEqual([
    'filled',
    'accepted',
    'filled',
    'denied',
    'filled',
    'accepted',
    'filled',
  ])
  expect(await auditSession(home)).toMatchObject({ sound: true })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined, orders: 7 })
})

test('the simulated exchange gets them one by one', { timeout: 30_000 }, async () => {
  const home = newHome()
  const venue = new SimulatedExchange()
  const events = [quote('BTCUSDT', 99, 100), trade('BTCUSDT', 100, 1)]
  await playToEnd({ home, strategies: [moduleOf(SEVEN)], feed: feedOf(events), venue, risk: RISK })
  expect(venue.record().orders.length).toBe(6)
  expect(reportsOf(home).filter(({ state }) => state === 'denied')).toMatchObject([{ reason: 'order-too-large' }])
})

test('a venue in a process of its own gets a batch as one request, after its journal says of each order that it was sent', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const folder = makeFolder()
  const log = join(folder, 'batches')
  const file = join(folder, 'venue.mjs')
  const trading = pathToFileURL(join(import.meta.dirname, '../../../dist/public/trading.js')).href
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs'
    import { VenueEvent } from '${trading}'
    let report
    const say = (kind, order, more = {}) =>
      report(Object.assign(new VenueEvent(), { kind, idHigh: order.idHigh ?? 0, idLow: order.idLow ?? 0, instrument: order.instrument?.number ?? 0, ...more }))
    export default {
      name: 'own', accounts: ['main'], canAmend: false, deterministic: false, maxBatch: 4,
      instruments: [{ venue: 'own', symbol: 'BTCUSDT', kind: 'spot', base: 'BTC', quote: 'USDT', priceTick: '0.1', quantityStep: '0.001' }],
      start(to) { report = to; setTimeout(() => say('connected', {}), 1) },
      submit(order) { appendFileSync('${log}', '1 '); this.answer(order) },
      submitBatch(orders) { appendFileSync('${log}', orders.length + ' '); for (const order of orders) this.answer(order) },
      answer(order) {
        if (order.steps === 200) return say('rejected', order)
        say('fill', order, { steps: order.steps, ticks: order.ticks, tradeId: 't' + order.idLow, feeCurrency: 'USDT' })
        say('filled', order, { filledSteps: order.steps })
      },
      amend() {}, cancel() {}, query() {}, close() {},
      reconcile(account) { say('reconciled', {}, { account }) },
    }`,
  )
  const feed = new PushedFeed()
  const options = { ...QUICK, home, strategies: [moduleOf(SEVEN)], feed, venue: file, risk: RISK }
  const gateway = await Gateway.start(options)
  await until(() => sequenceOf<{ kind: string }>(home, VenueReport).some(({ kind }) => kind === 'reconciled'))
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await until(() => reportsOf(home).filter(({ state }) => state === 'filled').length === 5, 'five fills')
  expect(await gateway.stop()).toBe(true)
  expect(existsSync(log) ? readFileSync(log, 'utf8') : '').toBe('4 2 ')
  const words = framesOf<{ kind: string; orderId: bigint }>(join(home, 'venues', 'own'), VenueReport)
  const kinds = words.filter(({ orderId }) => orderId !== 0n).map(({ kind }) => kind)
  expect(kinds.slice(0, 4)).toEqual(['sending', 'sending', 'sending', 'sending'])
  expect(kinds.filter(kind => kind === 'sending')).toHaveLength(6)
  expect(
    reportsOf(home)
      .map(({ state }) => state)
      .filter(state => state === 'rejected' || state === 'denied')
      .sort(),
  ).toEqual(['denied', 'rejected'])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})
