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
  /** Handles what there is, at most a batch. Returns how many frames. */
  poll(): number
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
 * The event loop gets a turn every few ms even while spinning, so timers, sockets and the signal itself go on.
 */
export async function runLoop(reader: Pollable, wait: Wait, signal: AbortSignal | undefined): Promise<number> {
  let handled = 0
  let misses = 0
  let looks = 0
  let sliceEnd = performance.now() + SLICE_MS
  while (signal?.aborted !== true && !reader.closed) {
    const count = reader.poll()
    handled += count
    misses = count > 0 ? 0 : misses + 1
    if (count === 0 && misses > EAGER_LOOKS) pause()
    let turn = ++looks % LOOKS_PER_CLOCK === 0 && performance.now() >= sliceEnd
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
