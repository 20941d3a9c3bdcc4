import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idHigh } from '../../../dist/trading/messages/order-id.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import { loadOrders, saveOrders } from '../../../dist/trading/orders/life/snapshot.js'
import { stateName } from '../../../dist/trading/orders/life/state.js'
import { Changed } from '../../../dist/trading/orders/life/words.js'
import { pack, unpack } from '../../../dist/trading/snapshots/pack.js'
import { VenueEvent } from '../../../dist/trading/venues/venue-event.js'
import { BTC, ETH, eventFor, fillOf, home, newOrder } from '../../support/orders.ts'

const SECOND = 1e9
const { instruments, btc, all } = home(BTC, ETH)

function submit(orders: Orders, terms = {}, strategy = 1, instrument = btc): LiveOrder {
  const order = newOrder(orders, instrument, terms, strategy)
  orders.submit(order, 0)
  return order
}

describe('finding orders', () => {
  test('an order is found by its id, in any strategy and epoch, and no other is', () => {
    const ids = fc.uniqueArray(
      fc.record({
        strategy: fc.integer({ min: 1, max: 4095 }),
        epoch: fc.integer({ min: 0, max: 2 ** 20 - 1 }),
        low: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      }),
      { selector: ({ strategy, epoch, low }) => `${strategy}/${epoch}/${low}`, maxLength: 60 },
    )
    fc.assert(
      fc.property(ids, wanted => {
        const orders = new Orders(instruments)
        const made = wanted.map(({ strategy, epoch, low }) => {
          const order = orders.create(idHigh(strategy, epoch), low)
          order.instrument = btc
          order.steps = 10
          orders.submit(order, 0)
          return order
        })
        for (const order of made) expect(orders.find(order.idHigh, order.idLow)).toBe(order)
        for (const { idHigh: high, idLow: low } of made) {
          const other = made.find(one => one.idHigh === high && one.idLow === low - 1)
          expect(orders.find(high, low - 1)).toBe(other)
          expect(orders.wasUsed(high, low)).toBe(true)
        }
        expect(orders.find(idHigh(4095, 5), 3)).toBe(
          made.find(one => one.idHigh === idHigh(4095, 5) && one.idLow === 3),
        )
      }),
    )
  })
  test('open orders are listed by strategy, instrument and account, oldest first', () => {
    const orders = new Orders(instruments)
    const a = submit(orders, { accountNumber: 0 }, 1, all[0])
    const b = submit(orders, { accountNumber: 1 }, 1, all[1])
    const c = submit(orders, { accountNumber: 1 }, 2, all[0])
    expect([...orders.ofStrategy(1)]).toEqual([a, b])
    expect([...orders.ofInstrument(all[0].number)]).toEqual([a, c])
    expect([...orders.ofAccount(1)]).toEqual([b, c])
    orders.apply(eventFor(b, 'cancelled'), 1)
    expect([...orders.ofStrategy(1)]).toEqual([a])
    expect([...orders.ofAccount(1)]).toEqual([c])
    expect(orders.ofAccount(1).size).toBe(1)
    expect(orders.open).toBe(2)
  })
  test('orders may become final while a list is walked', () => {
    const orders = new Orders(instruments)
    for (let i = 0; i < 5; i++) submit(orders)
    for (const order of orders.ofStrategy(1)) orders.apply(eventFor(order, 'cancelled'), 1)
    expect([orders.open, orders.ofStrategy(1).size]).toEqual([0, 0])
  })
})

