import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { decimalText } from './decimal.js'

/** No more units than this: up to here `unitsOf` finds the right unit before it checks it. */
const MAX_UNITS = 2 ** 50
/** Relative error of a few operations on doubles. The next multiple is always farther away, up to 2^48 units. */
const ROUNDING = 2 ** -49
/** 10^22 is the largest power of ten that a double holds exactly. */
const MAX_DECIMALS = 22

/**
 * The multiples of a decimal step: prices in whole ticks, quantities in whole steps.
 *
 * Frames hold prices and quantities as doubles in units of the instrument. Every sum and comparison is done in whole
 * units of a grid, which are exact: 0.1 + 0.2 - 0.3 is 1 + 2 - 3 ticks. The double nearest to a multiple of the step is
 * found exactly, because a quotient of two whole numbers that doubles hold exactly is rounded to the nearest double.
 */
export class Grid {
  /** As it was given: '0.05'. */
  readonly step: string
  /** Decimals after the point of the step. */
  readonly decimals: number
  /** The step is `numerator / 10^decimals`. */
  readonly numerator: number
  private readonly denominator: number
  private readonly most: number

  /** @param step a decimal above 0 with at most 15 digits, '0.05' or '1' or '25'. @throws {InvalidOptionError} */
  constructor(step: string, what = 'a step') {
    const match = /^(\d{1,15})(?:\.(\d{1,22}))?$/.exec(step)
    const fraction = (match?.[2] ?? '').replace(/0+$/, '')
    const numerator = match === null ? 0 : Number(match[1] + fraction)
    if (numerator === 0 || !Number.isSafeInteger(numerator) || fraction.length > MAX_DECIMALS) {
      throw new InvalidOptionError(
        `${what} is a decimal above 0 as text, such as '0.05', of at most 15 digits; not ${formatValue(step)}`,
      )
    }
    this.step = step
    this.decimals = fraction.length
    this.numerator = numerator
    this.denominator = Number(`1e${fraction.length}`)
    this.most = Math.min(MAX_UNITS, Math.floor(Number.MAX_SAFE_INTEGER / numerator))
  }

  /**
   * The number of steps in a value. NaN when it is no multiple of the step, not finite, or too large. The result of a short
   * calculation in doubles counts as the multiple that it is meant to be: 0.1 + 0.2 is 3 steps of 0.1.
   */
  unitsOf(value: number): number {
    const units = Math.round((value * this.denominator) / this.numerator)
    if (!(Math.abs(units) <= this.most)) return Number.NaN
    const multiple = (units * this.numerator) / this.denominator
    // Adding 0 turns -0 into 0.
    return Math.abs(multiple - value) <= Math.abs(value) * ROUNDING ? units + 0 : Number.NaN
  }

  /** The number of steps nearest to a value. NaN when it is not finite or too large. */
  nearest(value: number): number {
    const units = Math.round((value * this.denominator) / this.numerator)
    return Math.abs(units) <= this.most ? units + 0 : Number.NaN
  }

  /** The value of so many steps as decimal text, exactly. */
  textOf(units: number): string {
    return decimalText(BigInt(units) * BigInt(this.numerator), this.decimals)
  }

  /** The value of so many steps: the double nearest to the decimal. */
  valueOf(units: number): number {
    return (units * this.numerator) / this.denominator
  }
}
