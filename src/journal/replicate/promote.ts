import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { privatePath } from '../../base/files/private-path.js'
import { WriterLock } from '../control/writer-lock.js'
import { ReplicaError } from '../errors.js'
import { DEFAULT_MODE, FileName, listDirectory, openToRead } from '../files/directory.js'
import { isJournal, notAJournal } from '../inspect/inspect.js'

/**
 * Makes a replica a journal of its own: from then on a writer may append frames to it, and it takes no more from its source.
 *
 * @throws {ReplicaError} when it is no replica, {WriterLockedError} while its frames are applied, {JournalNotFoundError}, {NotAJournalError}.
 */
export function promote(directory: string): void {
  const opened = openToRead(privatePath(resolve(directory)))
  try {
    if (!isJournal(opened, listDirectory(opened).pages)) throw notAJournal(opened.path)
    const lock = WriterLock.acquire(opened, DEFAULT_MODE)
    try {
      if (!opened.remove(FileName.REPLICA))
        throw new ReplicaError(`${opened.path} is no replica: it is a journal of its own already`, {
          path: opened.path,
        })
      opened.sync()
    } finally {
      lock.release()
    }
  } finally {
    opened.close()
  }
}

/** Whether a journal is a replica. */
export function isReplica(directory: string): boolean {
  return existsSync(join(directory, FileName.REPLICA))
}
