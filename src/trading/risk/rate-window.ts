const SECOND = 1e9

/** Time that has passed, ns. It does not go back. An object, because passing a large number on would allocate one. */
export interface PassedTime {
  readonly elapsed: number
}

/**
 * At most so many in any second. It keeps the times of the last ones, so that the limit is exact: no second that begins
 * at any moment has more.
 */
export class RateWindow {
  private readonly times: Float64Array
  private at = 0
  /** When the next one is allowed: a second after the oldest of the last `most`. */
  private free = Number.NEGATIVE_INFINITY

  constructor(readonly most: number) {
    this.times = new Float64Array(most).fill(Number.NEGATIVE_INFINITY)
  }

  /** Whether one more is within the limit. */
  allows(clock: PassedTime): boolean {
    return clock.elapsed >= this.free
  }

  count(clock: PassedTime): void {
    this.put(clock.elapsed)
  }

  private put(time: number): void {
    this.times[this.at] = time
    this.at = this.at + 1 === this.most ? 0 : this.at + 1
    this.free = this.times[this.at] + SECOND
  }

  /** The times, oldest first. */
  save(): number[] {
    return [...this.times.subarray(this.at), ...this.times.subarray(0, this.at)].filter(time => time > -1 / 0)
  }

  load(times: readonly number[]): void {
    this.times.fill(Number.NEGATIVE_INFINITY)
    this.at = 0
    this.free = Number.NEGATIVE_INFINITY
    for (const time of times.slice(-this.most)) this.put(time)
  }
}
