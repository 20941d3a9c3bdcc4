import { expect } from 'vitest'
import type { FakeExchange } from '../../dist/exchanges/fake/fake-exchange.js'
import type { FakeOrder } from '../../dist/exchanges/fake/fake-order.js'
import { fillsOf, reportsOf } from './desks.ts'

/** Our order's id in a client id of the venue: its last 13 digits in base 36. Undefined for an order that is not ours. */
export function orderIdIn(clientId: string): bigint | undefined {
  if (!/^[0-9a-z]{21}$/.test(clientId)) return undefined
  return Array.from(clientId.slice(8)).reduce((id, digit) => id * 36n + BigInt(Number.parseInt(digit, 36)), 0n)
}

/** The last state of each order that the home reported. */
export function lastStates(home: string): Map<bigint, { readonly state: string; readonly reason: string }> {
  return new Map(reportsOf(home).map(({ orderId, state, reason }) => [orderId, { state, reason }]))
}

/** The states of ours that the last word of the venue allows. */
function allowed({ state, filledSteps }: FakeOrder): readonly string[] {
  if (state === 'open') return [filledSteps === 0 ? 'accepted' : 'partially-filled']
  // A venue forgets what it refused: when its answer is lost, the order never was there.
  return state === 'rejected' ? ['rejected', 'denied'] : [state]
}

export interface AgreementOptions {
  /** The client id of an order. Default: that of the order itself. */
  readonly clientIdOf?: (order: FakeOrder) => string
  /** How the home writes a symbol of the venue. Default: the same. */
  readonly symbolOf?: (symbol: string) => string
  /** Orders of ours that are at the venue and not among its orders: the state that each has there. */
  readonly others?: ReadonlyMap<bigint, string>
}

/** Both agree on every order and fill: nothing was sent twice, nothing is lost, and no state is without the venue's word. */
export function expectAgreement(
  home: string,
  exchange: FakeExchange,
  { clientIdOf = ({ clientId }) => clientId, others = new Map(), symbolOf = symbol => symbol }: AgreementOptions = {},
): void {
  expect(exchange.duplicates).toBe(0)
  const states = lastStates(home)
  const theirs = new Map<bigint, FakeOrder>()
  for (const order of exchange.orders) {
    const id = orderIdIn(clientIdOf(order))
    if (id === undefined) continue
    expect(theirs.has(id)).toBe(false)
    theirs.set(id, order)
  }
  for (const [id, { state, reason }] of states) {
    const order = theirs.get(id)
    if (order !== undefined) expect([id, allowed(order)]).toEqual([id, expect.arrayContaining([state])])
    // The venue does not keep what it refused before it looked at it.
    else if (state === 'rejected')
      expect([id, reason]).toEqual([id, expect.stringMatching(/^(too-late|rate-limited-by-venue)$/)])
    // One that never arrived, which is proven, or was never sent.
    else expect([id, state]).toEqual([id, others.get(id) ?? 'denied'])
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
    .filter(({ order }) => orderIdIn(clientIdOf(order)) !== undefined)
    .map(({ order, tradeId, ticks, steps }) => ({
      orderId: orderIdIn(clientIdOf(order)),
      tradeId,
      symbol: symbolOf(order.instrument.symbol),
      quantity: order.instrument.quantity.valueOf(steps),
      price: order.instrument.price.valueOf(ticks),
    }))
  const sorted = (fills: object[]): string[] =>
    fills
      .map(fill => JSON.stringify(fill, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
      .toSorted()
  expect(sorted(our)).toEqual(sorted(their))
}
