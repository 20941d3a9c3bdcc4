/**
 * The dead-man switch: for how long each strategy has been gone. One that is gone for longer than the limit has its open
 * orders cancelled, and again after each limit while any is open.
 *
 * A strategy is gone from the end of its epoch until a process of it is ready. So one that is started again and again, and
 * never gets ready, is gone.
 */
export class DeadMan {
  /** When the next strategy reaches its limit, ns; Infinity for none. */
  nextAt = Number.POSITIVE_INFINITY
  /** ns; 0 for no limit. */
  private limitNs = 0
  /** By the strategy's number: since when it is gone, or since its orders were cancelled last. */
  private readonly since = new Map<number, number>()

  /** @param ms 0 for no limit. */
  setLimit(ms: number): void {
    this.limitNs = ms * 1e6
    if (ms === 0) this.since.clear()
    this.findNext()
  }

  /** The strategy's process has ended. */
  gone(strategy: number, now: number): void {
    if (this.limitNs === 0 || this.since.has(strategy)) return
    this.since.set(strategy, now)
    this.findNext()
  }

  /** At a gateway's start: the time without a gateway does not count, because no strategy could run. */
  restart(now: number): void {
    for (const strategy of this.since.keys()) this.since.set(strategy, now)
    this.findNext()
  }

  /** A process of the strategy is ready. */
  returned(strategy: number): void {
    if (this.since.delete(strategy)) this.findNext()
  }

  /** A strategy that has reached its limit; undefined for none. It is due again after the same time, until `returned`. */
  take(now: number): number | undefined {
    if (this.nextAt > now) return undefined
    for (const [strategy, since] of this.since) {
      if (since + this.limitNs > now) continue
      this.since.set(strategy, now)
      this.findNext()
      return strategy
    }
    return undefined
  }

  /** All but the limit, as plain data. */
  save(): DeadManData {
    return { since: [...this.since] }
  }

  load({ since }: DeadManData): void {
    this.since.clear()
    for (const [strategy, at] of since) this.since.set(strategy, at)
    this.findNext()
  }

  private findNext(): void {
    this.nextAt = Math.min(Number.POSITIVE_INFINITY, ...this.since.values()) + this.limitNs
  }
}

export interface DeadManData {
  /** The strategy's number, and since when it is gone, ns since the home's origin. */
  readonly since: readonly (readonly [strategy: number, at: number])[]
}
