import { setTimeout as sleep } from 'node:timers/promises'
import { ReaderBusyError, WriterLockedError } from '../../journal/errors.js'

/** How long a process waits for the process it replaces to release its locks, in ms. */
const PATIENCE_MS = 10_000
const NAP_MS = 20

/**
 * Calls `open` again while an earlier process, which is about to end, holds a lock. @throws what `open` throws; after
 * the timeout also the lock's error.
 */
export async function retryWhileLocked<T>(open: () => T): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return open()
    } catch (error) {
      const held = error instanceof WriterLockedError || error instanceof ReaderBusyError
      if (!held || performance.now() > end) throw error
    }
    await sleep(NAP_MS)
  }
}
