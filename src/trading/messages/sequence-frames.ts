import { frame, type Values } from '../../frames/definition.js'
import { bool, enumOf, f64, i64, text, u16, u32 } from '../../frames/field.js'
import { INSTRUMENT_KINDS } from '../instruments/instrument.js'

/**
 * What the gateway writes into its journal beside events and orders, so that this one journal says everything that decisions
 * depend on.
 */

const decimal = text(24)
const currency = text(12)

/**
 * The terms of an instrument and its number, which only the gateway assigns. It comes before the first frame with that number.
 * Decimals are text, so that they are exact; '' means none. 384 bytes.
 */
export const InstrumentTerms = frame('Instrument', 23, {
  number: u32,
  kind: enumOf(INSTRUMENT_KINDS),
  /** Whether a quantity of 1 is a fixed amount of `quote`, and profit is paid in `base`. */
  inverse: bool,
  venue: text(16),
  symbol: text(48),
  base: currency,
  quote: currency,
  settlement: currency,
  priceTick: decimal,
  quantityStep: decimal,
  multiplier: decimal,
  minQuantity: decimal,
  maxQuantity: decimal,
  minNotional: decimal,
  maxNotional: decimal,
  /** The name of the calendar of its trading days; '' for always open. */
  calendar: text(32),
})

/**
 * The gateway has taken what lies in [from, to) of another journal, and copies of it follow. 64 bytes.
 *
 * `from` and `to` are positions, or the numbers of events of a feed.
 */
export const Taken = frame('Taken', 24, {
  /** The id of the journal. */
  journal: u16,
  from: f64,
  to: f64,
  /** The gateway's clock: ns since 1970. Decisions use this time. */
  clock: i64,
})

/** The gateway's clock, where a decision depends on it and nothing was taken. 64 bytes. */
export const Clock = frame('Clock', 25, { clock: i64 })

export type InstrumentTermsValues = Values<typeof InstrumentTerms>
export type TakenValues = Values<typeof Taken>
