import { Crowding } from './crowding.js'
import { napInLoop, sleepInLoop } from './sleeper.js'
import type { Wakeable } from './wakeable.js'

/** A reader that can be followed. */
export interface Followed<T> {
  /** The next value; undefined when there is none yet. */
  next(): T | undefined
  hasNews(): boolean
  readonly controls: readonly (Wakeable | undefined)[]
  readonly closed: boolean
  /** Aborts when it is closed. */
  readonly closing: AbortSignal
}

/** ms after which the event loop gets a turn while there is always a next value. */
const SLICE_MS = 5
/** Values returned between two readings of the clock. */
const VALUES_PER_CLOCK = 64

/**
 * Follows until the signal aborts, the reader is closed, or the loop leaves the iterator (`break`, `return()`): each of these ends a
 * sleep at once.
 */
export function follow<T>(reader: Followed<T>, signal: AbortSignal | undefined): AsyncIterableIterator<T, undefined> {
  const done: IteratorReturnResult<undefined> = { value: undefined, done: true }
  const iteratorEnd = new AbortController()
  const ended = (): boolean => iteratorEnd.signal.aborted || reader.closed || signal?.aborted === true
  const crowding = new Crowding()
  let returned = 0
  let sliceEnd = performance.now() + SLICE_MS
  return {
    async next() {
      // Awaiting promises that are resolved already never lets timers, sockets and signals run.
      if (++returned % VALUES_PER_CLOCK === 0 && performance.now() >= sliceEnd) {
        await new Promise(resolve => setImmediate(resolve))
        sliceEnd = performance.now() + SLICE_MS
      }
      for (;;) {
        if (ended()) return done
        const value = reader.next()
        if (value !== undefined) {
          crowding.found()
          return { value, done: false }
        }
        crowding.beginWait()
        const napMs = crowding.takeNap()
        const ends = [signal, reader.closing, iteratorEnd.signal]
        if (napMs > 0) await napInLoop(napMs, ...ends)
        else await sleepInLoop(reader.controls, () => ended() || reader.hasNews(), ...ends)
      }
    },
    async return() {
      iteratorEnd.abort()
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
