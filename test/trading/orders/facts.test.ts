import { describe, expect, test } from 'vitest'
import { reasonCode } from '../../../dist/trading/messages/reasons.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import { stateName } from '../../../dist/trading/orders/life/state.js'
import { Changed } from '../../../dist/trading/orders/life/words.js'
import type { VenueEvent, VenueEventKind } from '../../../dist/trading/venues/venue-event.js'
import { BTC, ETH, eventFor, fillOf, home, newOrder, reasonName } from '../../support/orders.ts'

const SECOND = 1e9
const { instruments, btc } = home(BTC, ETH)

function submitted(terms: Parameters<typeof newOrder>[2] = {}): {
  orders: Orders
  order: LiveOrder
  say: (kind: VenueEventKind, facts?: Partial<VenueEvent>, now?: number) => number
  fill: (tradeId: string, steps: number, ticks?: number) => number
} {
  const orders = new Orders(instruments)
  const order = newOrder(orders, btc, terms)
  orders.submit(order, 0)
  return {
    orders,
    order,
    say: (kind, facts = {}, now = 1) => orders.apply(eventFor(order, kind, facts), now),
    fill: (tradeId, steps, ticks) => orders.apply(fillOf(order, tradeId, steps, ticks), 1),
  }
}

describe('the state', () => {
  test('an order is submitted, accepted, partially filled and filled', () => {
    const { order, say, fill } = submitted()
    expect(stateName(order)).toBe('submitted')
    expect(say('accepted', { venueOrderId: 'v1' })).toBe(Changed.STATE)
    expect(stateName(order)).toBe('accepted')
    expect(order.venueOrderId).toBe('v1')
    expect(fill('a', 4)).toBe(Changed.STATE | Changed.FILL)
    expect(stateName(order)).toBe('partially-filled')
    expect(fill('b', 6)).toBe(Changed.STATE | Changed.FILL | Changed.FINAL)
    expect(stateName(order)).toBe('filled')
  })
  test('a timeout is unknown, not rejected, and the late answer is the outcome', () => {
    const { orders, order, say } = submitted()
    expect(orders.markUnknown(order, 5 * SECOND)).toBe(Changed.CERTAINTY | Changed.STATE)
    expect(orders.markUnknown(order, 6 * SECOND)).toBe(0)
    expect(stateName(order)).toBe('unknown')
    expect(order.unknownSince).toBe(5 * SECOND)
    expect(order.isFinal).toBe(false)
    say('accepted')
    expect(stateName(order)).toBe('accepted')
  })
  test('a fill proves that an unknown submit arrived, but not that a known order still works', () => {
    const first = submitted()
    first.orders.markUnknown(first.order, 1)
    first.fill('a', 1)
    expect(stateName(first.order)).toBe('partially-filled')
    const second = submitted()
    second.say('accepted')
    second.orders.markUnknown(second.order, 1)
    second.fill('a', 1)
    expect(stateName(second.order)).toBe('unknown')
    expect(second.order.filledSteps).toBe(1)
  })
  test('a late cancel-reject does not change a filled order', () => {
    const { orders, order, say, fill } = submitted()
    say('accepted')
    const request = orders.requestCancel(order, 0)
    expect(order.pendingCancel).toBe(true)
    fill('a', 10)
    expect(order.pendingCancel).toBe(false)
    expect(say('cancel-rejected', { request, reason: reasonCode('order-is-final') })).toBe(Changed.REQUEST)
    expect(stateName(order)).toBe('filled')
  })
  test('a stale cancel after the fill that filled it leaves it filled', () => {
    const { order, say, fill } = submitted()
    fill('a', 10)
    say('cancelled', { filledSteps: 4 })
    expect(stateName(order)).toBe('filled')
  })
  test('an order that the venue filled after it was said to be cancelled is filled, and that is said', () => {
    const { order, say, fill } = submitted()
    say('cancelled', { filledSteps: 0 })
    expect(fill('a', 10)).toBe(Changed.FILL | Changed.STATE | Changed.REVISED)
    expect(stateName(order)).toBe('filled')
  })
})

