import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { Time } from '../sequence/time.js'

/**
 * The one clock of a desk on virtual time. It moves only when it is told to, and never back. The journals of the desk are
 * written with its times.
 */
export class VirtualClock {
  /** ns since the origin. */
  now = 0
  private readonly time: Time
  private writers: Writer[] = []

  /** @param origin ns since 1970. */
  constructor(readonly origin: bigint) {
    this.time = new Time(origin)
    this.time.split(0)
  }

  /** Moves to a time, in ns since the origin; an earlier one changes nothing. */
  set(now: number): void {
    if (!(now > this.now)) return
    // Frames hold whole ns; what is due in between is due at the next one.
    this.now = Math.ceil(now)
    const { time, writers } = this
    time.split(this.now)
    for (let i = 0; i < writers.length; i++) writers[i].setTime(time.low | 0, time.high | 0)
  }

  /** Opens a journal whose frames get the times of this clock. After what a journal has already, the clock goes on from there. */
  openWriter(directory: string, options: WriterOptions): Writer {
    const writer = Writer.open(directory, { ...options, timestamps: false })
    this.set(Number(writer.lastTime - this.origin))
    writer.setTime(this.time.low | 0, this.time.high | 0)
    this.writers = [...this.writers.filter(other => !other.closed), writer]
    return writer
  }
}

/** The times of a home on a virtual clock. */
export class VirtualTime extends Time {
  private readonly offset: number

  constructor(
    origin: bigint,
    private readonly clock: VirtualClock,
  ) {
    super(origin)
    this.offset = Number(clock.origin - origin)
  }

  override now(): number {
    return this.clock.now + this.offset
  }
}
