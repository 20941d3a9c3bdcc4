/**
 * What the venue last said about an order, by rank. Of two words the one with the higher rank stands, whichever came
 * first; so it does not matter in which order, or how often, they arrive.
 *
 * DENIED is our own word: the order never reached the venue. Anything that the venue says about the order overrules it.
 */
export const Word = {
  NOTHING: 0,
  DENIED: 1,
  WORKING: 2,
  REJECTED: 3,
  EXPIRED: 4,
  CANCELLED: 5,
  FILLED: 6,
} as const

export const WORDS = ['nothing', 'denied', 'working', 'rejected', 'expired', 'cancelled', 'filled'] as const

/** Whether a word ends an order. */
export function isFinalWord(word: number): boolean {
  return word >= Word.REJECTED || word === Word.DENIED
}

/** What `Orders.apply` changed: bits, added up. 0 is nothing new. */
export const Changed = {
  /** The state that a strategy sees is another one. */
  STATE: 1,
  /** A fill was booked. Its facts are in the event. */
  FILL: 2,
  /** The fills are now more than the order's quantity. */
  OVERFILL: 4,
  /** The venue had said exactly this before. */
  DUPLICATE: 8,
  /** Price and quantity are others, by an amend. */
  TERMS: 16,
  /** An amend or a cancel is answered. */
  REQUEST: 32,
  /** The order's outcome became known or unknown. */
  CERTAINTY: 64,
  /** The order became final. */
  FINAL: 128,
  /** One final state replaced another, or a final order works after all. */
  REVISED: 256,
  /** Fills that the venue counts, but has not reported one by one, are more or fewer. */
  MISSING: 512,
  /** The order has our home's bits, and no journal knows it: it was added as an orphan. */
  ORPHAN: 1024,
  /** The order is another person's: see `foreign`. */
  FOREIGN: 2048,
  /** The order ended so long ago that it was removed. Nothing was booked. */
  FORGOTTEN: 4096,
  /** The event contradicts itself or the order: a fill of NaN, of no name, of another instrument. Nothing was booked. */
  INVALID: 8192,
  /** The new terms are the venue's: no request of ours asks for them. With TERMS. */
  UNASKED: 16384,
} as const
