/** `ticktape/trading`: what gateways and strategies say to each other. */

export {
  BookTop,
  Order,
  OrderReport,
  type OrderReportValues,
  type OrderValues,
  type Reason,
  type Side,
  Ticker,
  Trade,
} from '../trading/messages/frames.js'
export type { Position, Scale } from '../trading/positions/book.js'
export { type FillCause, type FoldedPositions, foldPositions } from '../trading/positions/fold.js'
export {
  type Currencies,
  type DecimalInput,
  type Fill,
  type Owner,
  type PnlSummary,
  Positions,
  type PositionsOptions,
} from '../trading/positions/positions.js'
export { PositionsWriter, type PositionsWriterOptions } from '../trading/positions/writer.js'
