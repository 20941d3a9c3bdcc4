import * as fs from 'node:fs'

/**
 * Identifies a directory, also against a later one at the same path: its device and inode. This holds while a process
 * has the directory open, as a journal's writer and readers do; after that the system may use the inode again. '' when
 * there is no directory.
 */
export function identityOf(directory: string): string {
  const stat = fs.statSync(directory, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`
}
