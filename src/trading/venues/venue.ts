import type { OrderReportValues, OrderValues } from '../messages/frames.js'

/**
 * A venue answers orders. A gateway calls it with one order or quote at a time and records the answers in sequence.
 * After a restart the gateway passes the recorded quotes and reports to a new venue object, so that it continues from
 * there.
 *
 * A venue that throws, or returns invalid reports (VenueError), stops its gateway: from then on the venue and the
 * journal may differ.
 */
export interface Venue {
  /** The name by which sessions record it. Default: the name of its class. */
  readonly name?: string
  /** Answers an order or a cancel with at least one report, all on that order. They are published together. */
  answer(request: OrderValues): readonly OrderReportValues[]
  /** A new quote. Returns the reports on the resting orders that it fills. */
  quote(symbol: string, bid: number, ask: number): readonly OrderReportValues[]
  /** Restores a quote of an earlier run. */
  restoreQuote(symbol: string, bid: number, ask: number): void
  /** Restores a report of an earlier run. */
  restoreReport(report: OrderReportValues): void
}
