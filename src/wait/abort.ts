interface Told {
  readonly all: Set<() => void>
  readonly listener: () => void
}

/** Who is told when a signal aborts. */
const told = new WeakMap<AbortSignal, Told>()

/**
 * Calls `tell` when the signal aborts, until `offAbort`. One listener serves all who ask: a program may end any number of readers with one
 * signal, and Node warns of the eleventh. It goes with the last of them, for Node keeps a signal that has one.
 */
export function onAbort(signal: AbortSignal, tell: () => void): void {
  let asked = told.get(signal)
  if (asked === undefined) {
    const all = new Set<() => void>()
    asked = { all, listener: () => all.forEach(tellOne => tellOne()) }
    signal.addEventListener('abort', asked.listener)
    told.set(signal, asked)
  }
  asked.all.add(tell)
}

export function offAbort(signal: AbortSignal, tell: () => void): void {
  const asked = told.get(signal)
  if (asked === undefined || !asked.all.delete(tell) || asked.all.size > 0) return
  signal.removeEventListener('abort', asked.listener)
  told.delete(signal)
}
