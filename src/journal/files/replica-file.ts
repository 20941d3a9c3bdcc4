import { replaceFile } from '../../base/files/replace-file.js'
import { pathIn, readIn, type Where } from '../../base/files/where.js'
import { systemCode } from '../../base/system-error.js'
import { CorruptJournalError } from '../../frames/errors.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { fromSystemError } from '../system-error.js'
import { FileName } from './directory.js'

/** `replica.json`: which journal the frames of a replica come from. A writer with frames of its own refuses a journal that has this file. */
export interface ReplicaRecord {
  /** Names the source. It is chosen once, when the source is published for the first time: 32 hexadecimal digits. */
  readonly source: string
  /** When the replica was created, ISO 8601. */
  readonly since: string
}

const FORMAT = 1
const MOST_BYTES = 64 * 1024
const SOURCE = /^[0-9a-f]{32}$/

export function isSourceName(value: unknown): value is string {
  return typeof value === 'string' && SOURCE.test(value)
}

/**
 * The record of a replica; undefined in every other journal.
 *
 * @throws {CorruptJournalError} when it is damaged: the journal is a replica nevertheless.
 */
export function readReplicaRecord(directory: Where): ReplicaRecord | undefined {
  const file = pathIn(directory, FileName.REPLICA)
  let bytes: Buffer
  try {
    bytes = readIn(directory, FileName.REPLICA, MOST_BYTES)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fromSystemError(error, 'opening', file)
  }
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw damaged(file, 'it is not JSON', error)
  }
  const { format, source, since } = (json ?? {}) as Readonly<Record<string, unknown>>
  if (format !== FORMAT) throw damaged(file, `its format is not ${FORMAT}`)
  if (!isSourceName(source) || typeof since !== 'string') throw damaged(file, 'it does not name a source')
  return { source, since }
}

/** Replaces the file in one step, and syncs it. */
export function writeReplicaRecord(directory: Directory, record: ReplicaRecord, mode: number): void {
  const bytes = Buffer.from(`${JSON.stringify({ format: FORMAT, ...record }, null, 2)}\n`)
  try {
    replaceFile(directory, FileName.REPLICA, bytes, mode, {
      written: () => crashPoint('replica-record-written'),
      renamed: () => crashPoint('replica-record-renamed'),
    })
    directory.sync()
  } catch (error) {
    throw fromSystemError(error, 'writing', pathIn(directory, FileName.REPLICA))
  }
}

function damaged(file: string, what: string, cause?: unknown): CorruptJournalError {
  return new CorruptJournalError(
    `${file} is damaged: ${what}; make a new replica, or let this journal go on by itself with 'ticktape replicate promote'`,
    { path: file, cause },
  )
}
