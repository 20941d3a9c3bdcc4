import type { Grid } from './grid.js'

/** Digits that a double holds exactly, whatever they are. */
const SAFE_DIGITS = 15

/**
 * The number of steps of a grid in a decimal text, such as '0.00100000' or '-10'. No double is on the way: the digits are
 * a whole number of the grid's last decimal. NaN when it is no decimal, no multiple of the step, or beyond 2^53 steps.
 */
export function unitsOfText(text: unknown, grid: Grid): number {
  const match = typeof text === 'string' && text.length <= 64 ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) : null
  if (match === null) return Number.NaN
  const [, sign, whole, fraction = ''] = match
  const { decimals, numerator } = grid
  if (/[^0]/.test(fraction.slice(decimals))) return Number.NaN
  const digits = whole + fraction.slice(0, decimals).padEnd(decimals, '0')
  const units = digits.length <= SAFE_DIGITS ? quotient(Number(digits), numerator) : longQuotient(digits, numerator)
  // Adding 0 turns -0 into 0.
  return sign === '-' ? -units + 0 : units
}

function quotient(value: number, divisor: number): number {
  return value % divisor === 0 ? value / divisor : Number.NaN
}

function longQuotient(digits: string, divisor: number): number {
  const [value, by] = [BigInt(digits), BigInt(divisor)]
  const units = value / by
  return value % by === 0n && units <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(units) : Number.NaN
}
