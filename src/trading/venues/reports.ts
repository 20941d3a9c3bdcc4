import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { Cause } from '../../frames/commit-options.js'
import { FieldValueError } from '../../frames/errors.js'
import type { Writer } from '../../journal/write/writer.js'
import { GATEWAY_JOURNAL } from '../../runtime/sessions/session.js'
import { VenueError } from '../errors.js'
import { OrderReport, type OrderReportValues, strategyOf } from '../messages/frames.js'

/** The number of slots for these reports. */
export function slotsOf(reports: readonly OrderReportValues[]): number {
  return reports.length * OrderReport.slots
}

/** Checks a venue's answer to an order, as far as that is possible before writing it. @throws {VenueError} */
export function checkAnswer(reports: readonly OrderReportValues[], orderId: bigint): readonly OrderReportValues[] {
  checkReports(reports)
  if (reports.length === 0)
    throw new VenueError(
      `the venue answers order ${orderId} with no report; it must return at least one, because the first report marks the order as answered`,
    )
  const other = reports.find(report => report.orderId !== orderId)
  if (other !== undefined) throw new VenueError(`the venue answers order ${orderId} with a report on ${other.orderId}`)
  return reports
}

/** Checks the reports that a venue returned for a quote. @throws {VenueError} */
export function checkReports(reports: readonly OrderReportValues[]): readonly OrderReportValues[] {
  if (!Array.isArray(reports))
    throw new VenueError(`a venue answers with a list of reports, not ${formatValue(reports)}`)
  for (const report of reports as readonly (OrderReportValues | null | undefined)[]) {
    const orderId = report?.orderId
    if (typeof orderId !== 'bigint' || orderId < 0n || orderId >= 2n ** 64n)
      throw new VenueError(`a venue's report needs the orderId of its order, not ${formatValue(orderId)}`)
  }
  return reports
}

/**
 * Writes checked reports.
 *
 * @param dest the strategy they are for; default: for each report the strategy that sent its order.
 * @throws {VenueError} for a report whose values do not fit their fields.
 */
export function writeReports(writer: Writer, reports: readonly OrderReportValues[], cause: Cause, dest?: number): void {
  for (const report of reports) {
    try {
      writer.write(OrderReport, report, { cause, source: GATEWAY_JOURNAL, dest: dest ?? strategyOf(report.orderId) })
    } catch (error) {
      if (!(error instanceof FieldValueError || error instanceof InvalidOptionError)) throw error
      throw new VenueError(`the venue's report on order ${report.orderId} cannot be written: ${error.message}`, {
        cause: error,
      })
    }
  }
}
