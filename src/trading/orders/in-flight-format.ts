/**
 * In flight: parameters [markets, owners]. From Header.SIZE on: a word for each market; the owner slots; for each owner
 * an f64 deadline for each market.
 *
 * A word is count × 4096 + owner + 1, or count × 4096 when the market is free; the count grows with every change.
 */
export const InFlightWord = {
  OWNER_BITS: 12,
  MAX_OWNERS: 1024,
} as const
