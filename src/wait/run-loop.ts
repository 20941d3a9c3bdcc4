import { offAbort, onAbort } from './abort.js'
import { eventLoopTurn, type IdleStrategy, Park, type Sleepable, SleepInEventLoop, Spin, Yield } from './idle.js'

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
export interface Pollable extends Sleepable {
  /**
   * Handles what there is, at most `limit` frames. Returns how many.
   *
   * @param flowing the looks before found frames, one right after another: the writer is in full flow.
   */
  poll(limit: number, flowing: boolean): number
}

/** ms for which the event loop may go without a turn. */
const SLICE_MS = 5
/** Looks between two readings of the clock. */
const LOOKS_PER_CLOCK = 64
/** A writer is in full flow when its frames come, and are handled, at least this fast, in ms a frame. */
const FLOW_MS = 0.0002

/**
 * Polls until the signal aborts or the reader is closed. Returns how many frames were handled.
 *
 * The event loop gets a turn every few ms, while spinning and while there are always frames, so timers, sockets and the signal itself
 * go on. Handlers that take long get fewer frames a poll, down to one.
 *
 * @param most frames of one poll.
 */
export async function runLoop(
  reader: Pollable,
  wait: Wait,
  signal: AbortSignal | undefined,
  most: number,
): Promise<number> {
  // A plain field: V8 throws away code that has looked at a signal when that aborts, and this is what it compiles longest. The signal
  // itself is asked after each rest, for a listener of somebody else's may have kept the news from ours.
  const end = { asked: signal?.aborted === true }
  const stop = (): void => {
    end.asked = true
  }
  if (signal !== undefined) onAbort(signal, stop)
  const strategy = strategyOf(wait, reader, signal)
  let handled = 0
  let found = false
  let looks = 0
  let limit = most
  let flowing = false
  let lookedAt = performance.now()
  let sliceEnd = lookedAt + SLICE_MS
  try {
    while (!end.asked && !reader.closed) {
      const count = reader.poll(limit, flowing)
      handled += count
      flowing = false
      const foundBefore = found
      found = count > 0
      let due = false
      if (found || ++looks % LOOKS_PER_CLOCK === 0) {
        const now = performance.now()
        flowing = foundBefore && count < limit && now - lookedAt < count * FLOW_MS
        lookedAt = now
        const late = now - sliceEnd
        if (late > SLICE_MS) limit = Math.max(1, limit >> 1)
        else if (count === limit) limit = Math.min(most, limit * 2)
        due = late >= 0
      }
      // After the clock was read: what the strategy sleeps is no time that the handlers took.
      let rest: Promise<void> | undefined
      if (found) strategy.reset()
      else rest = strategy.idle()
      if (due || rest !== undefined) {
        await (rest ?? eventLoopTurn())
        sliceEnd = performance.now() + SLICE_MS
        end.asked ||= signal?.aborted === true
      }
    }
  } finally {
    if (signal !== undefined) offAbort(signal, stop)
  }
  return handled
}

function strategyOf(wait: Wait, reader: Pollable, signal: AbortSignal | undefined): IdleStrategy {
  switch (wait) {
    case 'spin':
      return new Spin()
    case 'yield':
      return new Yield()
    case 'park':
      return new Park(reader)
    case 'event-loop':
      return new SleepInEventLoop(reader, signal)
  }
}
