import * as fs from 'node:fs'

/**
 * What tells a directory from another one at the same path: its device and inode. That holds for as long as somebody has it open, as the
 * writer or a reader of a journal does; after that the system may use the inode again. '' where there is none.
 */
export function identityOf(directory: string): string {
  const stat = fs.statSync(directory, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`
}
