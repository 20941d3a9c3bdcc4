import { TicktapeError } from '../../base/errors.js'
import { nap } from '../../wait/nap.js'

/** ms between two attempts. */
export const RETRY_MS = 200

/**
 * Tries again until it succeeds, because a server may not be there, or not yet ready: as it is while it starts. Our own errors are final. Undefined
 * when the signal aborts first.
 *
 * @param onWait is called once, with the first error's message.
 */
export async function untilItWorks<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  onWait: (why: string) => void = () => {},
): Promise<T | undefined> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof TicktapeError) throw error
      if (isFirst) onWait((error as Error).message)
    }
    await nap(RETRY_MS, signal)
  }
  return undefined
}
