import { join } from 'node:path'
import type { Directory, Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'

/**
 * Where files are: the path of a directory, or one that is open. Looking at files takes either. Making, renaming and removing them takes
 * an open one: by path it could be done in a directory that came after the one that was meant.
 */
export type Where = string | Directory

/** For messages, and for what is only looked at. */
export function pathOf(where: Where): string {
  return typeof where === 'string' ? where : where.path
}

export function pathIn(where: Where, name: string): string {
  return join(pathOf(where), name)
}

/** Maps a whole file. @throws the system's error. */
export function mapIn(where: Where, name: string, writable: boolean): Mapping {
  return typeof where === 'string' ? native.mapFile(join(where, name), writable) : where.mapFile(name, writable)
}

/**
 * The one way to read a file whose path others may have put something at: a regular file, no symbolic link, no more than `most` bytes.
 *
 * @throws the system's error: 'EINVAL' for what is no regular file, 'ELOOP' for a link, 'EFBIG' for more bytes.
 */
export function readIn(where: Where, name: string, most: number): Buffer {
  return typeof where === 'string' ? native.readFile(join(where, name), most) : where.readFile(name, most)
}

/** As `readIn`; undefined when there is no such file, or not one to be read. */
export function tryReadIn(where: Where, name: string, most: number): Buffer | undefined {
  try {
    return readIn(where, name, most)
  } catch {
    return undefined
  }
}
