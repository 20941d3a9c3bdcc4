/** Cancels all orders unless it is set again in time: OKX's `cancel-all-after`. */
export class CancelAllAfter {
  private timer: NodeJS.Timeout | undefined = undefined

  constructor(private readonly cancelAll: () => void) {}

  /** @param seconds 10 to 120; 0 ends it. Returns when it will act, ms since 1970, as text; undefined when that is no time. */
  set(seconds: number): string | undefined {
    if (!(seconds === 0 || (Number.isInteger(seconds) && seconds >= 10 && seconds <= 120))) return undefined
    clearTimeout(this.timer)
    if (seconds === 0) return '0'
    this.timer = setTimeout(this.cancelAll, seconds * 1000)
    return String(Date.now() + seconds * 1000)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
