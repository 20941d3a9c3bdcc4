/** Final orders that are packed into numbers: nothing of them is lost, and what still comes is booked as before. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idHigh } from '../../../dist/trading/messages/order-id.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders, type OrdersOptions } from '../../../dist/trading/orders/life/orders.js'
import { type OrderData, saveOrder } from '../../../dist/trading/orders/life/snapshot.js'
import { Changed } from '../../../dist/trading/orders/life/words.js'
import type { VenueEvent } from '../../../dist/trading/venues/venue-event.js'
import { BTC, ETH, eventFor, fillOf, home, newOrder } from '../../support/orders.ts'

const { instruments, all } = home(BTC, ETH)
/** More orders than are kept as objects. */
const MANY = 2_000

function submit(orders: Orders, terms = {}, instrument = all[0]): LiveOrder {
  const order = newOrder(orders, instrument, terms)
  orders.submit(order, 0)
  return order
}

/** Lets so many orders begin and end. */
function pass(orders: Orders, count: number, now = 1): void {
  for (let i = 0; i < count; i++) orders.apply(eventFor(submit(orders), 'cancelled', { filledSteps: 0 }), now)
}

const fate = fc.record({
  side: fc.constantFrom(0, 1),
  type: fc.constantFrom(0, 1, 2, 3),
  timeInForce: fc.constantFrom(0, 1, 2),
  ticks: fc.integer({ min: 1, max: 2 ** 40 }),
  steps: fc.integer({ min: 5, max: 2 ** 35 }),
  instrument: fc.nat(1),
  label: fc.constantFrom('', 'mine', 'größer'),
  venueOrder: fc.constantFrom({ venueOrderNumber: 0 }, { venueOrderNumber: 77 }, { venueOrderId: 'v-1' }),
  trades: fc.array(fc.constantFrom('7', 'a', 'b', 7, 8, 9), { maxLength: 4 }),
  reason: fc.integer({ min: 0, max: 60 }),
  postOnly: fc.boolean(),
  end: fc.constantFrom('cancelled' as const, 'expired' as const, 'rejected' as const),
  accountNumber: fc.constantFrom(0, 3),
})

/** The orders of a book by their ids, as plain data. */
function book(orders: Orders): Map<string, OrderData> {
  return new Map([...orders].map(order => [`${order.idHigh}/${order.idLow}`, sorted(saveOrder(order))]))
}

function sorted(order: OrderData): OrderData {
  return { ...order, tradeIds: order.tradeIds.map(String).sort() }
}

test('a packed order is found again as it was, whatever it was', () => {
  fc.assert(
    fc.property(fc.array(fate, { minLength: 1, maxLength: 20 }), fates => {
      const orders = new Orders(instruments)
      for (const { trades, label, venueOrder, reason, end, instrument, ...terms } of fates) {
        const order = submit(orders, terms, all[instrument])
        order.label = label
        for (const trade of trades) {
          const facts = typeof trade === 'number' ? { tradeNumber: trade } : { tradeId: trade }
          orders.apply(Object.assign(fillOf(order, '', 1), facts), 5)
        }
        const { filledSteps } = order
        orders.apply(eventFor(order, end, { reason, venueTime: 9, filledSteps, ...venueOrder }), 6)
      }
      const before = book(orders)
      expect(before.size).toBe(fates.length)
      pass(orders, 600)
      const packed = book(orders)
      for (const [key, data] of before) {
        expect(packed.get(key)).toEqual(data)
        const [high, low] = key.split('/').map(Number)
        expect(orders.find(high, low)?.instrument.number).toBe(data.instrument)
      }
      // As objects again, in their places.
      const again = book(orders)
      expect([...again.keys()]).toEqual([...packed.keys()])
      for (const [key, data] of before) expect(again.get(key)).toEqual(data)
    }),
    { numRuns: 10 },
  )
})

