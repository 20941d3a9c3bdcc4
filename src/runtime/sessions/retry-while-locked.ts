import { setTimeout as sleep } from 'node:timers/promises'
import { ReaderBusyError, WriterLockedError } from '../../journal/errors.js'

/** How long a process waits for the one it replaces to let go of its journal and its name, in ms. */
const PATIENCE_MS = 10_000
const NAP_MS = 20

/** Opens what the last holder, told to go but not gone yet, may still hold. @throws what `open` throws, in the end the lock's error too. */
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
