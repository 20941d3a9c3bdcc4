import { DOUBLES, EXPIRE_AT, EXPIRY, NUMBER, type Orders, WORDS } from './orders.js'

/** Open orders with an expiry, the earliest first: a binary heap. Each order knows its index, so that it can be removed. */
export class Expiries {
  private readonly orders: Orders
  /** From index 1 on. */
  private readonly heap: number[] = [0]

  constructor(orders: Orders) {
    this.orders = orders
  }

  /** The order that expires first; 0 when there is none. */
  get first(): number {
    return this.heap.length > 1 ? this.heap[1] : 0
  }

  /** When the first one expires; Infinity when there is none. */
  get at(): number {
    return this.heap.length > 1 ? this.orders.doubles[this.heap[1] * DOUBLES + EXPIRE_AT] : Number.POSITIVE_INFINITY
  }

  add(order: number): void {
    this.heap.push(order)
    this.rise(this.heap.length - 1, order)
  }

  /** Removes an order that is in it. */
  remove(order: number): void {
    const { words } = this.orders
    const at = words[order * WORDS + EXPIRY]
    words[order * WORDS + EXPIRY] = 0
    const last = this.heap.pop() as number
    if (last === order) return
    this.rise(at, last)
    this.sink(words[last * WORDS + EXPIRY], last)
  }

  private isBefore(a: number, b: number): boolean {
    const { doubles } = this.orders
    const difference = doubles[a * DOUBLES + EXPIRE_AT] - doubles[b * DOUBLES + EXPIRE_AT]
    return difference < 0 || (difference === 0 && doubles[a * DOUBLES + NUMBER] < doubles[b * DOUBLES + NUMBER])
  }

  private put(at: number, order: number): void {
    this.heap[at] = order
    this.orders.words[order * WORDS + EXPIRY] = at
  }

  private rise(from: number, order: number): void {
    let at = from
    while (at > 1 && this.isBefore(order, this.heap[at >> 1])) {
      this.put(at, this.heap[at >> 1])
      at >>= 1
    }
    this.put(at, order)
  }

  private sink(from: number, order: number): void {
    let at = from
    for (;;) {
      let child = at * 2
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && this.isBefore(this.heap[child + 1], this.heap[child])) child++
      if (!this.isBefore(this.heap[child], order)) break
      this.put(at, this.heap[child])
      at = child
    }
    this.put(at, order)
  }
}
