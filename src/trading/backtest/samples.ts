/** Distances of samples in ns, each a multiple of the one before. */
const STEPS = [1, 10, 60, 600, 3600, 86_400].map(seconds => seconds * 1e9)
/** With more samples they are taken farther apart. */
const MOST = 4000
/** ns of a year of 365 days. */
const YEAR = 365 * 86_400e9

/** A value at regular times. */
interface Sampled {
  readonly name: string
  readonly equity: number
}

/** Mean over deviation of the changes from sample to sample, for a year. */
export interface Sharpe {
  readonly value: number
  /** Seconds between two samples. */
  readonly everySeconds: number
  readonly changes: number
}

/**
 * The curve of profit at regular times. It begins with a sample each second; when there are too many, every second one is
 * left out, up to one a day. So a backtest of any length has a curve that can be drawn, and changes of equal times.
 */
export class Samples {
  /** ns since the first event. */
  readonly times: number[] = []
  readonly values = new Map<string, number[]>()
  private step = 0

  get everySeconds(): number {
    return STEPS[this.step] / 1e9
  }

  /**
   * Takes all samples that are due at a time: the values have not changed since the last one. Returns when the next is due.
   *
   * @param at ns since the first event.
   */
  take(at: number, sampled: Iterable<Sampled>): number {
    const all = [...sampled]
    // A long time without events would make too many samples at once.
    while (this.step < STEPS.length - 1 && this.times.length + (at - this.nextAt) / STEPS[this.step] > MOST) this.thin()
    for (let next = this.nextAt; next <= at; next += STEPS[this.step]) {
      for (const { name, equity } of all) this.valuesOf(name).push(equity)
      this.times.push(next)
    }
    return this.nextAt
  }

  /**
   * The mean of the changes of a currency's profit from one sample to the next, divided by their standard deviation (n - 1),
   * times the square root of the samples in a year of 365 days. Without a rate for money that lies idle; profits are not
   * divided by a capital, which would not change it. Undefined for fewer than two changes, or when nothing changed.
   */
  sharpe(name: string): Sharpe | undefined {
    const values = this.valuesOf(name)
    const changes = values.slice(1).map((value, i) => value - values[i])
    if (changes.length < 2) return undefined
    const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length
    const variance = changes.reduce((sum, change) => sum + (change - mean) ** 2, 0) / (changes.length - 1)
    if (!(variance > 0)) return undefined
    const value = (mean / Math.sqrt(variance)) * Math.sqrt(YEAR / STEPS[this.step])
    return { value, everySeconds: this.everySeconds, changes: changes.length }
  }

  private get nextAt(): number {
    return this.times.length === 0 ? 0 : this.times[this.times.length - 1] + STEPS[this.step]
  }

  private valuesOf(name: string): number[] {
    let values = this.values.get(name)
    // Before its first fill it had nothing.
    if (values === undefined) this.values.set(name, (values = this.times.map(() => 0)))
    return values
  }

  private thin(): void {
    this.step++
    const step = STEPS[this.step]
    const kept = this.times.map((time, i) => ({ time, i })).filter(({ time }) => time % step === 0)
    this.times.splice(0, this.times.length, ...kept.map(({ time }) => time))
    for (const values of this.values.values()) values.splice(0, values.length, ...kept.map(({ i }) => values[i]))
  }
}
