import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { reasonCode } from '../../../dist/trading/messages/reasons.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import { stateName } from '../../../dist/trading/orders/life/state.js'
import { VenueEvent, type VenueEventKind } from '../../../dist/trading/venues/venue-event.js'
import { home, newOrder } from '../../support/orders.ts'

const { instruments, btc } = home()

interface Said extends Partial<VenueEvent> {
  readonly kind: VenueEventKind
}

/** What a venue may say to an order of 10 steps, to two amends (1 and 2) and to a cancel (3). */
const SAID: readonly Said[] = [
  { kind: 'accepted' },
  { kind: 'fill', tradeId: 'a', ticks: 1000, steps: 4 },
  { kind: 'fill', tradeId: 'b', ticks: 999, steps: 6 },
  { kind: 'filled', filledSteps: 10 },
  { kind: 'cancelled', filledSteps: 4, reason: reasonCode('requested') },
  { kind: 'cancel-rejected', request: 3, reason: reasonCode('too-late') },
  { kind: 'expired', filledSteps: 0, reason: reasonCode('time-in-force') },
  { kind: 'rejected', reason: reasonCode('insufficient-margin') },
  { kind: 'amended', request: 1, ticks: 1001, steps: 12 },
  { kind: 'amend-rejected', request: 2, reason: reasonCode('too-late') },
  { kind: 'amended', request: 2, ticks: 1002, steps: 8 },
]

/** The book after these were said, in this order. */
function outcome(said: readonly Said[]): string {
  // A book is used for many orders: making one takes longer than all the rest.
  if (++used % 500 === 0) orders = new Orders(instruments)
  const open = orders.open
  const order = newOrder(orders, btc)
  orders.submit(order, 0)
  orders.requestAmend(order, 1001, 12, 0)
  orders.requestAmend(order, 1002, 8, 0)
  orders.requestCancel(order, 0)
  for (const facts of said) {
    const event = EVENTS.get(facts) as VenueEvent
    event.idHigh = order.idHigh
    event.idLow = order.idLow
    orders.apply(event, 1)
  }
  return describeOrder(order, orders.open - open)
}

/** One event of each, which is filled again and again, as venues do. */
const EVENTS = new Map(SAID.map(facts => [facts, Object.assign(new VenueEvent(), facts)]))
let orders = new Orders(instruments)
let used = 0

function describeOrder(order: LiveOrder, open: number): string {
  const { word, reason, filledSteps, missingSteps, openSteps, ticks, steps, requests } = order
  const ids = order.tradeIds.toArray().sort().join()
  return `${stateName(order)} ${word} ${reason} ${filledSteps} ${order.paid.toNumber()} ${ids} ${missingSteps} ${openSteps} ${ticks} ${steps} ${requests.size} ${requests.mostSteps} ${order.pendingCancel} ${order.pendingAmend} ${order.isOverfilled} ${open} ${order.unknownSince}`
}

/** All different orders of a list in which some may be the same. One array is yielded again and again. */
function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  // By the next larger sequence of their indexes: Knuth, The Art of Computer Programming, 7.2.1.2, algorithm L.
  const ranks = items.map(item => items.indexOf(item)).sort((a, b) => a - b)
  const present = ranks.map(rank => items[rank])
  for (;;) {
    yield present
    let low = ranks.length - 2
    while (low >= 0 && ranks[low] >= ranks[low + 1]) low--
    if (low < 0) return
    let high = ranks.length - 1
    while (ranks[low] >= ranks[high]) high--
    ;[ranks[low], ranks[high]] = [ranks[high], ranks[low]]
    for (let a = low + 1, b = ranks.length - 1; a < b; a++, b--) [ranks[a], ranks[b]] = [ranks[b], ranks[a]]
    for (let i = low; i < ranks.length; i++) present[i] = items[ranks[i]]
  }
}

function* subsets<T>(items: readonly T[], size: number): Generator<T[], undefined> {
  if (size === 0) {
    yield []
    return
  }
  for (let i = 0; i + size <= items.length; i++)
    for (const rest of subsets(items.slice(i + 1), size - 1)) yield [items[i], ...rest]
}

/** What is different from the first outcome, or undefined. */
function difference(all: Iterable<readonly Said[]>): string | undefined {
  let first: string | undefined
  for (const said of all) {
    const found = outcome(said)
    first ??= found
    if (found !== first) return `${said.map(one => one.kind).join(', ')}: ${found}, not ${first}`
  }
  return undefined
}

// An order's own amends are answered once: 2 is either in effect or rejected.
const both = (said: readonly Said[]): boolean => said.includes(SAID[9]) && said.includes(SAID[10])

test.each([1, 2, 3, 4, 5, 6])('any %i answers end the same in every order', size => {
  for (const said of subsets(SAID, size)) if (!both(said)) expect(difference(permutations(said))).toBeUndefined()
})

test('any 7 answers end the same in every order', { timeout: 240_000 }, () => {
  for (const said of subsets(SAID, 7)) if (!both(said)) expect(difference(permutations(said))).toBeUndefined()
})

/** Each choice of the answers, with one or more of them twice, of `most` events together, in every order. */
function expectDuplicatesToChangeNothing(
  said: readonly Said[],
  sizes: readonly number[],
  most: number,
  isWanted: (chosen: readonly Said[]) => boolean = () => true,
): void {
  for (const size of sizes) {
    for (const chosen of subsets(said, size)) {
      if (both(chosen) || !isWanted(chosen)) continue
      const once = outcome(chosen)
      for (let doubled = 1; doubled <= Math.min(size, most - size); doubled++) {
        for (const twice of subsets(chosen, doubled)) {
          const all = permutations([...chosen, ...twice])
          for (const each of all) if (outcome(each) !== once) expect(each.map(one => one.kind)).toBe(once)
        }
      }
    }
  }
}

test('answers that come twice end as those that come once, in every order of up to 7', { timeout: 240_000 }, () => {
  expectDuplicatesToChangeNothing(SAID.slice(0, 8), [1, 2, 3, 4, 5, 6], 7)
})

test('the same with amends, in every order of up to 6', { timeout: 240_000 }, () => {
  const isAmend = (one: Said): boolean => SAID.indexOf(one) >= 8
  expectDuplicatesToChangeNothing(SAID, [1, 2, 3, 4, 5], 6, chosen => chosen.some(isAmend))
})

test('many answers, doubled at random, end the same in any order', () => {
  const many = fc
    .subarray(
      SAID.filter(one => one !== SAID[9]),
      { minLength: 1 },
    )
    .chain(said =>
      fc.tuple(
        fc.constant(said),
        fc.array(fc.constantFrom(...said), { maxLength: 20 }).chain(more =>
          fc.shuffledSubarray(
            [...said, ...more].map((one, i) => ({ one, i })),
            {
              minLength: said.length + more.length,
              maxLength: said.length + more.length,
            },
          ),
        ),
      ),
    )
  fc.assert(
    fc.property(many, ([said, shuffled]) => outcome(shuffled.map(({ one }) => one)) === outcome(said)),
    { numRuns: 2000 },
  )
})
