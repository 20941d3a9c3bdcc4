import { thisBoot } from '../../base/boot.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { lastPage } from '../../journal/seek/seek.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { retryWhileLocked } from './retry-while-locked.js'

/**
 * Has a journal that the machine's last boot left repaired, as its own writer will: whoever acts on it before that may act on a frame
 * which the repair removes, or be stopped by damage which it heals. One that was written in this boot is left alone, and so is its writer.
 *
 * @throws what Writer.open throws; waits some seconds for a writer to be gone.
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
    // Power loss leaves pages that only the repair can tell from damage.
    if (error instanceof CorruptJournalError) return false
    throw error
  }
}
