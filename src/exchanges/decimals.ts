import { decimalText, readDecimal } from '../trading/exact/decimal.js'
import type { Grid } from '../trading/exact/grid.js'

/**
 * Whole ticks or steps in a venue's decimal text, exactly: no double is involved. NaN when the text is no decimal, is no
 * multiple of the step, or has more steps than a double counts.
 */
export function unitsIn(grid: Grid, text: string): number {
  const value = readDecimal(text)
  if (value === undefined) return Number.NaN
  // value / step = (numerator / 10^decimals) / (grid.numerator / 10^grid.decimals)
  const above = value.numerator * 10n ** BigInt(grid.decimals)
  const below = 10n ** BigInt(value.decimals) * BigInt(grid.numerator)
  const units = above / below
  return units * below === above && units <= MOST && units >= -MOST ? Number(units) : Number.NaN
}

/** The decimal text of so many ticks or steps, exactly. */
export function textOf(grid: Grid, units: number): string {
  return decimalText(BigInt(units) * BigInt(grid.numerator), grid.decimals)
}

/** The product of two decimals as text, exactly. Undefined when one is no decimal. */
export function productOf(a: string, b: string): string | undefined {
  const [x, y] = [readDecimal(a), readDecimal(b)]
  if (x === undefined || y === undefined) return undefined
  return decimalText(x.numerator * y.numerator, x.decimals + y.decimals)
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER)
