import { offAbort, onAbort } from './abort.js'
import { eventLoopTurn, type IdleStrategy, Park, type Sleepable, SleepInEventLoop, Spin, Yield } from './idle.js'

/**
 * How `run` waits when there is nothing to read:
 * - 'spin': checks again at once. Lowest latency; uses one core fully.
 * - 'yield': spins for a while, then gives the event loop a turn before each check.
 * - 'park': spins for a while, then the thread sleeps until the writer wakes it. The event loop gets a turn every few ms.
 * - 'event-loop': sleeps without blocking the thread; the event loop keeps running, and the writer wakes it.
 */
export type Wait = 'spin' | 'yield' | 'park' | 'event-loop'

export const WAITS: readonly Wait[] = ['spin', 'yield', 'park', 'event-loop']

/** A reader that `run` can poll. */
export interface Pollable extends Sleepable {
  /**
   * Handles the frames that exist, at most `limit`. Returns how many.
   *
   * @param flowing the last polls found frames in quick succession: the writer writes at full speed.
   */
  poll(limit: number, flowing: boolean): number
}

/** ms after which the event loop gets a turn. */
const SLICE_MS = 5
/** Polls without a frame between two readings of the clock. */
const CHECKS_PER_CLOCK = 64
/** ms per frame. When frames arrive and are handled at least this fast, the writer writes at full speed. */
const FLOW_MS = 0.0002

/**
 * Polls until the signal aborts or the reader is closed. Returns how many frames were handled.
 *
 * The event loop gets a turn every few ms, also while spinning and while there are always frames, so that timers, sockets and the signal
 * work. When handlers take long, a poll handles fewer frames, down to one.
 *
 * @param most frames that one poll handles.
 */
export async function runLoop(
  reader: Pollable,
  wait: Wait,
  signal: AbortSignal | undefined,
  most: number,
): Promise<number> {
  // A plain field, because V8 discards compiled code that read a signal's state when the signal aborts, and this loop takes longest to compile.
  // The signal itself is checked after each wait, because another listener may have stopped the event before it reached ours.
  const end = { requested: signal?.aborted === true }
  const stop = (): void => {
    end.requested = true
  }
  if (signal !== undefined) onAbort(signal, stop)
  // Also keeps a listener there: to add one for each sleep and remove it again costs as much as the sleep.
  onAbort(reader.closing, stop)
  const strategy = strategyOf(wait, reader, signal)
  let handled = 0
  let found = false
  let checks = 0
  let limit = most
  let flowing = false
  let clockReadAt = performance.now()
  let sliceEnd = clockReadAt + SLICE_MS
  try {
    while (!end.requested && !reader.closed) {
      const count = reader.poll(limit, flowing)
      handled += count
      flowing = false
      const foundBefore = found
      found = count > 0
      let due = false
      if (found || ++checks % CHECKS_PER_CLOCK === 0) {
        const now = performance.now()
        flowing = foundBefore && count < limit && now - clockReadAt < count * FLOW_MS
        clockReadAt = now
        const late = now - sliceEnd
        if (late > SLICE_MS) limit = Math.max(1, limit >> 1)
        else if (count === limit) limit = Math.min(most, limit * 2)
        due = late >= 0
      }
      // After the clock was read, so that the time the strategy sleeps does not count as the handlers' time.
      let waiting: Promise<void> | undefined
      if (found) strategy.reset()
      else waiting = strategy.idle()
      if (due || waiting !== undefined) {
        await (waiting ?? eventLoopTurn())
        sliceEnd = performance.now() + SLICE_MS
        end.requested ||= signal?.aborted === true
      }
    }
  } finally {
    if (signal !== undefined) offAbort(signal, stop)
    offAbort(reader.closing, stop)
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
