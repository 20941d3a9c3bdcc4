/** Who may change a file: its owner, and those whom the permissions let write. A `mode` given by the user says who is meant to. */

/** Permission to write for the group and for all other users. */
const OTHERS_WRITE = 0o022

/** Whether a file belongs to the user of this process; always true where there are no users. */
export function isOwn(uid: number): boolean {
  const me = process.geteuid?.()
  return me === undefined || uid === me
}

/** Whether users may write a file of permissions `found` that `mode` does not mean to. */
export function isWritableByOthers(found: number, mode: number): boolean {
  return (found & OTHERS_WRITE & ~mode) !== 0
}

/** Whether `mode` lets other users write, so that any of them may have created the file. */
export function isSharedForWriting(mode: number): boolean {
  return (mode & OTHERS_WRITE) !== 0
}

/** The permissions of a directory for files of `mode`: users who may read the files may also search the directory. */
export function directoryModeOf(mode: number): number {
  return mode | ((mode & 0o444) >> 2)
}
