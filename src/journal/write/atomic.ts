import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { AppendPoint } from './append-point.js'

/** Anything but a promise. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T

/** Publishes all that `body` writes in one store, or discards all of it. */
export function writeAtomically<T>(point: AppendPoint, slots: number, body: () => T): T {
  point.throwIfClosed()
  if (typeof body !== 'function') {
    throw new InvalidOptionError(
      `atomic() takes a number of slots and a function that writes, not ${formatValue(body)}`,
    )
  }
  // An async function is refused before it runs. Other functions that return a promise are detected after they ran.
  if (Object.prototype.toString.call(body) === '[object AsyncFunction]') throw asynchronous()
  point.beginAtomic(slots)
  let result: T
  try {
    result = body()
    if (isThenable(result)) throw refuse(result)
    point.endAtomic()
  } catch (error) {
    // If the body closed the writer, `close` has discarded its frames.
    if (!point.closed) point.discard()
    throw error
  }
  return result
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return mayBe && typeof (value as { then?: unknown }).then === 'function'
}

function refuse(promise: PromiseLike<unknown>): InvalidOptionError {
  // The promise is not returned to the caller, so a rejection would be unhandled and end the process.
  if (promise instanceof Promise) promise.catch(() => {})
  return asynchronous()
}

function asynchronous(): InvalidOptionError {
  return new InvalidOptionError(
    'atomic() takes a synchronous function: frames written after an await would not be part of it. Await first, then call atomic()',
  )
}
