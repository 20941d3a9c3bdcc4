/** `ticktape/trading`: what gateways and strategies say to each other. */

export type { Faults } from '../trading/exchange/delivery/faults.js'
export type { Delay } from '../trading/exchange/delivery/latency.js'
export type {
  AccountOptions,
  Balances,
  FeeRates,
  FundingTime,
  SelfTrade,
  SimulatedExchangeOptions,
} from '../trading/exchange/options/options.js'
export type {
  AccountRecord,
  BookLevel,
  BookOrder,
  BookRecord,
  ExchangeOrderState,
  ExchangeRecord,
  FillRecord,
  MarginRecord,
  OrderRecord,
  PositionRecord,
  Sums,
} from '../trading/exchange/record.js'
export type { SavedExchange } from '../trading/exchange/saved-state.js'
export { SimulatedExchange } from '../trading/exchange/simulated-exchange.js'
export { Instrument, type InstrumentKind, type InstrumentSpec } from '../trading/instruments/instrument.js'
export { BookTop, Ticker, Trade } from '../trading/messages/market-frames.js'
export {
  type FillValues,
  Order,
  OrderReport,
  type OrderReportValues,
  type OrderValues,
} from '../trading/messages/order-frames.js'
export type {
  Liquidity,
  OrderAction,
  OrderState,
  OrderType,
  Side,
  TimeInForce,
} from '../trading/messages/order-terms.js'
export {
  Pair,
  PairReport,
  type PairReportValues,
  type PairState,
  type PairValues,
} from '../trading/messages/pair-frames.js'
export { REASONS, type Reason } from '../trading/messages/reasons.js'
export { MarketGap } from '../trading/messages/recording-frames.js'
export { Clock, InstrumentTerms, Taken } from '../trading/messages/sequence-frames.js'
export type { Position, Scale } from '../trading/positions/book.js'
export type { Currencies, DecimalInput } from '../trading/positions/exact-fill.js'
export { type FillCause, type FoldedPositions, foldPositions } from '../trading/positions/fold.js'
export {
  type Owner,
  type PnlSummary,
  Positions,
  type PositionsOptions,
} from '../trading/positions/positions.js'
export { PositionsWriter, type PositionsWriterOptions } from '../trading/positions/writer.js'
export type { AsyncVenue, VenueOrder } from '../trading/venues/async-venue.js'
export { VENUE_EVENTS, VenueEvent, type VenueEventKind } from '../trading/venues/venue-event.js'
export { Fill } from './fill.js'
