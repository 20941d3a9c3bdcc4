import { decimalSum, decimalValue } from './decimal-sum.js'

/**
 * Whether this change of a position is within its limit. One that only reduces the position, without crossing zero,
 * always is.
 */
export function withinLimit(position: number, quantity: number, limit: number): boolean {
  if (reduces(position, quantity)) return true
  // NaN, for a sum with more than 15 digits, counts as above the limit: so close to it a double cannot decide.
  return Math.abs(decimalSum(position, quantity)) <= limit
}

/** Whether a change of a position makes it smaller, without crossing zero. */
export function reduces(position: number, quantity: number): boolean {
  return quantity < 0 ? -quantity <= position : quantity > 0 && quantity <= -position
}

/** A market's own limit as the file stores it. 0 means none, so whole limits are stored plus 1, and others negated. */
export function storedLimit(limit: number | undefined): number {
  if (limit === undefined) return 0
  return Number.isSafeInteger(limit) || limit === Number.POSITIVE_INFINITY ? limit + 1 : -limit
}

/**
 * The limit from its stored form. Older versions stored limits that are not whole plus 1 too, which lost their last
 * digits.
 */
export function marketLimit(stored: number): number {
  return stored < 0 ? -stored : decimalValue(stored - 1)
}
