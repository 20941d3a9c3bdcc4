/** Cancels all orders unless it is set again in time, as venues do for clients that are not heard of any more. */
export class CancelAllTimer {
  private timer: NodeJS.Timeout | undefined = undefined

  constructor(private readonly cancelAll: () => void) {}

  /** @param ms from now; 0 ends it. Returns when it will act, ms since 1970; 0 for never. */
  set(ms: number): number {
    clearTimeout(this.timer)
    if (ms === 0) return 0
    this.timer = setTimeout(this.cancelAll, ms)
    return Date.now() + ms
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
