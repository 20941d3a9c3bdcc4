import type { Holding } from './holding.js'

/** Holdings whose exposure has to be counted again before it is looked at. Filled and emptied without allocation. */
export class StaleHoldings {
  private readonly items: Holding[] = []
  private count = 0

  /** Adds a holding that is not in it. */
  add(holding: Holding): void {
    this.items[this.count++] = holding
  }

  /** Counts all of them. */
  recount(): void {
    for (let i = 0; i < this.count; i++) this.items[i].countExposure()
    this.count = 0
  }
}
