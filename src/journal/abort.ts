/** Who is told when a signal aborts. */
const told = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `tell` when the signal aborts, until `offAbort`. One listener serves all who ask: a program may end any number of readers with one
 * signal, and Node warns of the eleventh.
 */
export function onAbort(signal: AbortSignal, tell: () => void): void {
  let all = told.get(signal)
  if (all === undefined) {
    const made = new Set<() => void>()
    signal.addEventListener('abort', () => made.forEach(tellOne => tellOne()))
    told.set(signal, made)
    all = made
  }
  all.add(tell)
}

export function offAbort(signal: AbortSignal, tell: () => void): void {
  told.get(signal)?.delete(tell)
}
