import { FrameBatch } from '../../frames/frame-batch.js'
import { type Handlers, on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { Desk } from '../desk/desk.js'
import type { DeskVenue } from '../desk/desk-venues.js'
import { VenueReport } from '../sequence/frames.js'
import { VENUE_JOURNALS } from '../sequence/home.js'
import { type Sequence, SILENT_SLOTS } from '../sequence/sequence.js'
import { venueReportAt } from '../sequence/venue-reports.js'

/** Frames of one burst. */
const BURST_FRAMES = 64

/** Takes what the adapter of a venue wrote from its journal into the sequence. */
export class VenueSource {
  readonly reader: Reader
  /** The journal's number. */
  readonly journal: number
  /** Up to where the sequence says that it was taken. */
  private recorded: number
  private readonly batch = new FrameBatch(BURST_FRAMES * VenueReport.slots)
  private readonly handlers: Handlers

  /** @param position where the sequence has taken it to. */
  constructor(
    path: string,
    private readonly venue: DeskVenue,
    position: number,
  ) {
    this.journal = VENUE_JOURNALS + venue.number
    this.reader = Reader.open(path, { from: position === 0 ? 'start' : { position } })
    this.recorded = this.reader.position
    this.handlers = on(VenueReport, frame => this.batch.add(frame))
  }

  /** Takes one burst. Returns how many frames were read. */
  take(sequence: Sequence, desk: Desk): number {
    const { reader, batch, venue } = this
    const from = reader.position
    const most = Math.max(1, Math.min(BURST_FRAMES, Math.floor(sequence.burstSlots / VenueReport.slots)))
    const read = reader.poll(this.handlers, most)
    if (batch.count === 0 && reader.position - this.recorded < SILENT_SLOTS) return read
    this.recorded = reader.position
    const now = sequence.time.now()
    sequence.begin(this.journal, from, reader.position, now, batch.slots)
    const first = sequence.writer.position
    for (let i = 0; i < batch.count; i++) sequence.writer.copy(VenueReport, batch.select(i))
    desk.tick(now)
    for (let i = 0; i < batch.count; i++)
      desk.report(venue, venueReportAt(batch.select(i)), first + i * VenueReport.slots)
    sequence.end()
    batch.clear()
    desk.send()
    return read
  }

  close(): void {
    this.reader.close()
  }
}
