import type { Threshold } from './rules.js'

/** Of one rule and one subject: fires once when the value was bad for long enough, and clears once when it was good again for long enough. */
export class Alert {
  firing = false
  /** When the value began to be bad (or, while it fires, good), ms; undefined while it is not. */
  private since: number | undefined = undefined

  constructor(private readonly threshold: Threshold) {}

  /**
   * @param value undefined is not known: everything stays as it is.
   * @param at ms of a clock that is not set.
   * @returns whether it fires or clears now.
   */
  update(value: number | undefined, at: number): 'fired' | 'cleared' | undefined {
    if (value === undefined) return undefined
    const { forMs = 0, clearForMs = 0 } = this.threshold
    if (!(this.firing ? this.isGood(value) : this.isBad(value))) {
      this.since = undefined
      return undefined
    }
    this.since ??= at
    if (at - this.since < (this.firing ? clearForMs : forMs)) return undefined
    this.since = undefined
    this.firing = !this.firing
    return this.firing ? 'fired' : 'cleared'
  }

  private isBad(value: number): boolean {
    const { above = Number.POSITIVE_INFINITY, below = Number.NEGATIVE_INFINITY } = this.threshold
    return value > above || value < below
  }

  /** Between `clear` and the value at which it fires it is neither: it stays as it is. */
  private isGood(value: number): boolean {
    const { above, below, clear } = this.threshold
    if (above !== undefined) return value <= (clear ?? above)
    return below === undefined || value >= (clear ?? below)
  }
}
