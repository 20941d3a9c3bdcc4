import { offAbort, onAbort } from './abort.js'

/** The longest time that a timer of Node accepts; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Resolves after any number of ms, or when the signal aborts. */
export async function nap(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms
  for (let left = ms; left > 0 && !signal.aborted; left = end - performance.now())
    await napOnce(Math.min(left, LONGEST_TIMER_MS), signal)
}

function napOnce(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      clearTimeout(timer)
      offAbort(signal, wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    onAbort(signal, wake)
  })
}
