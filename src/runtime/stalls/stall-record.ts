import type { Writer } from '../../journal/write/writer.js'
import { writeStall } from './frames.js'
import { type ObservedStall, StallWatch } from './stall-watch.js'

/** Pauses that wait at most; the oldest are discarded. */
const MOST_WAITING = 64

/**
 * Puts the pauses of this process on record in its journal, beside what it writes anyway: while it has nothing to write, its readers have
 * nothing to read. So a pause that delayed something is written at once, and any other one with the next frames.
 */
export class StallRecord {
  private waiting: ObservedStall[] = []
  private readonly watch: StallWatch
  /** The journal's end when the event loop turned before. */
  private position: number

  /**
   * @param leastMs of the shortest pause.
   * @param later runs an action when the writer may be used.
   */
  constructor(
    leastMs: number,
    private readonly writer: Writer,
    private readonly later: (write: () => void) => void,
  ) {
    this.position = writer.position
    this.watch = new StallWatch(
      leastMs,
      stall => this.add(stall),
      () => this.check(),
    )
  }

  close(): void {
    this.watch.close()
  }

  private add(stall: ObservedStall): void {
    this.waiting.push(stall)
    if (this.waiting.length > MOST_WAITING) this.waiting.shift()
  }

  private check(): void {
    const { position } = this.writer
    if (this.waiting.length > 0 && position !== this.position) this.later(() => this.write())
    else this.position = position
  }

  private write(): void {
    for (const stall of this.waiting) writeStall(this.writer, stall)
    this.waiting = []
    this.position = this.writer.position
  }
}