describe('fills', () => {
  test('a fill counts once, whenever and however often it comes', () => {
    const { order, say, fill } = submitted()
    expect(fill('a', 4) & Changed.FILL).toBe(Changed.FILL)
    expect(fill('a', 4)).toBe(Changed.DUPLICATE)
    say('cancelled', { filledSteps: 5 })
    expect(order.missingSteps).toBe(1)
    expect(fill('b', 1)).toBe(Changed.FILL | Changed.MISSING)
    expect(fill('b', 1)).toBe(Changed.DUPLICATE)
    expect([order.filledSteps, order.missingSteps, stateName(order)]).toEqual([5, 0, 'cancelled'])
  })
  test('many fills of one order are told apart by their ids', () => {
    const { order, fill } = submitted({ steps: 100 })
    for (let i = 0; i < 50; i++) fill(`t${i}`, 1)
    for (let i = 0; i < 50; i++) expect(fill(`t${i}`, 1)).toBe(Changed.DUPLICATE)
    expect(order.filledSteps).toBe(50)
    expect(order.tradeIds.size).toBe(50)
  })
  test('what the venue counts and did not report is missing, and is not invented', () => {
    const { order, say, fill } = submitted()
    say('accepted')
    expect(say('filled') & Changed.MISSING).toBe(Changed.MISSING)
    expect([order.missingSteps, order.filledSteps, order.openSteps]).toEqual([10, 0, 10])
    expect(stateName(order)).toBe('filled')
    fill('a', 10, 990)
    expect([order.missingSteps, order.filledSteps, order.openSteps]).toEqual([0, 10, 0])
  })
  test('missing fills that never come are written off', () => {
    const { orders, order, say } = submitted()
    say('cancelled', { filledSteps: 3 })
    expect(orders.writeOffMissing(order, 2)).toBe(Changed.MISSING)
    expect(orders.writeOffMissing(order, 2)).toBe(0)
    expect(order.openSteps).toBe(0)
  })
  test('an overfill is booked and flagged once', () => {
    const { order, fill } = submitted()
    fill('a', 9)
    expect(fill('b', 2) & Changed.OVERFILL).toBe(Changed.OVERFILL)
    expect(fill('c', 2) & Changed.OVERFILL).toBe(0)
    expect([order.filledSteps, order.isOverfilled, stateName(order)]).toEqual([13, true, 'filled'])
  })
  test('a fill above the quantity is no overfill while an amend to more is not answered', () => {
    const { orders, order, say, fill } = submitted()
    const request = orders.requestAmend(order, 1000, 20, 0)
    expect(fill('a', 12) & Changed.OVERFILL).toBe(0)
    expect(order.isFinal).toBe(false)
    expect(say('amend-rejected', { request }) & Changed.OVERFILL).toBe(Changed.OVERFILL)
    expect(order.isFinal).toBe(true)
  })
  test('the average price is exact', () => {
    const { order, fill } = submitted({ steps: 30 })
    fill('a', 1, 1)
    fill('b', 1, 2)
    expect(order.averagePrice).toBe(0.15)
    fill('c', 1, 6)
    expect(order.averagePrice).toBe(0.3)
    const large = submitted({ steps: 2 ** 50 })
    large.fill('a', 2 ** 49, 2 ** 40 + 1)
    large.fill('b', 2 ** 49, 2 ** 40 + 3)
    expect(large.order.paid.toBigInt()).toBe(2n ** 49n * (2n ** 41n + 4n))
  })
  const nonsense: Partial<VenueEvent>[] = [
    { steps: Number.NaN },
    { steps: 0 },
    { steps: -1 },
    { steps: 1e300 },
    { steps: 0.5 },
    { ticks: Number.NaN },
    { tradeId: '' },
    { fee: Number.NaN },
    { instrument: 2 },
    { filledSteps: -2 },
  ]
  test.each(nonsense)('a fill with %o is invalid and not booked', facts => {
    const { orders, order } = submitted()
    const event = Object.assign(fillOf(order, 'a', 1), facts)
    expect(orders.apply(event, 1)).toBe(Changed.INVALID)
    expect([order.filledSteps, order.tradeIds.size, stateName(order)]).toEqual([0, 0, 'submitted'])
  })
})

