import { openSync, readSync } from 'node:fs'

/**
 * Whether more threads want to run than there are cores, as a reader notices it; then it rests. A reader that spins, announces its sleep and is
 * woken for every frame costs some 100 µs of processor time a frame, its own and the writer's. With many readers to a core
 * there is no time left for the writer. A reader that rests waits for some ms without announcing a sleep, and then reads all
 * frames there are: nobody wakes it. See docs/decisions/0028-resting-readers.md.
 */

/** ms between two looks at how long this thread waited for a core. */
const LOOK_MS = 20
/** Share of the time in which the thread ran or wanted to. A reader below it has little to do: each frame wakes it at once, whatever that costs. */
const BUSY_SHARE = 0.5
/** ms. A thread that waits this long for a core, each time, has several others in front of it. */
const LONG_WAIT_MS = 0.2
/** ms. A thread that waits no longer than this has a core when it wants one. */
const SHORT_WAIT_MS = 0.1
/** Share of that time in which it had no core. */
const WAITING_SHARE = 0.5
const SHORTEST_REST_MS = 1
const LONGEST_REST_MS = 8
/** Looks in a row that must find a core free before a reader stops resting, when it had to begin again soon each time. */
const MOST_PATIENCE = 32

export class Crowding {
  /** ms to rest; 0 while there are cores enough. */
  private restMs = 0
  /** Whether the reader has rested since it last found frames. */
  private rested = false
  private lookedAt = performance.now()
  private last = scheduling()
  private calmLooks = 0
  private patience = 1

  get resting(): boolean {
    return this.restMs > 0
  }

  /** ms to rest now. 0: spin, sleep. So it is when a rest has passed and there was no frame: the stream has ended. */
  takeRest(): number {
    if (this.rested || this.restMs === 0) return 0
    this.rested = true
    return this.restMs
  }

  /** The reader found frames. */
  found(): void {
    this.rested = false
  }

  /** Call it at the beginning of each wait. */
  beginWait(): void {
    const now = performance.now()
    const ms = now - this.lookedAt
    if (this.last === undefined || ms < LOOK_MS) return
    this.lookedAt = now
    const { last } = this
    this.last = scheduling()
    if (this.last !== undefined) this.decide(ms, last, this.last)
  }

  private decide(ms: number, from: Scheduling, to: Scheduling): void {
    const waited = to.waitedMs - from.waitedMs
    const wanted = waited + to.ranMs - from.ranMs
    const wait = waited / Math.max(1, to.runs - from.runs)
    if (this.restMs === 0) {
      if (wanted < BUSY_SHARE * ms || waited < WAITING_SHARE * wanted || wait < LONG_WAIT_MS) {
        this.patience = Math.max(1, this.patience - 1)
        return
      }
      this.restMs = SHORTEST_REST_MS
      this.calmLooks = 0
      this.patience = Math.min(2 * this.patience, MOST_PATIENCE)
    } else if (wait > this.restMs / 4) {
      this.restMs = Math.min(2 * this.restMs, LONGEST_REST_MS)
      this.calmLooks = 0
    } else if (wait > SHORT_WAIT_MS) {
      this.calmLooks = 0
    } else if (this.restMs > SHORTEST_REST_MS) {
      this.restMs /= 2
    } else if (++this.calmLooks >= this.patience) {
      this.restMs = 0
    }
  }
}

interface Scheduling {
  readonly ranMs: number
  readonly waitedMs: number
  readonly runs: number
}

/** The file of this thread; null where there is none. */
let file: number | null | undefined
const bytes = Buffer.alloc(96)

/** What the kernel has counted for this thread; undefined where it does not. */
function scheduling(): Scheduling | undefined {
  try {
    file ??= openSync('/proc/thread-self/schedstat', 'r')
    const [ran, waited, runs] = bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)).split(' ')
    return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6, runs: Number(runs) }
  } catch {
    return undefined
  }
}
