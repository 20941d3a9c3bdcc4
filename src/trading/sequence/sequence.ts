import { Halves } from '../../frames/halves.js'
import type { Writer } from '../../journal/write/writer.js'
import { Clock, Taken } from '../messages/sequence-frames.js'
import type { Time } from './time.js'

/**
 * After so many slots of a journal without anything to copy, the sequence says all the same that they were taken: a journal in which
 * a strategy only keeps its state could not be retired otherwise. 256 KiB.
 */
export const SILENT_SLOTS = 4096

const TAKEN_CLOCK = new Halves(Taken, 'clock')
const CLOCK_CLOCK = new Halves(Clock, 'clock')

/**
 * The gateway's journal, written burst by burst: what was taken from elsewhere, published in one store, and what was
 * decided because of it.
 */
export class Sequence {
  constructor(
    readonly writer: Writer,
    readonly time: Time,
  ) {}

  /** Slots of copies that one burst may have: they and their Taken must fit on a page. */
  get burstSlots(): number {
    return this.writer.pageSlots - Taken.slots
  }

  /**
   * Begins a burst: nothing is visible until `end`. Several may begin before one `end`: then they become visible together, unless a
   * page ends between two of them.
   *
   * @param journal the number of the journal that it comes from; 0 is the feed.
   * @param from the position (of a feed: the number of the event) of the first frame taken, and `to` after the last one.
   * @param slots of the copies that follow.
   */
  begin(journal: number, from: number, to: number, now: number, slots: number): void {
    const { writer, time } = this
    if (writer.corked) writer.keepTogether(Taken.slots + slots)
    else writer.cork(Taken.slots + slots)
    const taken = writer.begin(Taken)
    taken.journal = journal
    taken.from = from
    taken.to = to
    time.split(now)
    TAKEN_CLOCK.set(taken, time.low, time.high)
    writer.commit()
  }

  /** Begins a burst of which only the time has come from outside. Returns the position of the Clock frame. */
  beginClock(now: number): number {
    const { writer, time } = this
    writer.cork(Clock.slots)
    const clock = writer.begin(Clock)
    time.split(now)
    CLOCK_CLOCK.set(clock, time.low, time.high)
    return writer.commit()
  }

  /** Publishes the burst. */
  end(): void {
    this.writer.uncork()
  }
}
