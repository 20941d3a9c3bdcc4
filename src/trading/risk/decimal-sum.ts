import { POWERS } from '../exact/decimal.js'

/**
 * Adds numbers as the decimals that they are written as: 0.1 + 0.2 is 0.3, and 0.1 + 0.2 - 0.3 is 0.
 *
 * A limit is only as exact as the sum that is compared with it. Quantities are multiples of a step, such as 0.001, and
 * a number is the double nearest to such a decimal. Decimals of at most 15 digits all have different doubles. So the
 * decimal can be found from its double, added in whole steps without an error, and converted to the nearest double
 * again. Nothing here allocates, except where noted.
 */

/** Below this number of steps, different decimals have different doubles, whatever the step. */
const MAX_STEPS = 1e15

/**
 * The decimals after the point of a number with at most 15 digits, or of a whole number up to 2^53; -1 for any other
 * number.
 */
export function decimalsOf(value: number): number {
  if (Number.isSafeInteger(value)) return 0
  for (let decimals = 1; decimals < POWERS.length; decimals++) {
    const steps = Math.round(value * POWERS[decimals])
    if (!(Math.abs(steps) < MAX_STEPS)) return -1
    // The quotient of two exact doubles is rounded correctly: it is the double nearest to this decimal.
    if (steps / POWERS[decimals] === value) return decimals
  }
  return -1
}

/**
 * The exact sum of two decimals. NaN when it has more than 15 digits.
 *
 * A number with more than 15 digits is the result of a calculation in doubles, such as 0.1 + 0.2 or 1000 / 61800.2, and
 * not a multiple of a step. A sum with such a number is rounded to 15 digits, and allocates.
 */
export function decimalSum(a: number, b: number): number {
  const decimalsA = decimalsOf(a)
  const decimalsB = decimalsOf(b)
  if (decimalsA < 0 || decimalsB < 0) return roundedSum(a, b)
  const decimals = Math.max(decimalsA, decimalsB)
  const steps = stepsOf(a, decimalsA, decimals) + stepsOf(b, decimalsB, decimals)
  if (decimals === 0) return Number.isSafeInteger(steps) ? steps : Number.NaN
  return Math.abs(steps) < MAX_STEPS ? steps / POWERS[decimals] : Number.NaN
}

/** The number itself when it is whole or has at most 15 digits, else the nearest number with 15 digits. */
export function decimalValue(value: number): number {
  return decimalsOf(value) < 0 ? rounded(value) : value
}

/**
 * The number of steps for `wanted` decimals. Above 2^53 it may be inexact, but then every sum with it is above
 * `MAX_STEPS`.
 */
function stepsOf(value: number, decimals: number, wanted: number): number {
  return Math.round(value * POWERS[decimals]) * POWERS[wanted - decimals]
}

/**
 * The sum after rounding both to 15 digits: (0.1 + 0.2) - 0.3 is 0. Never NaN: at least one number was not a multiple
 * of a step.
 */
function roundedSum(a: number, b: number): number {
  const [x, y] = [decimalValue(a), decimalValue(b)]
  const sum = decimalsOf(x) < 0 || decimalsOf(y) < 0 ? Number.NaN : decimalSum(x, y)
  return Number.isNaN(sum) ? rounded(x + y) : sum
}

function rounded(value: number): number {
  return Number(value.toPrecision(15))
}
