import { mapIn, type Where } from '../../base/files/where.js'
import { loadWord } from '../../base/load-word.js'
import { isIrregular, systemCode } from '../../base/system-error.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P, PageFlag } from '../../frames/format.js'
import { PageMemory } from '../../frames/memory.js'
import type { Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { fromSystemError } from '../system-error.js'
import { decodePageHeader, markStride, type PageIdentity, slotsOf } from './header.js'

/** Indexes of the header's words in an Int32Array over the page. */
export const Word = {
  CURSOR: P.CURSOR >> 2,
  SEALED: P.SEALED >> 2,
  PAGE_CRC: P.PAGE_CRC >> 2,
  PAGE_CRC_SET: P.PAGE_CRC_SET >> 2,
  DURABLE: P.DURABLE >> 2,
  MARKS: P.MARKS >> 2,
} as const

/** One page, mapped and checked. */
export class MappedPage {
  readonly memory: PageMemory
  /** Slots of the page. */
  readonly capacity: number

  constructor(
    readonly path: string,
    readonly identity: PageIdentity,
    readonly mapping: Mapping,
  ) {
    this.memory = new PageMemory(mapping.buffer, identity.firstPosition, path, identity.journalId)
    this.capacity = slotsOf(identity.pageSize)
  }

  get number(): number {
    return this.identity.pageNumber
  }

  get firstPosition(): number {
    return this.identity.firstPosition
  }

  /** Whether its frames get a CRC before they are synced. */
  get checked(): boolean {
    return (this.identity.flags & PageFlag.CHECKED) !== 0
  }

  /** Slots published. @throws {CorruptJournalError} when that is more than the page has. */
  get cursor(): number {
    return this.slotCount(Word.CURSOR, 'cursor')
  }

  /** Slots known to survive power loss. @throws {CorruptJournalError} when that is more than the page has. */
  get durable(): number {
    return this.slotCount(Word.DURABLE, 'durable cursor')
  }

  /** Whether the writer has continued on the next page. If so, a cursor that is loaded after this is final. */
  get sealed(): boolean {
    return loadWord(this.memory.i32, Word.SEALED) !== 0
  }

  /**
   * The slot of the last mark at or below `slot`, where a frame begins; 0 when there is none. Marks are hints from a file, so an
   * impossible one is skipped.
   */
  markBefore(slot: number, cursor: number): number {
    const stride = markStride(this.identity.pageSize)
    for (let i = Math.floor(slot / stride); i > 0; i--) {
      const mark = this.memory.u32[Word.MARKS + i]
      if (mark >= i * stride && mark < (i + 1) * stride && mark <= slot && mark < cursor) return mark
    }
    return 0
  }

  private slotCount(word: number, what: string): number {
    const slots = loadWord(this.memory.i32, word)
    if (slots < 0 || slots > this.capacity) {
      throw new CorruptJournalError(
        `the ${what} of ${this.path} is at slot ${slots >>> 0}, but the page has ${this.capacity}; run 'ticktape verify' on its journal`,
        { path: this.path, page: this.number },
      )
    }
    return slots
  }
}

/** CRC32C, as `encodePageHeader` and `decodePageHeader` take it. */
export function crc32c(bytes: Uint8Array): number {
  return native.crc32c(bytes, 0)
}

/** Returns the result of `action`. If it throws, closes the page. */
export function orClose<T>(page: MappedPage, action: () => T): T {
  try {
    return action()
  } catch (error) {
    page.mapping.close()
    throw error
  }
}

/** Checks that a mapping is the expected page. On failure the mapping is closed. */
export function asPage(mapping: Mapping, path: string, pageNumber: number): MappedPage {
  try {
    const bytes = new Uint8Array(mapping.buffer, 0, Math.min(mapping.size, P.IDENTITY_SIZE))
    return new MappedPage(path, decodePageHeader(bytes, mapping.size, pageNumber, path, crc32c), mapping)
  } catch (error) {
    mapping.close()
    throw error
  }
}

/**
 * Maps a page of a journal.
 *
 * @throws {JournalNotFoundError} when it isn't there, {CorruptJournalError}, {NotAJournalError}, {FormatVersionError}, {UnsafePathError}.
 */
export function openPage(directory: Where, pageNumber: number, writable: boolean): MappedPage {
  const path = pagePath(directory, pageNumber)
  let mapping: Mapping
  try {
    mapping = mapIn(directory, pageFileName(pageNumber), writable)
  } catch (error) {
    if (systemCode(error) === 'EINVAL' && !isIrregular(path)) {
      throw new CorruptJournalError(
        `${path} is empty, or larger than a page can be; run 'ticktape verify' on its journal`,
        {
          path,
          page: pageNumber,
          cause: error,
        },
      )
    }
    throw fromSystemError(error, 'opening', path)
  }
  return asPage(mapping, path, pageNumber)
}
