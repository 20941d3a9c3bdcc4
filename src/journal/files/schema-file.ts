import * as fs from 'node:fs'
import * as path from 'node:path'
import { UnsafePathError } from '../../base/errors.js'
import { systemCode } from '../../base/system-error.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Schema } from '../../frames/schema.js'
import { crashPoint } from '../../native/crash-point.js'
import { fromSystemError } from '../system-error.js'
import { FileName, syncDirectory } from './directory.js'

/** Far more than 65,535 definitions of sane size need. */
const MAX_SCHEMA_BYTES = 64 * 1024 * 1024

/**
 * Reads a journal's schema.json; empty when there is none yet.
 *
 * @throws {CorruptJournalError} when it is no schema, {UnsafePathError} when it is no regular file.
 */
export function readSchema(directory: string): Schema {
  const file = path.join(directory, FileName.SCHEMA)
  let fd: number
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Schema()
    throw fromSystemError(error, 'opening', file)
  }
  try {
    const stat = fs.fstatSync(fd)
    if (!stat.isFile()) throw new UnsafePathError(`${file} is no regular file`, { path: file })
    if (stat.size > MAX_SCHEMA_BYTES) {
      throw new CorruptJournalError(`${file} has ${stat.size} bytes, no schema is that large; run 'ticktape repair'`, {
        path: file,
      })
    }
    return Schema.parse(fs.readFileSync(fd, 'utf8'), file)
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Replaces schema.json in one step: a reader sees the old one or the new one. It is in place before the first frame of a new
 * definition can be seen. It is synced whatever the journal's durability: an empty one after power loss would keep writers out.
 */
export function writeSchema(directory: string, schema: Schema, mode: number): void {
  const file = path.join(directory, FileName.SCHEMA)
  const temporary = file + FileName.TEMPORARY_SUFFIX
  try {
    fs.rmSync(temporary, { force: true })
    const fd = fs.openSync(temporary, 'wx', mode)
    try {
      fs.fchmodSync(fd, mode)
      fs.writeFileSync(fd, schema.toJson())
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    crashPoint('schema-written')
    fs.renameSync(temporary, file)
    crashPoint('schema-renamed')
    syncDirectory(directory)
  } catch (error) {
    removeIfPossible(temporary)
    throw fromSystemError(error, 'writing', file)
  }
}

function removeIfPossible(file: string): void {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // Why the schema could not be written is what the caller needs to know; the next writer removes what is left.
  }
}
