import { Decimal } from 'decimal.js'
import { auditSession, Gateway, type MarketEvent, replayGateway, replayStrategy } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Intent } from '../../../dist/trading/sequence/frames.js'
import {
  moduleOf,
  newHome,
  notesOf,
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
import { agreementOf } from '../../support/exchange-record.ts'

const BTC = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

/** Buys and sells, rests and amends and cancels; from trade 1000 on it only cancels. */
const BUSY = `
  const resting = []
  let bid = 100, ask = 101
  export default defineStrategy({ id: 'a',
    onBook(book) { bid = book.bid; ask = book.ask },
    onTrade({ symbol, tradeId }, context) {
      const n = Number(tradeId)
      if (n >= 1000) { context.cancelAll(); return }
      if (n % 4 === 0) context.order({ symbol, side: n % 8 === 0 ? 'buy' : 'sell', quantity: 0.003 + (n % 5) / 1000 })
      if (n % 4 === 1) resting.push(context.order({ symbol, side: 'buy', quantity: 0.01, price: bid }))
      if (n % 4 === 2) resting.push(context.order({ symbol, side: 'sell', quantity: 0.007, price: ask }))
      if (n % 4 === 3 && resting.length > 2) {
        context.amend(resting[resting.length - 1], { quantity: 0.012 })
        context.cancel(resting.shift())
      }
    },
    onStop(context) {
      const { quantity, realised } = context.position('BTCUSDT')
      context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: 0.1, clientOrderId: quantity + ' ' + context.openOrders().length })
    } })`

/** A price that goes up and down, and a trade at each step. */
function market(first: number, count: number): MarketEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const price = 100 + Math.round(20 * Math.sin((first + i) / 7)) / 10
    return [quote('BTCUSDT', price, Number((price + 0.1).toFixed(1)), 0.02), trade('BTCUSDT', price, first + i)]
  }).flat()
}

test.each([
  [
    'is late, and doubles and reorders what it says',
    7,
    { doubled: 0.3, reordered: 0.5, reorderNs: 5e6, late: 0.1, lateNs: 80e6 },
  ],
  [
    'loses requests and answers too',
    11,
    { lostRequest: 0.1, lostAnswer: 0.1, doubled: 0.2, reordered: 0.3, late: 0.05, lateNs: 80e6 },
  ],
  ['breaks its connection again and again', 5, { disconnect: 0.02, outageNs: 30e6, doubled: 0.1, reordered: 0.2 }],
])(
  'an exchange that %s: nothing is final without its word, and both agree on every order and fill',
  {
    timeout: 60_000,
  },
  async (_, seed, faults) => {
    const home = newHome()
    const feed = new PushedFeed()
    const venue = new SimulatedExchange({
      instruments: [BTC],
      seed,
      faults,
      latencyNs: { min: 100_000, max: 3_000_000 },
    })
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [moduleOf(BUSY)],
      feed,
      venue,
      requestExpiryMs: 50,
    })
    // On a busy machine the connection is away for more of the market: it goes on until there were enough orders.
    for (let i = 0; i < 20 || (i < 45 && venue.record().orders.length <= 40); i++) {
      feed.push(...market(1 + 20 * i, 20))
      await settled(gateway)
    }
    // What is open is cancelled, again and again, until both say that nothing is open.
    let n = 1000
    const openHere = (): number => {
      const last = new Map(reportsOf(home).map(({ orderId, state }) => [orderId, state] as const))
      return [...last.values()].filter(
        state => !/filled$|cancelled|rejected|denied|expired/.test(state) || state === 'partially-filled',
      ).length
    }
    const isUnsettled = (): boolean => {
      const { open, disagreements } = agreementOf(home, venue, 1000)
      return openHere() > 0 || open > 0 || disagreements.length > 0
    }
    for (let i = 0; i < 40 && isUnsettled(); i++) {
      feed.push(trade('BTCUSDT', 100, n++))
      await settled(gateway)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    const agreement = agreementOf(home, venue, 1000)
    console.log(`${agreement.orders} orders, ${agreement.fills} fills, ${agreement.denied} denied`)
    expect(agreement).toMatchObject({ disagreements: [], open: 0 })
    expect(agreement.orders).toBeGreaterThan(30)
    expect(agreement.fills).toBeGreaterThan(20)
    expect(await gateway.stop()).toBe(true)

    // Each order was sent once.
    const submits = sequenceOf<{ action: string; orderId: bigint }>(home, Intent).filter(
      ({ action }) => action === 'submit',
    )
    expect(new Set(submits.map(({ orderId }) => orderId)).size).toBe(submits.length)
    expect(venue.record().duplicates).toBe(0)
    // A fold of the exchange's own fills with another library.
    const position = venue
      .record()
      .fills.reduce(
        (sum, { side, steps }) => sum.plus(new Decimal(side === 'buy' ? steps : -steps).div(1000)),
        new Decimal(0),
      )
    expect(notesOf(home).at(-1)).toBe(`${position.toString()} 0`)
    const audit = await auditSession(home)
    expect(audit.strategies[0]).toMatchObject({ unanswered: 0, answeredTwice: 0, lost: 0, gaps: 0, duplicates: 0 })
    expect(audit).toMatchObject({ sound: true, gateway: { strays: 0, filledTwice: 0 } })
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({
      difference: undefined,
      orders: ordersOf(home).length,
    })
  },
)

test('an order that nobody answers is unknown after its deadline, and denied only when the exchange proves that it never arrived', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const venue = new SimulatedExchange({ instruments: [BTC], faults: { lostRequest: 1 } })
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [
      moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
        context.order({ symbol, side: 'buy', quantity: 0.01, price: 100 })
      } })`),
    ],
    feed,
    venue,
    requestExpiryMs: 50,
  })
  feed.push(...market(1, 1))
  await until(() => reportsOf(home).at(-1)?.state === 'denied', 'the end')
  expect(await gateway.stop()).toBe(true)
  expect(reportsOf(home).map(({ state, reason }) => [state, reason])).toEqual([
    ['unknown', expect.any(String)],
    ['denied', 'never-arrived'],
  ])
  const intents = sequenceOf<{ action: string; deadline: bigint }>(home, Intent)
  expect(intents.map(({ action }) => action).filter(action => action !== 'reconcile')).toEqual([
    'submit',
    // The query may be lost too, or come before the venue can prove anything.
    ...Array.from({ length: intents.filter(({ action }) => action === 'query').length }, () => 'query'),
  ])
  expect(intents.some(({ action }) => action === 'query')).toBe(true)
  const deadline = intents.find(({ action }) => action === 'submit')?.deadline ?? 0n
  for (const { time } of reportsOf(home)) expect(time).toBeGreaterThan(deadline)
  expect(venue.record().orders).toEqual([])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})
