/**
 * Sums of numbers as the decimals they are written as: 0.1 + 0.2 is 0.3, and less 0.3 it is 0.
 *
 * A limit is only as good as the sum that is compared with it. Quantities come in whole steps, such as 0.001, and a double is the nearest
 * one to such a decimal. As long as a decimal has at most 15 digits no other one has the same double, so it can be told from it, added in
 * whole steps without an error, and turned into the nearest double again. Nothing here allocates but what says so.
 */

/** Whole numbers of steps below this are told from each other by their doubles, whatever the step. */
const MOST_STEPS = 1e15
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** Decimals after the point of a number with at most 15 digits, or of a whole one up to 2^53; -1 for any other number. */
export function decimalsOf(value: number): number {
  if (Number.isSafeInteger(value)) return 0
  for (let decimals = 1; decimals < POWERS.length; decimals++) {
    const steps = Math.round(value * POWERS[decimals])
    if (!(Math.abs(steps) < MOST_STEPS)) return -1
    // The quotient of two exact numbers is the double nearest to it, so to the decimal.
    if (steps / POWERS[decimals] === value) return decimals
  }
  return -1
}

/**
 * The exact sum of two decimals. NaN when it has more digits than a number can be told by.
 *
 * A number with more than 15 digits is what a calculation in doubles left, such as 0.1 + 0.2 or 1000 / 61800.2, and stands for no step: the
 * sum with one is rounded to 15 digits, and allocates.
 */
export function exactSum(a: number, b: number): number {
  const decimalsA = decimalsOf(a)
  const decimalsB = decimalsOf(b)
  if (decimalsA < 0 || decimalsB < 0) return roundedSum(a, b)
  const decimals = Math.max(decimalsA, decimalsB)
  const steps = stepsOf(a, decimalsA, decimals) + stepsOf(b, decimalsB, decimals)
  if (decimals === 0) return Number.isSafeInteger(steps) ? steps : Number.NaN
  return Math.abs(steps) < MOST_STEPS ? steps / POWERS[decimals] : Number.NaN
}

/** The number itself when it is a decimal of at most 15 digits or whole, else the nearest such. */
export function exactValue(value: number): number {
  return decimalsOf(value) < 0 ? rounded(value) : value
}

/** In steps of another, smaller size. Above 2^53 it may be off, and so large that no sum with it is below `MOST_STEPS`. */
function stepsOf(value: number, decimals: number, wanted: number): number {
  return Math.round(value * POWERS[decimals]) * POWERS[wanted - decimals]
}

/** Of the decimals that the numbers stand for: 0.1 + 0.2, as doubles have it, less 0.3 is 0. Not to end in NaN here: there was no step. */
function roundedSum(a: number, b: number): number {
  const [x, y] = [exactValue(a), exactValue(b)]
  const sum = decimalsOf(x) < 0 || decimalsOf(y) < 0 ? Number.NaN : exactSum(x, y)
  return Number.isNaN(sum) ? rounded(x + y) : sum
}

function rounded(value: number): number {
  return Number(value.toPrecision(15))
}
