import { expect } from 'vitest'
import type { FakeOkx } from '../../dist/exchanges/okx/fake/fake-okx.js'
import type { FakeOrder } from '../../dist/exchanges/okx/fake/fake-order.js'
import { fillsOf, reportsOf } from './desks.ts'

/** Our order's id in a client id of the venue: its last 13 digits in base 36. Undefined for an order that is not ours. */
function orderIdOf({ clOrdId, algoClOrdId = '' }: Pick<FakeOrder, 'clOrdId'> & Partial<FakeOrder>): bigint | undefined {
  const text = clOrdId === '' ? algoClOrdId : clOrdId
  if (!/^[0-9a-z]{21}$/.test(text)) return undefined
  return Array.from(text.slice(8)).reduce((id, digit) => id * 36n + BigInt(Number.parseInt(digit, 36)), 0n)
}

/** The states of a home's orders that the last word of the venue allows. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  live: ['accepted'],
  partially_filled: ['partially-filled'],
  filled: ['filled'],
  canceled: ['cancelled'],
  rejected: ['rejected'],
}

/** The last state of each order that the home reported. */
export function lastStates(home: string): Map<bigint, { readonly state: string; readonly reason: string }> {
  return new Map(reportsOf(home).map(({ orderId, state, reason }) => [orderId, { state, reason }]))
}

/** Both agree on every order and fill: nothing was sent twice, nothing is lost, and no state is without the venue's word. */
export function expectAgreement(home: string, { world: { exchange, triggers } }: FakeOkx): void {
  expect(exchange.duplicates).toBe(0)
  const states = lastStates(home)
  const theirs = new Map<bigint, FakeOrder>()
  for (const order of exchange.orders) {
    const id = orderIdOf(order)
    if (id === undefined) continue
    expect(theirs.has(id)).toBe(false)
    theirs.set(id, order)
  }
  const waiting = new Map(triggers.all.map(({ algoClOrdId, state }) => [orderIdOf({ clOrdId: algoClOrdId }), state]))
  for (const [id, { state, reason }] of states) {
    const order = theirs.get(id)
    if (order !== undefined) {
      expect([id, ALLOWED[order.state]]).toEqual([id, expect.arrayContaining([state])])
      continue
    }
    // The venue does not keep what it refused before it looked at it.
    if (state === 'rejected') {
      expect([id, reason]).toEqual([id, expect.stringMatching(/^(too-late|rate-limited-by-venue)$/)])
      continue
    }
    // A stop that waits; or an order that never arrived, which is proven, or was never sent.
    const trigger = waiting.get(id)
    expect([id, state]).toEqual([id, trigger === undefined ? 'denied' : ALLOWED[trigger][0]])
  }
  for (const id of theirs.keys()) expect([id, states.has(id)]).toEqual([id, true])
  const our = fillsOf(home).map(({ orderId, tradeId, symbol, quantity, price }) => ({
    orderId,
    tradeId,
    symbol,
    quantity,
    price,
  }))
  const their = exchange.fills
    .filter(({ order }) => orderIdOf(order) !== undefined)
    .map(({ order, tradeId, ticks, steps }) => ({
      orderId: orderIdOf(order),
      tradeId,
      symbol: order.instrument.symbol,
      quantity: order.instrument.quantity.valueOf(steps),
      price: order.instrument.price.valueOf(ticks),
    }))
  const sorted = (fills: object[]): string[] =>
    fills
      .map(fill => JSON.stringify(fill, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
      .toSorted()
  expect(sorted(our)).toEqual(sorted(their))
}
