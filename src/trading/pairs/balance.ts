/** What one leg of a pair has, in whole steps of its instrument. */
export interface LegAmounts {
  /** What was asked for: the legs' quantities are the ratio that the pair keeps. */
  readonly steps: number
  readonly filled: number
  /** What of it was closed again. */
  readonly closed: number
}

export interface Excess {
  /** The index of the leg that has more than the other; -1 when neither has a whole step more. */
  readonly leg: -1 | 0 | 1
  /** By how many steps. */
  readonly steps: number
  /** How many of these the leg itself holds. Fewer when more was closed than the leg had, which only an overfill does. */
  readonly closable: number
}

export const BALANCED: Excess = Object.freeze({ leg: -1, steps: 0, closable: 0 })

/**
 * Which leg has more than the ratio of the quantities says, and by how much: what one leg has, less what matches the other
 * leg, rounded up. So the excess is never more than what is unequal, and what is left is less than a step.
 *
 * Exact: products of steps are bigints.
 */
export function excessOf(first: LegAmounts, second: LegAmounts): Excess {
  const a = first.filled - first.closed
  const b = second.filled - second.closed
  const ofFirst = BigInt(a) * BigInt(second.steps)
  const ofSecond = BigInt(b) * BigInt(first.steps)
  if (ofFirst === ofSecond) return BALANCED
  return ofFirst > ofSecond
    ? excess(0, a, ceilOfDivision(ofSecond, BigInt(second.steps)))
    : excess(1, b, ceilOfDivision(ofFirst, BigInt(first.steps)))
}

/**
 * Whether a leg already has as much as the other, by their ratio: whatever more is filled of it is excess.
 */
export function hasEnough(leg: LegAmounts, other: LegAmounts): boolean {
  return BigInt(leg.filled) * BigInt(other.steps) >= BigInt(other.filled) * BigInt(leg.steps)
}

function excess(leg: 0 | 1, net: number, matched: number): Excess {
  const steps = net - matched
  if (steps <= 0) return BALANCED
  return { leg, steps, closable: Math.max(0, Math.min(steps, net)) }
}

/** @param divisor above 0. */
function ceilOfDivision(value: bigint, divisor: bigint): number {
  // A bigint's division rounds towards 0, which is up for what is below 0.
  const quotient = value / divisor
  return Number(value > 0n && quotient * divisor !== value ? quotient + 1n : quotient)
}
