import { join } from 'node:path'
import type { Directory, Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'

/**
 * A directory: its path, or an open one. Functions that only read accept either. Functions that create, rename or remove files need an open
 * one, because the path may name another directory by then.
 */
export type Where = string | Directory

/** The path, for messages and for reading. */
export function pathOf(where: Where): string {
  return typeof where === 'string' ? where : where.path
}

export function pathIn(where: Where, name: string): string {
  return join(pathOf(where), name)
}

/** Maps a complete file. @throws the system's error. */
export function mapIn(where: Where, name: string, writable: boolean): Mapping {
  return typeof where === 'string' ? native.mapFile(join(where, name), writable) : where.mapFile(name, writable)
}

/**
 * Reads a file safely, when another user may control what is at its path: only a regular file, no symbolic link, at most `most` bytes.
 *
 * @throws the system's error: 'EINVAL' if it is not a regular file, 'ELOOP' for a link, 'EFBIG' for more bytes.
 */
export function readIn(where: Where, name: string, most: number): Buffer {
  return typeof where === 'string' ? native.readFile(join(where, name), most) : where.readFile(name, most)
}

/** As `readIn`; undefined when there is no such file, or it cannot be read. */
export function tryReadIn(where: Where, name: string, most: number): Buffer | undefined {
  try {
    return readIn(where, name, most)
  } catch {
    return undefined
  }
}
