import * as fs from 'node:fs'
import * as path from 'node:path'
import { native } from '../../native/index.js'
import type { LockHolder } from '../errors.js'
import { FileName } from '../files/directory.js'
import { readHolder } from './writer-lock.js'

/** Whether a journal has a writer now, and which. */
export interface WriterState extends LockHolder {
  /** Whether the lock is held now; undefined when this process has no permission to check. */
  readonly held: boolean | undefined
}

/**
 * Checks the writer's lock. Only the lock says whether there is a writer; the text in its file says who holds it, or held it last.
 *
 * The kernel's list of locks is read first, because that does not affect other processes. It does not contain holders in other pid
 * namespaces. If it does not show the lock, the lock is acquired and released at once, which takes microseconds; because of this
 * WriterLock.acquire tries more than once.
 */
export function writerState(directory: string): WriterState {
  const file = path.join(directory, FileName.LOCK)
  const holder = readHolder(directory)
  let inode: number
  try {
    inode = fs.lstatSync(file).ino
  } catch {
    return { ...holder, held: false } // never had a writer, or is a copy
  }
  if (kernelShowsLock(inode, holder.pid)) return { ...holder, held: true }
  try {
    const lock = native.lockFile(file)
    lock?.close()
    return { ...holder, held: lock === null }
  } catch {
    return { ...holder, held: undefined } // acquiring the lock needs write permission
  }
}

/** Whether /proc/locks has a flock of that process on that file. A line: `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`. */
function kernelShowsLock(inode: number, pid: number | undefined): boolean {
  let text: string
  try {
    text = fs.readFileSync('/proc/locks', 'utf8')
  } catch {
    return false // not Linux, or no /proc
  }
  return text.split('\n').some(line => {
    const words = line.split(/\s+/)
    return words[1] === 'FLOCK' && words[4] === String(pid) && words[5]?.split(':')[2] === String(inode)
  })
}
