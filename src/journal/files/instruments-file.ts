import { InvalidOptionError } from '../../base/errors.js'
import { replaceFile } from '../../base/files/replace-file.js'
import { pathIn, readIn, type Where } from '../../base/files/where.js'
import { systemCode } from '../../base/system-error.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { InstrumentTable } from '../../frames/instruments.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { fromSystemError } from '../system-error.js'
import { FileName } from './directory.js'

/** Room for more than 100,000 instruments with all their terms. */
export const MAX_INSTRUMENTS_BYTES = 64 * 1024 * 1024

/**
 * Reads a journal's instruments.json; empty when there is none.
 *
 * @throws {CorruptJournalError} when it does not have the format, {UnsafePathError} when it is not a regular file.
 */
export function readInstruments(directory: Where): InstrumentTable {
  const file = pathIn(directory, FileName.INSTRUMENTS)
  let bytes: Buffer
  try {
    bytes = readIn(directory, FileName.INSTRUMENTS, MAX_INSTRUMENTS_BYTES)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return InstrumentTable.EMPTY
    if (systemCode(error) === 'EFBIG')
      throw new CorruptJournalError(
        `${file} has more than ${MAX_INSTRUMENTS_BYTES} bytes, which is too large; run 'ticktape repair'`,
        { path: file, cause: error },
      )
    throw fromSystemError(error, 'opening', file)
  }
  return InstrumentTable.parse(bytes.toString('utf8'), file)
}

/**
 * Replaces instruments.json in one step: a reader sees the old one or the new one. Must be called before the first frame
 * with a new number is published. It is synced with every durability, as schema.json is.
 *
 * @throws {InvalidOptionError} when it would be too large.
 */
export function writeInstruments(directory: Directory, table: InstrumentTable, mode: number): void {
  const file = pathIn(directory, FileName.INSTRUMENTS)
  const bytes = Buffer.from(table.toJson())
  if (bytes.length > MAX_INSTRUMENTS_BYTES) {
    throw new InvalidOptionError(
      `${table.size} instruments take ${bytes.length} bytes, but ${file} may have ${MAX_INSTRUMENTS_BYTES}; begin another journal`,
      { path: file },
    )
  }
  try {
    replaceFile(directory, FileName.INSTRUMENTS, bytes, mode, {
      written: () => crashPoint('instruments-written'),
      renamed: () => crashPoint('instruments-renamed'),
    })
    directory.sync()
  } catch (error) {
    throw fromSystemError(error, 'writing', file)
  }
}
