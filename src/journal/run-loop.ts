import type { Control } from './control.js'
import { sleepInLoop, sleepInThread } from './sleeper.js'

/**
 * How `run` waits when there is nothing to read:
 * - 'spin': looks again at once. Lowest latency; takes a whole core.
 * - 'yield': spins for a while, then gives the event loop a turn before each look.
 * - 'park': spins for a while, then the thread sleeps until the writer wakes it. The event loop gets a turn every few ms.
 * - 'event-loop': sleeps without blocking the thread; the event loop goes on and is woken.
 */
export type Wait = 'spin' | 'yield' | 'park' | 'event-loop'

export const WAITS: readonly Wait[] = ['spin', 'yield', 'park', 'event-loop']

/** What `run` needs of a reader. */
export interface Pollable {
  /** Handles what there is, at most `limit` frames. Returns how many. */
  poll(limit: number): number
  /** Whether there is something to read. */
  hasNews(): boolean
  readonly controls: readonly (Control | undefined)[]
  readonly closed: boolean
  /** Aborts when it is closed. */
  readonly closing: AbortSignal
}

/** Looks without an answer before a spinning reader pauses between looks: each look takes the cursor's line away from the writer. */
const EAGER_LOOKS = 4
/** Empty turns between two looks after that. */
const PAUSE_TURNS = 60
/** Looks without an answer before 'yield' and 'park' stop spinning: some 50 µs. */
const SPIN_LOOKS = 1000
/** ms for which the event loop may go without a turn. */
const SLICE_MS = 5
/** Looks between two readings of the clock. */
const LOOKS_PER_CLOCK = 64

/**
 * Polls until the signal aborts or the reader is closed. Returns how many frames were handled.
 *
 * The event loop gets a turn every few ms, while spinning and while there are always frames, so timers, sockets and the signal itself
 * go on. Handlers that take long get fewer frames a poll, down to one.
 *
 * @param most frames of one poll.
 */
export async function runLoop(reader: Pollable, wait: Wait, signal: AbortSignal | undefined, most: number): Promise<number> {
  let handled = 0
  let misses = 0
  let looks = 0
  let limit = most
  let sliceEnd = performance.now() + SLICE_MS
  while (signal?.aborted !== true && !reader.closed) {
    const count = reader.poll(limit)
    handled += count
    misses = count > 0 ? 0 : misses + 1
    if (count === 0 && misses > EAGER_LOOKS) pause()
    let turn = false
    if (count > 0 || ++looks % LOOKS_PER_CLOCK === 0) {
      const late = performance.now() - sliceEnd
      turn = late >= 0
      if (late > SLICE_MS) limit = Math.max(1, limit >> 1)
      else if (count === limit) limit = Math.min(most, limit * 2)
    }
    if (count === 0 && wait !== 'spin' && misses > SPIN_LOOKS) {
      if (wait === 'park') sleepInThread(reader.controls, () => reader.closed || reader.hasNews(), SLICE_MS)
      turn = wait !== 'event-loop'
      if (wait === 'event-loop') {
        await sleepInLoop(reader.controls, () => reader.closed || reader.hasNews(), signal, reader.closing)
        sliceEnd = performance.now() + SLICE_MS
        misses = 0
      }
    }
    if (turn) {
      await eventLoopTurn()
      sliceEnd = performance.now() + SLICE_MS
    }
  }
  return handled
}

/** The rest between two looks. Its result is kept so that it is not optimised away. */
let turns = 0
function pause(): void {
  for (let i = 0; i < PAUSE_TURNS; i++) turns = (turns + i) | 0
}

function eventLoopTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
