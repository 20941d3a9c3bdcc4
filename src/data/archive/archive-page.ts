import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Where } from '../../base/files/where.js'
import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { limitOf } from '../../journal/columns/moment.js'
import { ArchiveError } from '../../journal/errors.js'
import { pageFileName } from '../../journal/files/page-names.js'
import { type MappedPage, openPage } from '../../journal/pages/page.js'
import { firstTimeOf, lastTimeOf } from '../../journal/pages/page-times.js'
import { packPage, unpackPage } from './page.js'

/** One page of an archive, in its index. Times are ns since 1970, as text. */
export interface ArchivedPage {
  readonly page: number
  /** The position of its first slot, and the slots with frames. */
  readonly firstPosition: number
  readonly cursor: number
  readonly sealed: boolean
  /** When it was created: it tells a journal from one that was created again. */
  readonly created: string
  readonly firstTime: string | undefined
  readonly lastTime: string | undefined
  /** Bytes of its header and frames, and of the packed file. */
  readonly bytes: number
  readonly packed: number
}

export function archiveFileName(page: number): string {
  return `${pageFileName(page)}.packed`
}

/**
 * Packs a page into a temporary file of the archive, and unpacks it again: when one byte differs there is an error and no file. The file is
 * synced. The caller gives it its name.
 */
export function archivePage(journal: Where, number: number, to: string, schema: Schema): ArchivedPage {
  const page = openPage(journal, number, false)
  try {
    const sealed = page.sealed
    const cursor = limitOf(page, false)
    const bytes = bytesOf(page, cursor)
    const packed = packPage(bytes, cursor, page.firstPosition, schema)
    const file = path.join(to, `${archiveFileName(number)}.tmp`)
    if (!isEqual(unpackPage(packed, schema, file), bytes))
      throw new ArchiveError(
        `${page.path} would not be the same when it is restored: it is not archived. Report this`,
        { path: page.path },
      )
    writeSynced(file, packed)
    return {
      page: number,
      firstPosition: page.firstPosition,
      cursor,
      sealed,
      created: String(page.identity.created),
      firstTime: firstTimeOf(page)?.toString(),
      lastTime: lastTimeOf(page)?.toString(),
      bytes: P.HEADER_SIZE + (cursor << SLOT_SHIFT),
      packed: packed.length,
    }
  } finally {
    page.mapping.close()
  }
}

/** Whether an archive has a page as it is in the journal, byte for byte; false too when its file is missing or damaged. */
export function isSamePage(page: MappedPage, archive: string, schema: Schema): boolean {
  const file = path.join(archive, archiveFileName(page.number))
  if (!fs.existsSync(file)) return false
  try {
    return isEqual(unpackPage(fs.readFileSync(file), schema, file), bytesOf(page, page.cursor))
  } catch (error) {
    if (error instanceof ArchiveError) return false
    throw error
  }
}

/** A copy with nothing after the frames, because the header of a live page changes. Its mutable words are taken with the cursor at hand. */
function bytesOf(page: MappedPage, cursor: number): Uint8Array {
  const all = new Uint8Array(page.mapping.buffer)
  const bytes = new Uint8Array(all.length)
  bytes.set(all.subarray(0, P.HEADER_SIZE + (cursor << SLOT_SHIFT)))
  new DataView(bytes.buffer).setUint32(P.CURSOR, cursor, true)
  return bytes
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Writes a file and syncs it. On failure it is removed. */
export function writeSynced(file: string, bytes: Uint8Array): void {
  const descriptor = fs.openSync(file, 'w', 0o600)
  try {
    fs.writeFileSync(descriptor, bytes)
    fs.fsyncSync(descriptor)
  } catch (error) {
    fs.rmSync(file, { force: true })
    throw error
  } finally {
    fs.closeSync(descriptor)
  }
}
