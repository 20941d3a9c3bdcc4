import { sleepInLoop } from './sleeper.js'
import type { Wakeable } from './wakeable.js'

/** What can be followed: a reader. */
export interface Followed<T> {
  /** The next thing there is, undefined when there is none yet. */
  next(): T | undefined
  hasNews(): boolean
  readonly controls: readonly (Wakeable | undefined)[]
  readonly closed: boolean
  /** Aborts when it is closed. */
  readonly closing: AbortSignal
}

/** ms for which the event loop may go without a turn while there is always a next one. */
const SLICE_MS = 5
/** Things handed out between two readings of the clock. */
const PER_CLOCK = 64

/**
 * Follows until the signal aborts, the reader is closed, or the iterator is given back (`break`, `return()`): each of them ends a
 * sleep at once.
 */
export function follow<T>(reader: Followed<T>, signal: AbortSignal | undefined): AsyncIterableIterator<T, undefined> {
  const done: IteratorReturnResult<undefined> = { value: undefined, done: true }
  const givenBack = new AbortController()
  const ended = (): boolean => givenBack.signal.aborted || reader.closed || signal?.aborted === true
  let handedOut = 0
  let sliceEnd = performance.now() + SLICE_MS
  return {
    async next() {
      // Promises that are settled at once never let timers, sockets and signals have their turn.
      if (++handedOut % PER_CLOCK === 0 && performance.now() >= sliceEnd) {
        await new Promise(resolve => setImmediate(resolve))
        sliceEnd = performance.now() + SLICE_MS
      }
      for (;;) {
        if (ended()) return done
        const value = reader.next()
        if (value !== undefined) return { value, done: false }
        await sleepInLoop(reader.controls, () => ended() || reader.hasNews(), signal, reader.closing, givenBack.signal)
      }
    },
    async return() {
      givenBack.abort()
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
