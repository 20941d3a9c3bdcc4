import type { Writer } from '../../journal/write/writer.js'
import { writeStall } from './frames.js'
import { type ObservedStall, StallWatch } from './stall-watch.js'

/** Pauses that wait at most; the oldest are discarded. */
const MOST_WAITING = 64

/** A process is at work for so long after its last progress, ms. */
const ACTIVE_FOR_MS = 1000

/**
 * Puts the pauses of this process on record in its journal, beside what it writes anyway: while it has nothing to write, its readers have
 * nothing to read. So a pause that delayed something is written at once, and any other one with the next frames.
 */
export class StallRecord {
  private waiting: ObservedStall[] = []
  private readonly watch: StallWatch
  /** The journal's end when the event loop turned before. */
  private position: number
  /** What `progress` said last, and performance.now() when it changed. */
  private seen = Number.NaN
  private activeAt = 0

  /**
   * @param leastMs of the shortest pause.
   * @param later runs an action when the writer may be used.
   * @param progress a number that changes while the process is at work.
   */
  constructor(
    leastMs: number,
    private readonly writer: Writer,
    private readonly later: (write: () => void) => void,
    private readonly progress: () => number = () => writer.position,
  ) {
    this.position = writer.position
    this.watch = new StallWatch(
      leastMs,
      stall => this.add(stall),
      () => this.turn(),
    )
  }

  close(): void {
    this.watch.close()
  }

  private add(stall: ObservedStall): void {
    this.waiting.push(stall)
    if (this.waiting.length > MOST_WAITING) this.waiting.shift()
  }

  private turn(): boolean {
    const { position } = this.writer
    if (this.waiting.length > 0 && position !== this.position) this.later(() => this.write())
    else this.position = position
    const progress = this.progress()
    const at = performance.now()
    if (progress !== this.seen) this.activeAt = at
    this.seen = progress
    return at - this.activeAt < ACTIVE_FOR_MS
  }

  private write(): void {
    for (const stall of this.waiting) writeStall(this.writer, stall)
    this.waiting = []
    this.position = this.writer.position
  }
}
