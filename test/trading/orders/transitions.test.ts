import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reasonCode } from '../../../dist/trading/messages/reasons.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import { stateName } from '../../../dist/trading/orders/life/state.js'
import { EFFECTS, effectOf, ORDER_EVENTS, transitions } from '../../../dist/trading/orders/life/transitions.js'
import { Changed, isFinalWord, WORDS, Word } from '../../../dist/trading/orders/life/words.js'
import { VENUE_EVENTS, type VenueEvent, type VenueEventKind } from '../../../dist/trading/venues/venue-event.js'
import { eventFor, home, newOrder } from '../../support/orders.ts'

const SECOND = 1e9
const { instruments, btc } = home()

/** What each event says when it is about the order itself, and proves what it can. */
const FACTS: Partial<Record<VenueEventKind, Partial<VenueEvent>>> = {
  open: { ticks: 1000, steps: 10, filledSteps: 0, venueTime: 5 * SECOND },
  fill: { tradeId: 'a', ticks: 1000, steps: 1 },
  amended: { request: 1, ticks: 1001, steps: 10 },
  'amend-rejected': { request: 1 },
  'cancel-rejected': { request: 2 },
  // The deadline is 1 s.
  'not-found': { venueTime: 3 * SECOND },
}

/** What brings an order to each word. */
const BEFORE: readonly (readonly VenueEventKind[])[] = [
  [],
  ['not-sent'],
  ['accepted'],
  ['rejected'],
  ['expired'],
  ['cancelled'],
  ['filled'],
]

function orderAt(word: number): { orders: Orders; order: LiveOrder } {
  const orders = new Orders(instruments)
  const order = newOrder(orders, btc, { deadline: SECOND })
  orders.submit(order, 0)
  orders.requestAmend(order, 1001, 10, SECOND)
  orders.requestCancel(order, SECOND)
  for (const kind of BEFORE[word])
    orders.apply(eventFor(order, kind, kind === 'filled' ? { filledSteps: 10 } : {}), SECOND)
  return { orders, order }
}

describe('each line of the table of transitions', () => {
  test.each(transitions().map(({ from, event, to }) => [WORDS[from], event, WORDS[to], from, to] as const))(
    'an order that is %s: after %s it is %s',
    (_name, event, _next, from, to) => {
      const { orders, order } = orderAt(from)
      expect(order.word).toBe(from)
      const wasFinal = order.isFinal
      const changed = orders.apply(eventFor(order, event, FACTS[event]), 4 * SECOND)
      expect(order.word).toBe(to)
      expect(order.isFinal).toBe(isFinalWord(to))
      expect((changed & Changed.FINAL) !== 0).toBe(!wasFinal && isFinalWord(to))
      expect((changed & Changed.REVISED) !== 0).toBe(wasFinal && from !== to)
      expect(orders.open).toBe(isFinalWord(to) ? 0 : 1)
    },
  )

  test.each(EFFECTS.map(effect => [effect.event, effect] as const))(
    '%s answers what the table says',
    (event, { answers }) => {
      const { orders, order } = orderAt(Word.NOTHING)
      orders.apply(eventFor(order, event, FACTS[event]), 4 * SECOND)
      const isProofOfDenial = event === 'not-sent' || event === 'not-found'
      const isWord = answers === 'submit' || answers === 'amend' || isProofOfDenial
      expect(order.submitPending).toBe(!(isWord && event !== 'amend-rejected'))
      expect(order.requests.amends).toBe(answers === 'amend' || event === 'open' ? 0 : 1)
      expect(order.requests.cancels).toBe(answers === 'cancel' ? 0 : 1)
    },
  )

  test.each(EFFECTS.map(effect => [effect.event, effect] as const))(
    '%s makes certain what the table says',
    (event, { certain }) => {
      const { orders, order } = orderAt(Word.NOTHING)
      orders.apply(eventFor(order, 'accepted'), SECOND)
      if (event === 'not-sent' || event === 'not-found') return
      expect(orders.markUnknown(order, 2 * SECOND)).toBe(Changed.CERTAINTY | Changed.STATE)
      const changed = orders.apply(eventFor(order, event, FACTS[event]), 4 * SECOND)
      expect(order.unknownSince).toBe(certain ? -1 : 2 * SECOND)
      expect((changed & Changed.CERTAINTY) !== 0).toBe(certain)
    },
  )

  test.each(EFFECTS.filter(effect => effect.sum).map(effect => [effect.event] as const))(
    '%s says how much the venue counts as filled',
    event => {
      const { orders, order } = orderAt(Word.WORKING)
      orders.apply(eventFor(order, event, { ...FACTS[event], filledSteps: 4 }), 4 * SECOND)
      expect(order.missingSteps).toBe(4)
    },
  )
})

test('the events that are not in the table change no order', () => {
  const { orders, order } = orderAt(Word.WORKING)
  for (const kind of VENUE_EVENTS.filter(one => !ORDER_EVENTS.includes(one))) {
    expect(effectOf(kind)).toBeUndefined()
    expect(orders.apply(eventFor(order, kind), 0)).toBe(0)
    expect(orders.order).toBeUndefined()
  }
  expect(stateName(order)).toBe('accepted')
})

test('docs/orders.md has a line for each event of the table', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/orders.md'), 'utf8')
  for (const { event } of EFFECTS) expect(page).toContain(`| \`${event}\` |`)
  for (const { text } of EFFECTS) expect(page).toContain(text)
  expect(reasonCode('never-arrived')).toBeGreaterThan(0)
})
