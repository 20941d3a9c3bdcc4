import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { AppendPoint } from './append-point.js'

/** Shows all that `body` writes in one store, or discards it. */
export function writeAtomically<T>(point: AppendPoint, slots: number, body: () => T): T {
  point.throwIfClosed()
  if (typeof body !== 'function') {
    throw new InvalidOptionError(
      `atomic() takes a number of slots and a function that writes, not ${formatValue(body)}`,
    )
  }
  // Before any of it runs; what returns a promise without saying so is found out afterwards.
  if (Object.prototype.toString.call(body) === '[object AsyncFunction]') throw asynchronous()
  point.beginAtomic(slots)
  let result: T
  try {
    result = body()
    if (isThenable(result)) throw refuse(result)
    point.endAtomic()
  } catch (error) {
    // A body may have closed the writer: that has discarded it.
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
  // Nobody gets the promise: were it to reject, that would end the process.
  if (promise instanceof Promise) promise.catch(() => {})
  return asynchronous()
}

function asynchronous(): InvalidOptionError {
  return new InvalidOptionError(
    'atomic() takes no async function and no promise: what is written after the first await would not be part of it. Wait first, then write',
  )
}
