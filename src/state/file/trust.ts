/** Who may write a state file decides what a process that opens it trusts. */
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { UnsafePathError } from '../../base/errors.js'
import { shellQuoted } from '../../base/shell.js'
import type { Mapping } from '../../native/addon.js'
import { isStateFile, noStateFile } from './magic.js'

const OTHERS_WRITE = 0o022

/**
 * Refuses a file that a user could change whom the opener did not mean. `mode` says who is meant, as it does for journals: with
 * 0o660 the group too, whoever of it made the file.
 *
 * Without `mode` a file counts as it is: the opener's own with whatever permissions it has, a group's file for its members, and for root
 * every file. Halting trading needs no trust in what others wrote, and must not fail for want of it.
 *
 * @throws {UnsafePathError, CorruptStateError}; an error with the code ENOENT when the file is another one than was opened.
 */
export function checkTrust(file: string, mapping: Mapping, mode: number | undefined): void {
  const stat = fs.lstatSync(file)
  // Replaced between opening and looking: take what is there now.
  if (stat.ino !== mapping.inode) throw Object.assign(new Error(`${file} was replaced`), { code: 'ENOENT' })
  const me = process.geteuid?.()
  const mine = me === undefined || stat.uid === me
  if (mode === undefined) {
    if (mine || me === 0 || (stat.mode & 0o020) !== 0) return
    throw new UnsafePathError(
      `${file} belongs to user ${stat.uid}, not to ${me}; run this as that user or as root, or make the file with a 'mode' for its group`,
      { path: file },
    )
  }
  if (!mine && (mode & OTHERS_WRITE) === 0) {
    throw new UnsafePathError(
      `${file} belongs to user ${stat.uid}, not to ${me}; use another path, or open it with a 'mode' that lets its group write, such as 0o660`,
      { path: file },
    )
  }
  if ((stat.mode & OTHERS_WRITE & ~mode) !== 0) {
    if (!isStateFile(mapping)) throw noStateFile(file)
    throw new UnsafePathError(
      `${file} can be written by others (mode ${(stat.mode & 0o777).toString(8)}); type: chmod go-w ${shellQuoted(file)}, or open it with a 'mode' that allows it`,
      { path: file },
    )
  }
}

/** In a directory where everybody may remove everything, a file is nobody's, unless `mode` lets everybody write. /dev/shm and /tmp have the sticky bit. */
export function checkDirectory(file: string, mode: number): void {
  const directory = dirname(file)
  const { mode: found } = fs.statSync(directory)
  if ((found & 0o002 & ~mode) !== 0 && (found & 0o1000) === 0) {
    throw new UnsafePathError(
      `${directory} can be written by everybody, who may remove each other's files there; use a directory of your own, or one with the sticky bit such as /dev/shm`,
      { path: file },
    )
  }
}

/** Makes a file's directory, and those above it that are missing, with the permissions that `mode` gives the file: who may read it may enter. */
export function makeDirectory(directory: string, mode: number): void {
  const wanted = 0o700 | mode | ((mode & 0o444) >> 2)
  const first = fs.mkdirSync(directory, { recursive: true, mode: wanted })
  if (first === undefined) return
  // The umask took some away.
  for (let made = directory; ; made = dirname(made)) {
    fs.chmodSync(made, wanted)
    if (made === first || made === dirname(made)) return
  }
}
