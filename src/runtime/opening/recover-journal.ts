import { thisBoot } from '../../base/boot.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { lastPage } from '../../journal/seek/seek.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { retryWhileLocked } from './retry-while-locked.js'

/**
 * Runs the recovery of a journal that was last written in an earlier boot of the machine, as its own writer would do
 * later. Without that, a reader could act on a frame that the recovery will remove, or fail on damage that it will
 * repair. A journal that was written in this boot is not touched, and neither is its writer.
 *
 * @throws what Writer.open throws; waits some seconds for another writer to end.
 */
export async function recoverAfterRestart(directory: string, options: WriterOptions): Promise<void> {
  if (isOfThisBoot(directory)) return
  const writer = await retryWhileLocked(() => Writer.open(directory, options))
  writer.close()
}

function isOfThisBoot(directory: string): boolean {
  try {
    const { identity, mapping } = lastPage(directory, undefined)
    mapping.close()
    return identity.bootId === thisBoot()
  } catch (error) {
    // After a power loss, only recovery can tell an incomplete end from damage.
    if (error instanceof CorruptJournalError) return false
    throw error
  }
}
