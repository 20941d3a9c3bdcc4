/**
 * The venue's own record of fills, by their numbers from 1 on: 80 bytes each, the last `keep` of them. A fill between two
 * orders of ours is two fills with one trade number.
 */
export class Fills {
  /** The number of the last fill. */
  count = 0
  values: Float64Array
  readonly keep: number
  private capacity: number

  constructor(keep: number) {
    this.keep = keep
    this.capacity = Math.min(FIRST_CAPACITY, keep)
    this.values = new Float64Array(this.capacity * FILL_FIELDS)
  }

  /** The number of the oldest fill that is kept. */
  get oldest(): number {
    return Math.max(1, this.count - this.keep + 1)
  }

  /** Room for the next fill; its number is `count`. */
  add(): number {
    if (this.count >= this.capacity && this.capacity < this.keep) this.grow()
    return this.at(++this.count)
  }

  /** Where the values of a fill begin. */
  at(number: number): number {
    return ((number - 1) % this.capacity) * FILL_FIELDS
  }

  private grow(): void {
    const values = new Float64Array(Math.min(this.capacity * GROWTH, this.keep) * FILL_FIELDS)
    values.set(this.values)
    this.values = values
    this.capacity = values.length / FILL_FIELDS
  }
}

const FIRST_CAPACITY = 1024
const GROWTH = 4
export const FILL_FIELDS = 10

// The fields of a fill.
export const FILL_ID_HIGH = 0
export const FILL_ID_LOW = 1
export const FILL_MARKET = 2
/** The account's index, times 4, plus 2 for a maker, plus the side. */
export const FILL_WHO = 3
export const FILL_TICKS = 4
export const FILL_STEPS = 5
/** The nearest double to the fee, in the market's currency. */
export const FILL_FEE = 6
export const FILL_TIME = 7
export const FILL_TRADE = 8
/** The number of the order's fill before this one; 0 for its first. */
export const FILL_BEFORE = 9