test('what still comes about a packed order is booked once', () => {
  const orders = new Orders(instruments)
  const order = submit(orders)
  const { idHigh: high, idLow: low } = order
  const first = Object.assign(fillOf(order, '', 3), { tradeNumber: 12 })
  const same = fillOf(order, '12', 3)
  const late = fillOf(order, 'late', 2)
  orders.apply(first, 1)
  orders.apply(eventFor(order, 'cancelled', { filledSteps: 3 }), 1)
  pass(orders, MANY)
  expect(order.idLow).not.toBe(low)
  expect(orders.apply(first, 2)).toBe(Changed.DUPLICATE)
  expect(orders.apply(same, 2)).toBe(Changed.DUPLICATE)
  expect(orders.apply(late, 2) & Changed.FILL).toBe(Changed.FILL)
  expect(orders.apply(late, 2)).toBe(Changed.DUPLICATE)
  const found = orders.find(high, low)
  expect([found?.filledSteps, found?.paid.toNumber(), found?.isFinal]).toEqual([5, 5000, true])
})

test('an order that is not at rest stays an object', () => {
  const orders = new Orders(instruments)
  const missing = submit(orders)
  orders.apply(eventFor(missing, 'cancelled', { filledSteps: 2 }), 1)
  const asked = submit(orders)
  orders.requestCancel(asked, 0)
  orders.apply(fillOf(asked, 'a', 10), 1)
  const large = submit(orders, { ticks: 2 ** 50, steps: 2 ** 50 })
  orders.apply(fillOf(large, 'b', 2 ** 50, 2 ** 50), 1)
  const ids = [missing, asked, large].map(({ idHigh: high, idLow: low }) => [high, low] as const)
  pass(orders, MANY)
  expect(ids.map(([high, low]) => orders.find(high, low))).toEqual([missing, asked, large])
  expect(orders.apply(eventFor(asked, 'cancel-rejected', { request: 1 }), 2)).toBe(Changed.REQUEST)
})

/** What is kept must not depend on which orders are packed: a desk that was loaded packs others. */
test('packed orders are forgotten when the others would be', () => {
  const keep: OrdersOptions = { keepNs: 1000, keepMost: 1_500 }
  const orders = new Orders(instruments, keep)
  const ids: (readonly [number, number])[] = []
  const events: VenueEvent[] = []
  for (let i = 0; i < MANY; i++) {
    const order = submit(orders)
    ids.push([order.idHigh, order.idLow])
    events.push(fillOf(order, `t${i}`, 1))
    orders.apply(eventFor(order, 'cancelled', { filledSteps: 0 }), 100)
  }
  // Without `find`, which makes an object of a packed order.
  const isKnown = (i: number): boolean => book(orders).has(`${ids[i][0]}/${ids[i][1]}`)
  orders.forget(200, 10_000)
  expect([isKnown(0), isKnown(499), isKnown(500), isKnown(MANY - 1)]).toEqual([false, false, true, true])
  expect(orders.apply(events[0], 200)).toBe(Changed.FORGOTTEN)
  // Heard of again: it waits once more.
  expect(orders.apply(events[600], 900) & Changed.FILL).toBe(Changed.FILL)
  orders.forget(1_200, 10_000)
  expect([isKnown(599), isKnown(600), isKnown(601), isKnown(MANY - 1)]).toEqual([false, true, false, false])
  orders.forget(2_000, 10_000)
  expect([isKnown(600), orders.size]).toEqual([false, 0])
})

test('memory is bounded: a hundred thousand final orders are few objects', () => {
  const orders = new Orders(instruments)
  const seen = new Set<LiveOrder>()
  for (let i = 0; i < 100_000; i++) {
    const order = orders.create(idHigh(1, 2), i + 1)
    order.instrument = all[0]
    order.steps = 1
    seen.add(order)
    orders.submit(order, i)
    orders.apply(eventFor(order, 'cancelled', { filledSteps: 0 }), i)
  }
  expect(orders.size).toBe(100_000)
  expect(seen.size).toBeLessThan(1_000)
  expect(orders.find(idHigh(1, 2), 1)?.idLow).toBe(1)
})
