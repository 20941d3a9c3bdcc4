/** A holding whose exposure can be counted. */
export interface StaleHolding {
  countExposure(): void
}

/** Holdings whose exposure has to be counted again before it is read. Filled and emptied without allocation. */
export class StaleHoldings {
  private readonly items: StaleHolding[] = []
  private count = 0

  /** Adds a holding that is not in it. */
  add(holding: StaleHolding): void {
    this.items[this.count++] = holding
  }

  /** Counts all of them. */
  recount(): void {
    for (let i = 0; i < this.count; i++) this.items[i].countExposure()
    this.count = 0
  }
}
