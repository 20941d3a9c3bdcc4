import type { QuoteEvent } from '../../messages/market-event.js'

/** A price level as venues send it: price and size. Size 0 removes the level. */
export type Level = readonly [price: number, size: number]

/** The book of one symbol, from snapshots and deltas: as deep as its stream, which is what the best prices need. */
export class DepthBook {
  private readonly bids = new Side((a, b) => a > b)
  private readonly asks = new Side((a, b) => a < b)

  clear(): void {
    this.bids.clear()
    this.asks.clear()
  }

  /** Returns whether a best price or its size is another one now. */
  apply(bids: readonly Level[], asks: readonly Level[]): boolean {
    const changed = this.bids.apply(bids)
    return this.asks.apply(asks) || changed
  }

  /** The best prices; undefined while a side is empty, or when they cross. */
  quote(symbol: string, timeMs: number): QuoteEvent | undefined {
    const { bids, asks } = this
    if (bids.size === 0 || asks.size === 0 || bids.best >= asks.best) return undefined
    return {
      kind: 'quote',
      timeMs,
      symbol,
      bid: bids.best,
      ask: asks.best,
      bidSize: bids.bestSize,
      askSize: asks.bestSize,
    }
  }
}

class Side {
  best = 0
  bestSize = 0
  private readonly levels = new Map<number, number>()

  constructor(private readonly isBetter: (a: number, b: number) => boolean) {}

  get size(): number {
    return this.levels.size
  }

  clear(): void {
    this.levels.clear()
    this.best = 0
    this.bestSize = 0
  }

  apply(levels: readonly Level[]): boolean {
    const { best, bestSize } = this
    for (const [price, size] of levels) {
      if (size === 0) this.remove(price)
      else this.set(price, size)
    }
    return this.best !== best || this.bestSize !== bestSize
  }

  private set(price: number, size: number): void {
    const isBest = this.levels.size === 0 || price === this.best || this.isBetter(price, this.best)
    this.levels.set(price, size)
    if (!isBest) return
    this.best = price
    this.bestSize = size
  }

  private remove(price: number): void {
    if (!this.levels.delete(price) || price !== this.best) return
    this.best = 0
    this.bestSize = 0
    // Books of streams have at most some hundred levels, and their best one leaves seldom.
    let isFirst = true
    for (const [other, size] of this.levels) {
      if (!isFirst && !this.isBetter(other, this.best)) continue
      isFirst = false
      this.best = other
      this.bestSize = size
    }
  }
}
