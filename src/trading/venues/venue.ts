import type { OrderReportValues, OrderValues } from '../messages/frames.js'

/**
 * What answers orders. A gateway asks one thing at a time and writes the answers down in the order they are given; after a restart it
 * tells a new one what was written, so that it goes on from there.
 *
 * What throws, or answers with what is no report (VenueError), stops its gateway: from then on it and the journal may differ.
 */
export interface Venue {
  /** Answers an order or a cancel with at least one report, all on that order. They become visible at once. */
  answer(request: OrderValues): readonly OrderReportValues[]
  /** The market moved: what that does to resting orders. */
  quote(symbol: string, bid: number, ask: number): readonly OrderReportValues[]
  /** A quote of an earlier run. */
  restoreQuote(symbol: string, bid: number, ask: number): void
  /** A report of an earlier run. */
  restoreReport(report: OrderReportValues): void
}
