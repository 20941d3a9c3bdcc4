import type { LiveOrder } from './live-order.js'

/** The kinds of lists: an order is in at most one list of each. */
export const ListKind = {
  /** Open orders of a strategy, of an instrument, of an account. */
  STRATEGY: 0,
  INSTRUMENT: 1,
  ACCOUNT: 2,
  /** Kept by risk: open orders of an account in an instrument, and unanswered ones of a strategy in an instrument. */
  RESTING: 3,
  UNANSWERED: 4,
} as const

/** A list of orders, linked through the orders themselves: adding and removing allocates nothing. Newest last. */
export class OrderList implements Iterable<LiveOrder> {
  first: LiveOrder | undefined = undefined
  last: LiveOrder | undefined = undefined
  size = 0
  private readonly bit: number

  constructor(readonly kind: number) {
    this.bit = 1 << kind
  }

  has(order: LiveOrder): boolean {
    return (order.listed & this.bit) !== 0
  }

  /** Adds an order, unless it is in a list of this kind. */
  add(order: LiveOrder): void {
    if ((order.listed & this.bit) !== 0) return
    const { kind, last } = this
    order.listed |= this.bit
    order.previous[kind] = last
    order.next[kind] = undefined
    if (last === undefined) this.first = order
    else last.next[kind] = order
    this.last = order
    this.size++
  }

  /** Removes an order that is in this list, if it is in one. */
  remove(order: LiveOrder): void {
    if ((order.listed & this.bit) === 0) return
    const { kind } = this
    const previous = order.previous[kind]
    const next = order.next[kind]
    if (previous === undefined) this.first = next
    else previous.next[kind] = next
    if (next === undefined) this.last = previous
    else next.previous[kind] = previous
    order.listed &= ~this.bit
    order.previous[kind] = undefined
    order.next[kind] = undefined
    this.size--
  }

  /** The order may be removed while it is visited. */
  *[Symbol.iterator](): Generator<LiveOrder, undefined> {
    for (let order = this.first; order !== undefined; ) {
      const next: LiveOrder | undefined = order.next[this.kind]
      yield order
      order = next
    }
  }
}
