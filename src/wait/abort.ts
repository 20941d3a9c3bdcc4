interface AbortListeners {
  readonly all: Set<() => void>
  readonly listener: () => void
}

/** The functions to call when a signal aborts. */
const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

/**
 * Calls `listener` when the signal aborts, until `offAbort`. Only one listener is added to the signal for all callers: a program may end any
 * number of readers with one signal, and Node warns about an eleventh listener. It is removed with the last caller, because Node keeps a
 * signal that has a listener in memory.
 */
export function onAbort(signal: AbortSignal, listener: () => void): void {
  let entry = listenersOf.get(signal)
  if (entry === undefined) {
    const all = new Set<() => void>()
    entry = { all, listener: () => all.forEach(call => call()) }
    signal.addEventListener('abort', entry.listener)
    listenersOf.set(signal, entry)
  }
  entry.all.add(listener)
}

export function offAbort(signal: AbortSignal, listener: () => void): void {
  const entry = listenersOf.get(signal)
  if (entry === undefined || !entry.all.delete(listener) || entry.all.size > 0) return
  signal.removeEventListener('abort', entry.listener)
  listenersOf.delete(signal)
}
