/**
 * Circuit breaker: parameters [markets, minutes after midnight UTC at which a day begins]. The words are in the header; a
 * BreakerMarket for each market from Header.SIZE on.
 */
export const BreakerWord = {
  /**
   * u32: count × 16 + code, code 0 while trading may go on, else 1 + its index in HALT_CODES. The one word that decides; it only changes
   * by compare-and-swap, and the count grows with every change.
   */
  HALTED: 256,
  CODE_BITS: 4,
  /** u32: errors since the last success. */
  ERRORS: 384,
  /** u64: day × 2^48 + that day's P&L in minor units (48 bits, signed); days since 1970. One word, so never half of it changes. */
  DAY_PNL: 512,
  PNL_BITS: 48,
  /** u64: day × 2^48 + 1 when so much time had passed that this day had to begin, + 0 when only the clock said so. */
  DAY_ENTERED: 528,
  /** u64: day × 2^48 + the earlier day that the clock showed when an amount was last added to that day; 0: none. */
  SET_BACK: 536,
  /** i64: when an amount was last added, in ns since 1970 (0 after a boot) and in ns since boot. */
  LAST_WALL: 544,
  LAST_TICK: 552,
  /** Limits, each a f64, Infinity where there is none. */
  MAX_ERRORS: 640,
  MAX_DAILY_LOSS: 648,
  MAX_POSITION: 656,
  /** Days before: EARLIER_COUNT times a word as DAY_PNL and one as DAY_ENTERED; not believed where the day is not before. */
  EARLIER: 768,
  EARLIER_COUNT: 16,
  /** Two reasons, at REASONS + 512 × (count mod 2): of this halt and the one before. */
  REASONS: 1024,
} as const

/** Why trading was halted. */
export const BreakerReason = {
  SIZE: 512,
  /** u32: the value of HALTED that it explains; stored last, so a reason cut short explains nothing. */
  WORD: 0,
  PID: 4,
  /** i64: ns since 1970. */
  TIME: 8,
  /** UTF-8, NUL-padded. */
  TEXT: 16,
  TEXT_SIZE: 496,
} as const

export const BreakerMarket = {
  SIZE: 16,
  /** f64: the position, a decimal of at most 15 digits or a whole number up to 2^53. */
  POSITION: 0,
  /** f64: the market's own limit, plus 1 when it is whole, below 0 when it is not; 0 where the general one holds. */
  LIMIT: 8,
} as const
