import type { Desk } from '../desk/desk.js'
import type { DeskVenue, DeskVenues } from '../desk/desk-venues.js'
import type { ClientOrderIds } from '../messages/order-id.js'
import { VenueReport } from '../sequence/frames.js'
import { VENUE_JOURNALS } from '../sequence/home.js'
import type { Sequence } from '../sequence/sequence.js'
import { writeVenueReport } from '../sequence/venue-reports.js'
import { checkVenueEvent } from '../venues/check-event.js'
import { VenueEvent } from '../venues/venue-event.js'

/** Events of one burst. */
const BURST_EVENTS = 64

/** Holds the events of venues in this process until the loop takes them into the sequence. */
export class VenueInbox {
  /** Events that wait. */
  count = 0
  private readonly events: VenueEvent[] = []
  private readonly from: DeskVenue[] = []
  private head = 0
  /** By the venue's number: events taken so far. */
  private readonly taken: number[] = []

  /**
   * @param taken by journal number: the events that earlier gateways took.
   * @param onEvent is called when an event arrives.
   */
  constructor(
    venues: DeskVenues,
    taken: ReadonlyMap<number, number>,
    ids: ClientOrderIds,
    origin: bigint,
    onEvent: () => void,
  ) {
    for (const venue of venues.all) {
      if (venue.venue.deterministic || venue.isRemote) continue
      this.taken[venue.number] = taken.get(VENUE_JOURNALS + venue.number) ?? 0
      const report = (event: VenueEvent): void => {
        this.events.push(Object.assign(new VenueEvent(), event))
        this.from.push(venue)
        this.count++
        onEvent()
      }
      venue.venue.start(report, ids, { origin, record: () => {} })
    }
  }

  /** Takes a burst of events of one venue. Returns how many. */
  take(sequence: Sequence, desk: Desk): number {
    const first = this.head
    const venue = this.from[first]
    const most = Math.min(BURST_EVENTS, Math.floor(sequence.burstSlots / VenueReport.slots))
    let end = first
    while (end < this.events.length && end - first < most && this.from[end] === venue) end++
    const size = end - first
    for (let i = first; i < end; i++) checkVenueEvent(venue.name, this.events[i], venue.accounts.length)
    const before = this.taken[venue.number] ?? 0
    this.taken[venue.number] = before + size
    const now = sequence.time.now()
    sequence.begin(VENUE_JOURNALS + venue.number, before, before + size, now, size * VenueReport.slots)
    const position = sequence.writer.position
    for (let i = first; i < end; i++) writeVenueReport(sequence.writer, venue.number, this.events[i])
    desk.tick(now)
    for (let i = first; i < end; i++) desk.report(venue, this.events[i], position + (i - first) * VenueReport.slots)
    sequence.end()
    desk.send()
    this.count -= size
    this.head = end
    if (this.count === 0) {
      this.events.length = 0
      this.from.length = 0
      this.head = 0
    }
    return size
  }
}