describe('how long an order is kept', () => {
  test('an open order is kept for ever, a final one for its time after the last word', () => {
    const orders = new Orders(instruments, { keepNs: 10 * SECOND })
    const open = submit(orders)
    const order = submit(orders)
    const { idHigh: high, idLow: low } = order
    orders.apply(eventFor(order, 'cancelled'), 1 * SECOND)
    orders.apply(eventFor(order, 'cancelled'), 5 * SECOND)
    orders.forget(14 * SECOND, 10)
    expect(orders.find(high, low)).toBe(order)
    orders.forget(16 * SECOND, 10)
    expect(orders.find(high, low)).toBeUndefined()
    expect(orders.find(open.idHigh, open.idLow)).toBe(open)
    expect(orders.size).toBe(1)
  })
  test('an event about a removed order is forgotten, not an orphan', () => {
    const orders = new Orders(instruments, { keepNs: 0 })
    const order = submit(orders)
    const event = fillOf(order, 'a', 1)
    orders.apply(eventFor(order, 'rejected'), 1)
    orders.forget(2, 10)
    expect(orders.apply(event, 3)).toBe(Changed.FORGOTTEN)
    expect(orders.order).toBeUndefined()
    expect(orders.size).toBe(0)
  })
  test('an order with missing fills is kept until they come', () => {
    const orders = new Orders(instruments, { keepNs: 0, keepMost: 0 })
    const order = submit(orders)
    const { idHigh: high, idLow: low } = order
    orders.apply(eventFor(order, 'cancelled', { filledSteps: 2 }), 1)
    for (let i = 0; i < 5; i++) orders.forget(100 * SECOND, 10)
    expect(orders.find(high, low)).toBe(order)
    orders.apply(fillOf(order, 'a', 2), 100 * SECOND)
    orders.forget(101 * SECOND, 10)
    expect(orders.find(high, low)).toBeUndefined()
  })
  test('above the bound, the order that ended first is removed', () => {
    const orders = new Orders(instruments, { keepMost: 3 })
    const made = Array.from({ length: 5 }, () => submit(orders))
    const ids = made.map(({ idHigh: high, idLow: low }) => [high, low] as const)
    for (const order of made.toReversed()) orders.apply(eventFor(order, 'cancelled'), 1)
    orders.forget(2, 10)
    expect(ids.map(([high, low]) => orders.find(high, low) !== undefined)).toEqual([true, true, true, false, false])
  })
  test('memory is bounded: ten thousand lives use few objects', () => {
    const orders = new Orders(instruments, { keepMost: 100 })
    const seen = new Set<LiveOrder>()
    for (let i = 0; i < 10_000; i++) {
      const order = submit(orders)
      seen.add(order)
      orders.apply(fillOf(order, 'a', 10), i)
      orders.apply(eventFor(order, 'filled', { filledSteps: 10 }), i)
    }
    expect(seen.size).toBeLessThan(120)
    expect(orders.size).toBeLessThan(120)
    expect(orders.open).toBe(0)
  })
  test('an order object that is used again begins as new', () => {
    const orders = new Orders(instruments, { keepNs: 0 })
    const order = submit(orders, { operator: true })
    order.label = 'mine'
    orders.requestAmend(order, 1, 50, 0)
    orders.requestCancel(order, 0)
    orders.markUnknown(order, 1)
    orders.apply(fillOf(order, 'a', 3), 1)
    orders.apply(eventFor(order, 'cancelled', { filledSteps: 3, reason: 5, venueOrderId: 'v', venueTime: 9 }), 1)
    orders.forget(2, 10)
    const next = orders.create(idHigh(1, 1), 999_999)
    expect(next).toBe(order)
    const fresh = new Orders(instruments).create(idHigh(1, 1), 999_999)
    const { requests: _a, tradeIds: _b, paid: _c, reserve: _d, ...left } = next
    const { requests: _e, tradeIds: _f, paid: _g, reserve: _h, ...right } = fresh
    const terms = ['instrument', 'ticks', 'steps', 'side', 'type', 'timeInForce', 'stopTicks', 'expireAt', 'deadline']
    for (const name of [...terms, 'sequence', 'queuedAt', 'account', 'accountNumber', 'postOnly', 'reduceOnly']) {
      delete (left as Record<string, unknown>)[name]
      delete (right as Record<string, unknown>)[name]
    }
    expect(left).toEqual(right)
    expect([next.requests.size, next.requests.mostSteps, next.tradeIds.size, next.paid.toNumber()]).toEqual([
      0, 0, 0, 0,
    ])
  })
})

