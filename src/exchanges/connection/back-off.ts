/** The delay before the next try: doubled with each failure, and drawn from its upper half, so that many clients do not come back at once. */
export class BackOff {
  private delay: number

  /** @param firstMs, longestMs of the delays. @param random at least 0 and below 1. */
  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
    private readonly random: () => number = Math.random,
  ) {
    this.delay = firstMs
  }

  /** ms to wait now. */
  next(): number {
    const { delay } = this
    this.delay = Math.min(delay * 2, this.longestMs)
    return delay * (0.5 + this.random() / 2)
  }

  /** Begins with the first delay again. */
  reset(): void {
    this.delay = this.firstMs
  }
}
