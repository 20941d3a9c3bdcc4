const SECOND = 1e9

/**
 * At most so many in any second. It keeps the times of the last ones, so that the limit is exact: no second that begins
 * at any moment has more.
 *
 * Times must not go backwards; `Risk` sees to that.
 */
export class RateWindow {
  private readonly times: Float64Array
  private at = 0

  constructor(readonly most: number) {
    this.times = new Float64Array(most).fill(Number.NEGATIVE_INFINITY)
  }

  /** Whether one more is within the limit. The oldest of the last `most` must be a second old. */
  allows(now: number): boolean {
    return now - this.times[this.at] >= SECOND
  }

  count(now: number): void {
    this.times[this.at] = now
    this.at = this.at + 1 === this.most ? 0 : this.at + 1
  }

  /** How many there were in the second before `now`. */
  countAt(now: number): number {
    return this.times.reduce((sum, time) => (now - time < SECOND ? sum + 1 : sum), 0)
  }

  /** The times, oldest first. */
  save(): number[] {
    return [...this.times.subarray(this.at), ...this.times.subarray(0, this.at)].filter(time => time > -1 / 0)
  }

  load(times: readonly number[]): void {
    this.times.fill(Number.NEGATIVE_INFINITY)
    this.at = 0
    for (const time of times.slice(-this.most)) this.count(time)
  }
}