describe('orders that no journal knows', () => {
  test('an order of ours that is not known is adopted as an orphan', () => {
    const orders = new Orders(instruments)
    const event = Object.assign(new VenueEvent(), {
      kind: 'open',
      idHigh: idHigh(3, 9),
      idLow: 77,
      instrument: 1,
      side: 1,
      ticks: 500,
      steps: 20,
      filledSteps: 5,
      venueTime: SECOND,
    })
    expect(orders.apply(event, 1)).toBe(Changed.ORPHAN | Changed.STATE | Changed.MISSING)
    const order = orders.order as LiveOrder
    expect([order.orphan, order.strategy, order.side, order.ticks, order.steps, order.missingSteps]).toEqual([
      true,
      3,
      1,
      500,
      20,
      5,
    ])
    expect([...orders.ofInstrument(1)]).toEqual([order])
    orders.apply(eventFor(order, 'cancelled', { filledSteps: 5 }), 2)
    expect([stateName(order), orders.open]).toEqual(['cancelled', 0])
  })
  test('a fill of an unknown order of ours is booked, with its terms still unknown', () => {
    const orders = new Orders(instruments)
    const facts = { idHigh: idHigh(3, 9), idLow: 78, instrument: 1, side: 0 }
    const fill = Object.assign(new VenueEvent(), { ...facts, kind: 'fill', tradeId: 'x', ticks: 500, steps: 2 })
    // Whether it still works is not known.
    expect(orders.apply(fill, 1)).toBe(Changed.ORPHAN | Changed.STATE | Changed.FILL | Changed.CERTAINTY)
    const order = orders.order as LiveOrder
    expect([order.filledSteps, order.isFinal, order.isOverfilled]).toEqual([2, false, false])
    orders.apply(Object.assign(new VenueEvent(), { ...facts, kind: 'accepted', ticks: 501, steps: 9 }), 2)
    expect([order.ticks, order.steps, order.openSteps]).toEqual([501, 9, 7])
  })
  test('an orphan in an instrument that nobody knows is invalid', () => {
    const orders = new Orders(instruments)
    expect(
      orders.apply(Object.assign(new VenueEvent(), { kind: 'open', idHigh: 1, idLow: 1, instrument: 99 }), 1),
    ).toBe(Changed.INVALID)
    expect(orders.size).toBe(0)
  })
  test('orders of others are shown, and count for nothing', () => {
    const orders = new Orders(instruments, { foreignMost: 2 })
    const foreign = (venueOrderId: string, facts: Partial<VenueEvent> = {}): VenueEvent =>
      Object.assign(new VenueEvent(), { kind: 'open', venueOrderId, instrument: 1, ticks: 5, steps: 6, ...facts })
    expect(orders.apply(foreign('one'), 1)).toBe(Changed.FOREIGN)
    orders.apply(foreign('one', { kind: 'fill', tradeId: 'a', steps: 2 }), 2)
    orders.apply(foreign('one', { kind: 'fill', tradeId: 'a', steps: 2 }), 3)
    expect(orders.foreign.all).toMatchObject([
      { venueOrderId: 'one', steps: 6, filledSteps: 2, heardAt: 3, isFinal: false },
    ])
    orders.apply(foreign('two', { kind: 'cancelled' }), 4)
    orders.apply(foreign('three'), 5)
    expect(orders.foreign.all.map(one => one.venueOrderId)).toEqual(['two', 'three'])
    expect([orders.size, orders.open]).toEqual([0, 0])
    expect(orders.apply(foreign(''), 6)).toBe(Changed.INVALID)
  })
  test('an order that was denied before it was sent is no orphan later', () => {
    const orders = new Orders(instruments)
    const order = newOrder(orders, btc)
    const event = eventFor(order, 'accepted')
    orders.discard(order)
    expect(orders.apply(event, 1)).toBe(Changed.FORGOTTEN)
  })
})

test('a book that is saved and loaded goes on in the same way', () => {
  const orders = new Orders(instruments)
  const made = Array.from({ length: 6 }, (_, i) => submit(orders, { accountNumber: i % 2 }, 1 + (i % 3), all[i % 2]))
  orders.requestAmend(made[0], 1005, 12, 7)
  orders.requestCancel(made[0], 8)
  orders.apply(fillOf(made[1], 'a', 3), 1)
  orders.apply(fillOf(made[1], 'b', 1), 1)
  orders.apply(fillOf(made[1], 'c', 1), 1)
  orders.apply(eventFor(made[2], 'cancelled', { filledSteps: 4, reason: 9 }), 2)
  orders.markUnknown(made[3], 3)
  const data = unpack(pack(saveOrders(orders))) as ReturnType<typeof saveOrders>
  const loaded = new Orders(instruments)
  loadOrders(loaded, data, instruments)
  expect(pack(saveOrders(loaded)).equals(pack(data))).toBe(true)
  expect([loaded.open, loaded.size]).toEqual([orders.open, orders.size])
  for (const list of [0, 1])
    expect([...loaded.ofAccount(list)].map(one => one.idLow)).toEqual([...orders.ofAccount(list)].map(one => one.idLow))
  for (const order of made)
    expect(stateName(loaded.find(order.idHigh, order.idLow) as LiveOrder)).toBe(stateName(order))
  expect(loaded.apply(fillOf(made[1], 'b', 1), 4)).toBe(Changed.DUPLICATE)
  expect(loaded.apply(fillOf(made[2], 'd', 4), 4)).toBe(Changed.FILL | Changed.MISSING)
  expect(loaded.wasUsed(made[5].idHigh, made[5].idLow)).toBe(true)
})
