import { eventLoopTurn } from '../../wait/idle.js'
import { LONGEST_TIMER_MS } from '../../wait/nap.js'
import { EAGER_CHECKS, pause } from '../../wait/pause.js'
import { sleepInLoop } from '../../wait/sleeper.js'
import type { Wakeable } from '../../wait/wakeable.js'

/** What a gateway's loop does in each iteration. */
export interface Work {
  /** Does a bounded part of what there is to do now. Returns how much was done; 0 for nothing. */
  iterate(wallMs: number): number
  /** Whether there is something to do. Called before the loop sleeps. */
  hasWork(): boolean
  /** ms until something is due by itself: a timer, an event of the feed. Infinity for nothing. */
  dueIn(wallMs: number): number
  /** Whether it waits for a promise, such as a feed's next batch. */
  readonly isWaiting: boolean
  /** Whether something becomes due by the clock alone, so that it has to be read for each iteration. */
  readonly isTimed: boolean
  /** The journals whose writers wake the loop. */
  readonly controls: readonly (Wakeable | undefined)[]
}

/** The event loop gets a turn at least this often, in ms: for signals, sockets and child processes. */
const SLICE_MS = 5
/** Checks without work before a loop that may sleep does so. */
const SPIN_CHECKS = 200
/** Checks without work between two readings of the clock, while nothing is due by it: some µs. */
const CHECKS_PER_CLOCK = 16
/** Waits for promises between two turns of the event loop. */
const PROMISE_WAITS = 8
/** Timers of the event loop fire up to a ms late, so the loop spins through waits that are shorter. */
const SHORT_WAIT_MS = 1

/**
 * The loop of a gateway: one thread, no promise between a frame and its consequences.
 *
 * When it spins, it checks again at once, and uses one core fully. Otherwise it sleeps while there is nothing to do: writers
 * of journals wake it, and so does `wake`.
 */
export class Loop {
  private waker = new AbortController()
  private stopping = false

  constructor(
    private readonly work: Work,
    private readonly spins: boolean,
  ) {}

  /** Call this for what no journal announces: an event of the feed, or of a venue in this process. */
  wake(): void {
    this.waker.abort()
  }

  stop(): void {
    this.stopping = true
    this.wake()
  }

  /** Runs until `stop`. Rejects with the first error of `iterate`. */
  async run(): Promise<void> {
    let idle = 0
    let wallMs = performance.now()
    let sliceEnd = wallMs + SLICE_MS
    while (!this.stopping) {
      const done = this.work.iterate(wallMs)
      idle = done > 0 ? 0 : idle + 1
      if (idle % CHECKS_PER_CLOCK === 0 || this.work.isTimed) wallMs = performance.now()
      if (wallMs >= sliceEnd) {
        await eventLoopTurn()
        wallMs = performance.now()
        sliceEnd = wallMs + SLICE_MS
      } else if (idle > 0 && this.work.isWaiting && (this.spins || idle <= SPIN_CHECKS)) {
        // Promises of a feed in memory are ready without the event loop; those of a file need it. A live feed may be quiet
        // for long: who may sleep then does so, and its next batch wakes the loop.
        await (idle % PROMISE_WAITS === 0 ? eventLoopTurn() : undefined)
      } else if (idle > EAGER_CHECKS) {
        pause()
        if (!this.spins && idle > SPIN_CHECKS && this.work.dueIn(wallMs) > SHORT_WAIT_MS) {
          await this.sleep(wallMs)
          idle = 0
          wallMs = performance.now()
          sliceEnd = wallMs + SLICE_MS
        }
      }
    }
  }

  private async sleep(wallMs: number): Promise<void> {
    this.waker = new AbortController()
    const dueIn = this.work.dueIn(wallMs)
    const ms = Math.min(Math.max(0, dueIn - SHORT_WAIT_MS), LONGEST_TIMER_MS)
    const timer = setTimeout(() => this.wake(), ms)
    try {
      await sleepInLoop(this.work.controls, () => this.work.hasWork(), this.waker.signal)
    } finally {
      clearTimeout(timer)
    }
  }
}
