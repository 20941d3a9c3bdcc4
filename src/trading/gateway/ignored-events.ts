import { VenueError } from '../errors.js'
import { orderIdFrom } from '../messages/order-id.js'
import type { VenueEvent } from '../venues/venue-event.js'

/** Between two reports, ms: a venue that is wrong is wrong again and again. */
const EVERY_MS = 1000

/** Reports what a venue said and the desk did not book. It is in the sequence; positions may differ from the venue's. */
export class IgnoredEvents {
  private reportedAt = Number.NEGATIVE_INFINITY
  /** Since the last report. */
  private more = 0

  constructor(private readonly report: (problem: VenueError) => void) {}

  add(venue: string, event: VenueEvent, isForgotten: boolean): void {
    const now = performance.now()
    if (now - this.reportedAt < EVERY_MS) {
      this.more++
      return
    }
    const { kind, idHigh, idLow, instrument, ticks, steps, filledSteps } = event
    const why = isForgotten
      ? 'which ended long ago and is forgotten: the position is not changed, and differs from that of the venue'
      : `with numbers that do not fit it (instrument ${instrument}, ${ticks} ticks, ${steps} steps, ${filledSteps} filled): nothing was changed`
    const others = this.more === 0 ? '' : `; ${this.more} other events were not booked since the last report`
    this.reportedAt = now
    this.more = 0
    this.report(
      new VenueError(`the venue '${venue}' reports '${kind}' of order ${orderIdFrom(idHigh, idLow)}, ${why}${others}`),
    )
  }
}