describe('amends', () => {
  test('the quantity of an amend is the new total, and the latest request is in effect', () => {
    const { orders, order, say, fill } = submitted()
    const first = orders.requestAmend(order, 1001, 12, 0)
    const second = orders.requestAmend(order, 1002, 8, 0)
    expect([first, second, order.pendingAmend, order.openSteps]).toEqual([1, 2, true, 12])
    fill('a', 5)
    expect(order.openSteps).toBe(7)
    say('amended', { request: second, ticks: 1002, steps: 8 })
    expect([order.ticks, order.steps, order.openSteps, order.pendingAmend]).toEqual([1002, 8, 7, true])
    expect(say('amended', { request: first, ticks: 1001, steps: 12 })).toBe(Changed.REQUEST)
    expect([order.ticks, order.steps, order.openSteps, order.pendingAmend]).toEqual([1002, 8, 3, false])
  })
  test('an amend down to what is filled ends the order', () => {
    const { orders, order, say, fill } = submitted()
    fill('a', 5)
    const request = orders.requestAmend(order, 1000, 5, 0)
    expect(say('amended', { request, ticks: 1000, steps: 5 }) & Changed.FINAL).toBe(Changed.FINAL)
    expect(stateName(order)).toBe('filled')
  })
  test('a rejected amend changes nothing', () => {
    const { orders, order, say } = submitted()
    const request = orders.requestAmend(order, 1001, 12, 0)
    expect(say('amend-rejected', { request })).toBe(Changed.REQUEST)
    expect([order.ticks, order.steps, order.openSteps, stateName(order)]).toEqual([1000, 10, 10, 'submitted'])
    expect(say('amend-rejected', { request })).toBe(Changed.DUPLICATE)
  })
  test('an amend and a cancel that were not sent are not pending any more', () => {
    const { orders, order, say } = submitted()
    say('accepted')
    const amend = orders.requestAmend(order, 1001, 12, 0)
    const cancel = orders.requestCancel(order, 0)
    expect(say('not-sent', { request: amend })).toBe(Changed.REQUEST)
    expect(say('not-sent', { request: cancel })).toBe(Changed.REQUEST)
    expect([order.requests.size, stateName(order)]).toEqual([0, 'accepted'])
  })
  test('open brings newer terms only, and ends amends whose deadline is over', () => {
    const { orders, order, say } = submitted()
    const request = orders.requestAmend(order, 1001, 12, 10 * SECOND)
    say('open', { ticks: 1001, steps: 12, filledSteps: 0, venueTime: 9 * SECOND })
    expect([order.ticks, order.steps, order.pendingAmend]).toEqual([1001, 12, true])
    say('open', { ticks: 1000, steps: 10, filledSteps: 0, venueTime: 8 * SECOND })
    expect([order.ticks, order.steps]).toEqual([1001, 12])
    expect(say('open', { ticks: 1001, steps: 12, filledSteps: 0, venueTime: 12 * SECOND })).toBe(Changed.REQUEST)
    expect(order.pendingAmend).toBe(false)
    expect(say('amended', { request, ticks: 7, steps: 7, venueTime: 9 * SECOND })).toBe(Changed.DUPLICATE)
    expect([order.ticks, order.steps]).toEqual([1001, 12])
  })
  test('open without a time says that the order works, and nothing of its terms', () => {
    const { order, say } = submitted()
    say('open', { ticks: 5, steps: 5, filledSteps: 2 })
    expect([order.ticks, order.steps, order.missingSteps, stateName(order)]).toEqual([1000, 10, 2, 'accepted'])
  })
})

