/** How often a process may be started again. */
export interface RestartLimits {
  /** So many times; Infinity for any number. */
  readonly max: number
  /** Within this time, in ms. */
  readonly withinMs: number
}

/** Counts restarts in a window of time. */
export class RestartCount {
  private readonly times: number[] = []

  constructor(private readonly limits: RestartLimits | undefined) {}

  /** Whether there were as many restarts as there may be; otherwise counts one more. @param nowMs by any clock. */
  isUsedUp(nowMs: number): boolean {
    if (this.limits === undefined || this.limits.max === Number.POSITIVE_INFINITY) return false
    const { max, withinMs } = this.limits
    while (this.times.length > 0 && nowMs - this.times[0] > withinMs) this.times.shift()
    if (this.times.length >= max) return true
    this.times.push(nowMs)
    return false
  }
}
