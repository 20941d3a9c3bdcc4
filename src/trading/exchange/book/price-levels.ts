import { LEVEL, NEXT, type Orders, PREVIOUS, WORDS } from './orders.js'

/**
 * One side of a book: orders by price, and at one price by time.
 *
 * 64 neighbouring prices are a page: the first and last order of each price, and one bit each for "has orders". Pages are
 * sorted by price, the best one last. An order at or near the best price is found without a search, and the next best
 * price is the next bit.
 *
 * "Better" is a higher price here. For a side on which lower prices are better, prices are stored negated (`sign` -1).
 */
export class PriceLevels {
  /** The level with the best price; -1 when there is none. */
  best = -1
  /** The best price in ticks; 0 when there is none. */
  bestTicks = 0
  /** The first and the last order of each level. */
  first: Int32Array
  last: Int32Array
  /** For the recorded queue, see matching/queue: how much of it has passed at this level. */
  passed: Float64Array
  /** Whether an order of the level may have recorded quantity in front of it. */
  queued: Uint8Array
  /** 1, or -1 when lower prices are better. */
  readonly sign: number
  private readonly orders: Orders
  /** Two words for each page: which of its levels have orders. */
  private bits: Int32Array
  /** The page's number: its prices are `key * 64` to `key * 64 + 63`. */
  private keys: Float64Array
  /** Pages in use, the best one last. */
  private sorted: Int32Array
  private count = 0
  private capacity = 2
  private unused = 0
  /** Pages that can be used again. */
  private readonly free: number[] = []

  constructor(orders: Orders, sign: 1 | -1) {
    this.orders = orders
    this.sign = sign
    this.first = new Int32Array(this.capacity * LEVELS)
    this.last = new Int32Array(this.capacity * LEVELS)
    this.passed = new Float64Array(this.capacity * LEVELS)
    this.queued = new Uint8Array(this.capacity * LEVELS)
    this.bits = new Int32Array(this.capacity * 2)
    this.keys = new Float64Array(this.capacity)
    this.sorted = new Int32Array(this.capacity)
  }

  /** Puts an order behind all others at its price. */
  append(order: number, ticks: number): void {
    const price = ticks * this.sign
    const level = this.levelFor(price)
    const { words } = this.orders
    const last = this.last[level]
    words[order * WORDS + PREVIOUS] = last
    words[order * WORDS + NEXT] = 0
    words[order * WORDS + LEVEL] = level
    this.last[level] = order
    if (last !== 0) {
      words[last * WORDS + NEXT] = order
      return
    }
    this.first[level] = order
    this.passed[level] = 0
    this.queued[level] = 0
    this.bits[level >> 5] |= 1 << (level & 31)
    if (this.best === -1 || price > this.bestTicks * this.sign) {
      this.best = level
      this.bestTicks = ticks
    }
  }

  remove(order: number): void {
    const { words } = this.orders
    const at = order * WORDS
    const level = words[at + LEVEL]
    const next = words[at + NEXT]
    const previous = words[at + PREVIOUS]
    if (next !== 0) words[next * WORDS + PREVIOUS] = previous
    else this.last[level] = previous
    if (previous !== 0) words[previous * WORDS + NEXT] = next
    else this.first[level] = next
    if (next === 0 && previous === 0) this.clearLevel(level)
  }

  /** The price of a level in ticks. */
  ticksOf(level: number): number {
    return (this.keys[level >> 6] * LEVELS + (level & 63)) * this.sign
  }

  /** The level with the next worse price; -1 when there is none. */
  worse(level: number): number {
    const found = this.worseInPage(level)
    if (found !== -1) return found
    const rank = this.rankOf(this.keys[level >> 6])
    return rank === 0 ? -1 : this.bestInPage(this.sorted[rank - 1])
  }

  /** Levels from the best on. */
  *levels(): Generator<number> {
    for (let level = this.best; level !== -1; level = this.worse(level)) yield level
  }

  private clearLevel(level: number): void {
    const page = level >> 6
    this.bits[level >> 5] &= ~(1 << (level & 31))
    const isEmpty = (this.bits[page * 2] | this.bits[page * 2 + 1]) === 0
    if (level === this.best) {
      const rest = isEmpty
        ? this.count > 1
          ? this.bestInPage(this.sorted[this.count - 2])
          : -1
        : this.bestInPage(page)
      this.best = rest
      this.bestTicks = rest === -1 ? 0 : this.ticksOf(rest)
    }
    if (isEmpty) this.dropPage(page)
  }

  private levelFor(price: number): number {
    const key = Math.floor(price / LEVELS)
    const offset = price - key * LEVELS
    if (this.count > 0) {
      const top = this.sorted[this.count - 1]
      if (this.keys[top] === key) return top * LEVELS + offset
    }
    const rank = this.rankOf(key)
    if (rank < this.count) {
      const page = this.sorted[rank]
      if (this.keys[page] === key) return page * LEVELS + offset
    }
    return this.addPage(key, rank) * LEVELS + offset
  }

  /** How many pages have a lower key. */
  private rankOf(key: number): number {
    const { keys, sorted } = this
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[sorted[middle]] < key) low = middle + 1
      else high = middle
    }
    return low
  }

  private addPage(key: number, rank: number): number {
    if (this.free.length === 0 && this.unused === this.capacity) this.grow()
    const page = this.free.length > 0 ? (this.free.pop() as number) : this.unused++
    this.keys[page] = key
    this.sorted.copyWithin(rank + 1, rank, this.count)
    this.sorted[rank] = page
    this.count++
    return page
  }

  private dropPage(page: number): void {
    const rank = this.rankOf(this.keys[page])
    this.sorted.copyWithin(rank, rank + 1, this.count)
    this.count--
    this.free.push(page)
  }

  private bestInPage(page: number): number {
    const upper = this.bits[page * 2 + 1]
    if (upper !== 0) return page * LEVELS + 63 - Math.clz32(upper)
    return page * LEVELS + 31 - Math.clz32(this.bits[page * 2])
  }

  private worseInPage(level: number): number {
    const offset = level & 31
    const below = this.bits[level >> 5] & ((1 << offset) - 1)
    if (below !== 0) return level - offset + 31 - Math.clz32(below)
    if ((level & 32) === 0) return -1
    const lower = this.bits[(level >> 5) - 1]
    return lower === 0 ? -1 : level - offset - 1 - Math.clz32(lower)
  }

  private grow(): void {
    this.capacity *= 2
    const levels = this.capacity * LEVELS
    this.first = copied(this.first, new Int32Array(levels))
    this.last = copied(this.last, new Int32Array(levels))
    this.passed = copied(this.passed, new Float64Array(levels))
    this.queued = copied(this.queued, new Uint8Array(levels))
    this.bits = copied(this.bits, new Int32Array(this.capacity * 2))
    this.keys = copied(this.keys, new Float64Array(this.capacity))
    this.sorted = copied(this.sorted, new Int32Array(this.capacity))
  }
}

/** Prices in a page. */
const LEVELS = 64

function copied<Numbers extends Int32Array | Float64Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from)
  return into
}
