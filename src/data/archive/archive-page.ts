import * as fs from 'node:fs'
import * as path from 'node:path'
import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { limitOf } from '../../journal/columns/moment.js'
import { pageFileName } from '../../journal/files/page-names.js'
import { openPage } from '../../journal/pages/page.js'
import { firstTimeOf, lastTimeOf } from '../../journal/pages/page-times.js'
import { ArchiveError } from '../errors.js'
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
export function archivePage(journal: string, number: number, to: string, schema: Schema): ArchivedPage {
  const page = openPage(journal, number, false)
  try {
    const sealed = page.sealed
    const cursor = limitOf(page, false)
    const all = new Uint8Array(page.mapping.buffer)
    // A copy, because the header of a live page changes. Its mutable words are taken with the cursor at hand.
    const bytes = all.slice(0, P.HEADER_SIZE + (cursor << SLOT_SHIFT))
    new DataView(bytes.buffer).setUint32(P.CURSOR, cursor, true)
    const padded = new Uint8Array(all.length)
    padded.set(bytes)
    const packed = packPage(padded, cursor, page.firstPosition, schema)
    const file = path.join(to, `${archiveFileName(number)}.tmp`)
    const again = unpackPage(packed, schema, file)
    if (!Buffer.from(again.buffer).equals(Buffer.from(padded.buffer)))
      throw new ArchiveError(
        `${page.path} would not be the same when it is restored: it is not archived. Report this`,
        {
          path: page.path,
        },
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
      bytes: bytes.length,
      packed: packed.length,
    }
  } finally {
    page.mapping.close()
  }
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