describe('what never arrived', () => {
  test('not-sent denies the order, with that code', () => {
    const { order, say } = submitted()
    expect(say('not-sent')).toBe(Changed.STATE | Changed.FINAL)
    expect([stateName(order), reasonName(order.reason)]).toEqual(['denied', 'not-sent'])
    expect(say('not-sent')).toBe(Changed.DUPLICATE)
  })
  test('an unknown order that was not sent is known again', () => {
    const { orders, order, say } = submitted()
    orders.markUnknown(order, 1)
    expect(say('not-sent') & Changed.CERTAINTY).toBe(Changed.CERTAINTY)
    expect(stateName(order)).toBe('denied')
  })
  const deadline = 10 * SECOND
  const cases: [title: string, venueTime: number, state: string][] = [
    ['without a time of the venue', 0, 'submitted'],
    ['before the deadline', 9 * SECOND, 'submitted'],
    ['at the deadline plus the margin', 11 * SECOND, 'submitted'],
    ['after the deadline plus the margin', 11 * SECOND + 1, 'denied'],
    ['while the venue still knows orders of that time', deadline + 3600 * SECOND - 1, 'denied'],
    ['when the venue may have dropped it', deadline + 3600 * SECOND, 'submitted'],
  ]
  test.each(cases)('not found %s: %d is %s', (_title, venueTime, state) => {
    const { order, say } = submitted({ deadline })
    say('not-found', { venueTime })
    expect(stateName(order)).toBe(state)
    if (state === 'denied') expect(reasonName(order.reason)).toBe('never-arrived')
  })
  test('not found proves nothing without a deadline', () => {
    const { order, say } = submitted()
    expect(say('not-found', { venueTime: 20 * SECOND })).toBe(0)
    expect(stateName(order)).toBe('submitted')
  })
  test("the deadline that was sent in the venue's time counts", () => {
    const { order, say } = submitted({ deadline })
    say('sending', { venueTime: 30 * SECOND })
    expect(order.sent).toBe(true)
    say('not-found', { venueTime: 20 * SECOND })
    expect(stateName(order)).toBe('submitted')
    say('not-found', { venueTime: 32 * SECOND })
    expect(stateName(order)).toBe('denied')
  })
  test('an order that worked is unknown when it is not found, never cancelled', () => {
    const { order, say } = submitted({ deadline })
    say('accepted', { venueTime: 5 * SECOND })
    expect(say('not-found', { venueTime: 4 * SECOND })).toBe(0)
    expect(say('not-found', { venueTime: 6 * SECOND })).toBe(Changed.CERTAINTY | Changed.STATE)
    expect(stateName(order)).toBe('unknown')
    say('open', { ticks: 1000, steps: 10, venueTime: 7 * SECOND })
    expect(stateName(order)).toBe('accepted')
  })
  test('an order with a fill is not denied', () => {
    const { order, say, fill } = submitted({ deadline })
    fill('a', 1)
    say('not-found', { venueTime: 20 * SECOND })
    expect(stateName(order)).toBe('unknown')
  })
  test('a venue that speaks of a denied order after all overrules the denial', () => {
    const { order, say, fill } = submitted({ deadline })
    say('not-found', { venueTime: 20 * SECOND })
    expect(fill('a', 1) & Changed.REVISED).toBe(Changed.REVISED)
    expect([stateName(order), order.filledSteps]).toEqual(['partially-filled', 1])
  })
  test('the gateway denies only what the venue has said nothing of', () => {
    const first = submitted()
    expect(first.orders.deny(first.order, reasonCode('lost-cause'), 1)).toBe(Changed.STATE | Changed.FINAL)
    expect([stateName(first.order), reasonName(first.order.reason)]).toEqual(['denied', 'lost-cause'])
    const second = submitted()
    second.say('accepted')
    expect(second.orders.deny(second.order, reasonCode('lost-cause'), 1)).toBe(0)
    expect(stateName(second.order)).toBe('accepted')
  })
})
