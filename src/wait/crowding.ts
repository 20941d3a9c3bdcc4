import { type Scheduling, scheduling } from './scheduling.js'

/**
 * Notices that more threads want to run than there are cores, and has its reader nap meanwhile: wait for some ms without announcing a
 * sleep, and then read all frames there are. No process wakes a reader that naps. Otherwise each reader is woken for each frame, which costs
 * some 100 µs of processor time, the reader's and the writer's together; many readers leave no time for the writer.
 *
 * A reader naps only while it finds frames after each nap. When there is none it sleeps, so a frame that comes after a quiet time wakes it
 * at once. See docs/decisions/0029-napping-readers.md.
 */

/** ms between two measurements of how long this thread waited for a core. */
const MEASURE_MS = 20
/** Share of the time in which the thread ran or wanted to. A reader below it has little to do: each frame wakes it at once. */
const BUSY_SHARE = 0.5
/** Share of that time in which other threads had the cores. */
const WAITING_SHARE = 0.5
/** ms. A thread that waits this long for a core each time has several others in front of it. */
const LONG_WAIT_MS = 0.2
/** ms. A thread that waits no longer than this has a core when it wants one. */
const SHORT_WAIT_MS = 0.1
const SHORTEST_NAP_MS = 1
const LONGEST_NAP_MS = 8
/** Measurements in a row that must find a core free before a reader stops napping, when it soon had to begin again the last times. */
const MOST_PATIENCE = 32

export class Crowding {
  /** ms to nap; 0 while there are cores enough. */
  private napMs = 0
  /** Whether the reader has napped since it last found frames. */
  private napped = false
  private measuredAt: number
  private last: Scheduling | undefined
  private calmMeasurements = 0
  private patience = 1

  /** @param now ms by any clock. */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly counted: () => Scheduling | undefined = scheduling,
  ) {
    this.measuredAt = now()
    this.last = counted()
  }

  get napping(): boolean {
    return this.napMs > 0
  }

  /** Call it at the beginning of each wait. */
  beginWait(): void {
    if (this.last === undefined) return
    const now = this.now()
    const ms = now - this.measuredAt
    if (ms < MEASURE_MS) return
    this.measuredAt = now
    const from = this.last
    this.last = this.counted()
    if (this.last !== undefined) this.decide(ms, from, this.last)
  }

  /** ms to nap now. 0: spin and sleep, because there are cores enough, or because the last nap has brought no frame. */
  takeNap(): number {
    if (this.napped || this.napMs === 0) return 0
    this.napped = true
    return this.napMs
  }

  /** The reader found frames. */
  found(): void {
    this.napped = false
  }

  private decide(ms: number, from: Scheduling, to: Scheduling): void {
    const waited = to.waitedMs - from.waitedMs
    const wanted = waited + to.ranMs - from.ranMs
    const wait = waited / Math.max(1, to.runs - from.runs)
    if (this.napMs === 0) {
      if (wanted < BUSY_SHARE * ms || waited < WAITING_SHARE * wanted || wait < LONG_WAIT_MS) {
        this.patience = Math.max(1, this.patience - 1)
        return
      }
      this.napMs = SHORTEST_NAP_MS
      this.calmMeasurements = 0
      this.patience = Math.min(2 * this.patience, MOST_PATIENCE)
    } else if (wait > this.napMs / 4) {
      this.napMs = Math.min(2 * this.napMs, LONGEST_NAP_MS)
      this.calmMeasurements = 0
    } else if (wait > SHORT_WAIT_MS) {
      this.calmMeasurements = 0
    } else if (this.napMs > SHORTEST_NAP_MS) {
      this.napMs /= 2
    } else if (++this.calmMeasurements >= this.patience) {
      this.napMs = 0
    }
  }
}
