import { replaceFile } from '../../base/files/replace-file.js'
import { pathIn, readIn, type Where } from '../../base/files/where.js'
import { systemCode } from '../../base/system-error.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Schema } from '../../frames/schema.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { fromSystemError } from '../system-error.js'
import { FileName } from './directory.js'

/** Far more than 65,535 definitions of normal size need. */
const MAX_SCHEMA_BYTES = 64 * 1024 * 1024

/**
 * Reads a journal's schema.json; empty when there is none yet.
 *
 * @throws {CorruptJournalError} when it is not a schema, {UnsafePathError} when it is not a regular file.
 */
export function readSchema(directory: Where): Schema {
  const file = pathIn(directory, FileName.SCHEMA)
  let bytes: Buffer
  try {
    bytes = readIn(directory, FileName.SCHEMA, MAX_SCHEMA_BYTES)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Schema()
    if (systemCode(error) === 'EFBIG')
      throw new CorruptJournalError(
        `${file} has more than ${MAX_SCHEMA_BYTES} bytes, which is too large for a schema; run 'ticktape repair'`,
        { path: file, cause: error },
      )
    throw fromSystemError(error, 'opening', file)
  }
  return Schema.parse(bytes.toString('utf8'), file)
}

/**
 * Replaces schema.json in one step: a reader sees the old one or the new one. Must be called before the first frame of a new definition is
 * published. It is synced with every durability: if the file were empty after a power loss, no writer could open the journal.
 */
export function writeSchema(directory: Directory, schema: Schema, mode: number): void {
  try {
    replaceFile(directory, FileName.SCHEMA, Buffer.from(schema.toJson()), mode, {
      written: () => crashPoint('schema-written'),
      renamed: () => crashPoint('schema-renamed'),
    })
    directory.sync()
  } catch (error) {
    throw fromSystemError(error, 'writing', pathIn(directory, FileName.SCHEMA))
  }
}
