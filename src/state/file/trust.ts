/** Checks who may write a state file: a process that opens it trusts what they write. */

import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { UnsafePathError } from '../../base/errors.js'
import { makeDirectories } from '../../base/files/make-directories.js'
import { directoryModeOf, isOwn, isSharedForWriting, isWritableByOthers } from '../../base/files/owner.js'
import { shellQuoted } from '../../base/shell.js'
import type { Mapping } from '../../native/addon.js'
import { isStateFile, noStateFile } from './magic.js'

/**
 * Refuses a file that a user can change whom the caller does not trust. `mode` says who is trusted, as it does for
 * journals: with 0o660 the group too, and any member of the group may have created the file.
 *
 * Without `mode` the file is accepted with the permissions it has: the caller's own file, a file that its group can
 * write, and for root every file. Halting trading does not rely on what others wrote, and must not fail because of
 * permissions.
 *
 * @throws {UnsafePathError, CorruptStateError}; an error with the code ENOENT when the path now names another file than
 * was opened.
 */
export function checkTrust(file: string, mapping: Mapping, mode: number | undefined): void {
  const stat = fs.lstatSync(file)
  // Replaced after it was opened: the caller opens the new file.
  if (stat.ino !== mapping.inode) throw Object.assign(new Error(`${file} was replaced`), { code: 'ENOENT' })
  const me = process.geteuid?.()
  const mine = isOwn(stat.uid)
  if (mode === undefined) {
    if (mine || me === 0 || (stat.mode & 0o020) !== 0) return
    throw new UnsafePathError(
      `${file} belongs to user ${stat.uid}, not to ${me}; run this as that user or as root, or create the file with a 'mode' for its group`,
      { path: file },
    )
  }
  if (!mine && !isSharedForWriting(mode)) {
    throw new UnsafePathError(
      `${file} belongs to user ${stat.uid}, not to ${me}; use another path, or open it with a 'mode' that lets its group write, such as 0o660`,
      { path: file },
    )
  }
  if (isWritableByOthers(stat.mode, mode)) {
    if (!isStateFile(mapping)) throw noStateFile(file)
    throw new UnsafePathError(
      `${file} can be written by others (mode ${(stat.mode & 0o777).toString(8)}); type: chmod go-w ${shellQuoted(file)}, or open it with a 'mode' that allows it`,
      { path: file },
    )
  }
}

/**
 * Refuses a directory in which every user may remove every file, unless `mode` lets all users write. /dev/shm and /tmp
 * are accepted: they have the sticky bit.
 */
export function checkDirectory(file: string, mode: number): void {
  const directory = dirname(file)
  const { mode: found } = fs.statSync(directory)
  if ((found & 0o002 & ~mode) !== 0 && (found & 0o1000) === 0) {
    throw new UnsafePathError(
      `${directory} can be written by every user, so each may remove the files of the others; use a directory of your own, or one with the sticky bit such as /dev/shm`,
      { path: file },
    )
  }
}

/** Creates a file's directory and its missing parents. Users who may read a file of this `mode` may enter them. */
export function makeDirectory(directory: string, mode: number): void {
  const wanted = 0o700 | directoryModeOf(mode)
  const first = makeDirectories(directory, wanted)
  if (first === undefined) return
  // The umask may have removed some of these permissions.
  for (let created = directory; ; created = dirname(created)) {
    fs.chmodSync(created, wanted)
    if (created === first || created === dirname(created)) return
  }
}
