/**
 * Circuit breaker: parameters [markets, minutes after midnight UTC at which a day begins]. The words are in the header;
 * from Header.SIZE on there is a BreakerMarket for each market.
 */
export const BreakerWord = {
  /**
   * u32: count × 16 + code. The code is 0 while trading is allowed, else 1 + its index in CODES; 4 lets pass what makes a
   * position smaller, and any other is a halt. This word alone decides. It changes only by compare-and-swap, and the count
   * grows with every change.
   */
  HALTED: 256,
  CODE_BITS: 4,
  /** u32: errors since the last success. */
  ERRORS: 384,
  /**
   * u64: day × 2^48 + that day's P&L in minor units (48 bits, signed); days since 1970. In one word, so both change
   * together.
   */
  DAY_PNL: 512,
  PNL_BITS: 48,
  /** u64: day × 2^48 + 1 when enough time had passed for this day to begin, + 0 when only the wall clock said so. */
  DAY_ENTERED: 528,
  /** u64: day × 2^48 + the earlier day that the wall clock showed when an amount was last added to `day`; 0: none. */
  SET_BACK: 536,
  /** i64: when an amount was last added, in ns since 1970 (0 after a boot) and in ns since boot. */
  LAST_WALL: 544,
  LAST_TICK: 552,
  /** Limits, each an f64; Infinity means no limit. */
  MAX_ERRORS: 640,
  MAX_DAILY_LOSS: 648,
  MAX_POSITION: 656,
  /**
   * Earlier days: EARLIER_COUNT pairs of words as DAY_PNL and DAY_ENTERED. A pair is ignored when its day is not
   * earlier.
   */
  EARLIER: 768,
  EARLIER_COUNT: 16,
  /** Two reasons, at REASONS + 512 × (count mod 2): of this halt and of the one before. */
  REASONS: 1024,
} as const

/** Why trading was halted, or may only reduce positions. */
export const BreakerReason = {
  SIZE: 512,
  /**
   * u32: the value of HALTED that this reason belongs to. It is stored last, so an incomplete reason belongs to no
   * value.
   */
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
  /**
   * f64: the market's own limit, stored as limit + 1 when it is a whole number and as -limit otherwise; 0: the general
   * limit applies.
   */
  LIMIT: 8,
} as const
