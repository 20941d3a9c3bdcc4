import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fromSystemError } from '../../base/system-error.js'

/** Of the name and of the hash, in characters: together they fit a feed's identity. */
const NAME_LENGTH = 64
const HASH_LENGTH = 16
const FIRST_BYTES = 4096

/** What makes a capture this capture: the file's name and its first bytes. One that grows stays the same. */
export function identityOf(file: string): string {
  const name = path
    .basename(file)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(-NAME_LENGTH)
  const hash = createHash('sha256').update(firstBytesOf(file)).digest('hex')
  return `capture ${name} ${hash.slice(0, HASH_LENGTH)}`
}

function firstBytesOf(file: string): Uint8Array {
  const bytes = Buffer.alloc(FIRST_BYTES)
  let fd: number | undefined
  try {
    fd = fs.openSync(file, 'r')
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, FIRST_BYTES, 0))
  } catch (error) {
    throw fromSystemError(error, 'reading', file)
  } finally {
    if (fd !== undefined) fs.closeSync(fd)
  }
}
