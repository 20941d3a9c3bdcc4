import { frame, type Values } from '../../frames/definition.js'
import { bool, enumOf, f64, i64, instrument, text, u8, u16, u64 } from '../../frames/field.js'
import { ORDER_TYPES, SIDES, TIMES_IN_FORCE } from './order-terms.js'
import { REASONS } from './reasons.js'

/**
 * Two orders that belong together, and what became of them. Prices and quantities are in units of each leg's instrument.
 * docs/pairs.md says what a pair is.
 *
 * A pair takes 32 order ids: its own, those of its two legs, and 29 for the orders that close what is unequal.
 */
export const PAIR_IDS = 32
/** What is added to the pair's id for its legs, and for its first closing order. */
export const FIRST_LEG = 1
export const SECOND_LEG = 2
export const FIRST_CLOSING = 3
/** The most orders that may close what is unequal. */
export const MOST_CLOSINGS = PAIR_IDS - FIRST_CLOSING

/** Values are only appended, because journals hold them. */
export const PAIR_STATES = [
  /** Both legs have passed risk, and work. */
  'working',
  /** What was left of the legs is cancelled; the last word about both is awaited. */
  'settling',
  /** Both legs are over and unequal: the excess is being closed. */
  'closing',
  /** Nothing is unequal by as much as a step. */
  'done',
  /** An excess is left, and nothing more is sent: the strategy decides. */
  'unbalanced',
  /** Neither leg was sent. */
  'denied',
] as const

export type PairState = (typeof PAIR_STATES)[number]

/** Which leg has more than the other one. */
export const EXCESS_LEGS = ['none', 'first', 'second'] as const

/** A strategy asks for a pair: both legs, or none. In its journal, and copied. 192 bytes. */
export const Pair = frame('Pair', 50, {
  /** A multiple of 32. The orders of its legs have the next two ids. */
  pairId: u64,
  first: instrument,
  second: instrument,
  firstAccount: u16,
  secondAccount: u16,
  firstSide: enumOf(SIDES),
  secondSide: enumOf(SIDES),
  firstType: enumOf(ORDER_TYPES),
  secondType: enumOf(ORDER_TYPES),
  firstTimeInForce: enumOf(TIMES_IN_FORCE),
  secondTimeInForce: enumOf(TIMES_IN_FORCE),
  firstPostOnly: bool,
  secondPostOnly: bool,
  firstReduceOnly: bool,
  secondReduceOnly: bool,
  /** How often closing is tried, 1 to 29. */
  attempts: u8,
  /** The limits; 0 in market orders. */
  firstPrice: f64,
  secondPrice: f64,
  firstQuantity: f64,
  secondQuantity: f64,
  /** The share of a leg's average price, and of the last quote, by which a closing price may be worse. */
  maxSlippage: f64,
  /** ns from when the gateway takes the pair until what is left is cancelled, and what is unequal closed. */
  settle: i64,
  /** ns between two attempts to close. */
  retry: i64,
  firstLabel: text(32),
  secondLabel: text(32),
})

/** The state of a pair after a change. `dest` is its strategy, `cause` the frame that led to it. 128 bytes. */
export const PairReport = frame('PairReport', 51, {
  pairId: u64,
  first: instrument,
  second: instrument,
  state: enumOf(PAIR_STATES),
  /** Why it is 'denied' or 'unbalanced'; also what a pair waits for. */
  reason: enumOf(REASONS),
  /** The leg that has more than the ratio of the quantities says. */
  excessLeg: enumOf(EXCESS_LEGS),
  /** Closing orders sent so far. */
  closings: u8,
  /** How much more, in units of that leg's instrument. */
  excess: f64,
  /** What the legs have filled, and what of it was closed again. */
  firstFilled: f64,
  secondFilled: f64,
  firstClosed: f64,
  secondClosed: f64,
})

export type PairValues = Values<typeof Pair>
export type PairReportValues = Values<typeof PairReport>
