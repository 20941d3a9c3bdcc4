import { thisBoot } from '../../base/boot.js'
import { now } from '../../base/clock.js'
import { TicktapeError } from '../../base/errors.js'
import { Page as P, PageFlag, SLOT_SHIFT } from '../../frames/format.js'
import { crashPoint } from '../../native/crash-point.js'
import { FileName } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { encodePageHeader } from '../pages/header.js'
import { asPage, crc32c, type MappedPage, Word } from '../pages/page.js'
import { makeDurable, setMarks } from '../pages/page-end.js'
import { fromSystemError } from '../system-error.js'
import type { PageKind } from '../write/page-supply.js'
import { clearCrcs } from './run.js'

/**
 * Replaces the last page of a replica by a page of this boot, and of this writer's kind, with the same frames. A journal's own writer would
 * continue on the next page (docs/decisions/0006-new-boot-new-page.md); a replica must keep the positions of its source.
 *
 * A crash leaves the old page or the new one. The old mapping is closed.
 */
export function renewPage(old: MappedPage, slot: number, kind: PageKind): MappedPage {
  const { directory, pageSize, mode, epoch, journalId, checksums } = kind
  const name = pageFileName(old.number)
  const temporary = name + FileName.TEMPORARY_SUFFIX
  const identity = {
    ...old.identity,
    flags: checksums ? PageFlag.CHECKED : 0,
    created: now(),
    bootId: thisBoot(),
    epoch,
    journalId,
  }
  let made: MappedPage
  try {
    made = asPage(
      directory.createFile(temporary, pageSize, mode, encodePageHeader(identity, crc32c)),
      old.path,
      old.number,
    )
  } catch (error) {
    throw fromSystemError(error, 'creating', old.path)
  }
  try {
    const frames = made.memory.u8.subarray(P.HEADER_SIZE, P.HEADER_SIZE + (slot << SLOT_SHIFT))
    frames.set(old.memory.u8.subarray(P.HEADER_SIZE, P.HEADER_SIZE + (slot << SLOT_SHIFT)))
    // Made again where this page has CRCs.
    clearCrcs(frames)
    setMarks(made, slot)
    Atomics.store(made.memory.i32, Word.CURSOR, slot)
    // Also where nothing is made durable later: the page that it replaces may be.
    makeDurable(made)
    crashPoint('replica-page-renewed')
    directory.rename(temporary, name)
    directory.sync()
    crashPoint('replica-page-named')
  } catch (error) {
    made.mapping.close()
    throw error instanceof TicktapeError ? error : fromSystemError(error, 'replacing', old.path)
  }
  old.mapping.close()
  return made
}
