import type { Where } from '../../base/files/where.js'
import { readLockText } from './writer-lock.js'

/** How much of a journal is kept. A page is removed when it exceeds any of the limits. */
export interface Retention {
  /** The bytes that pages may take. A prepared page, which has no frames, is not counted. */
  readonly bytes?: number
  /** ms since a page's last frame. */
  readonly age?: number
  /** The number of pages. A prepared page, which has no frames, is not counted. */
  readonly pages?: number
  /** Keep pages that a named reader has not read, whether it is open or not. Default true. */
  readonly readers?: boolean
}

/** What a writer keeps of its journal, and where the rest goes. */
export interface WriterRetention extends Retention {
  /**
   * A directory for an archive (`ticktape archive`): each page goes there before it is removed. It stays in the journal until its packed file
   * was unpacked and compared, and survives power loss.
   */
  readonly archive?: string
}

/** The limits of the journal's writer, or of its last writer, from the text of `writer.lock`; undefined when there are none. */
export function recordedRetention(directory: Where): Retention | undefined {
  const { retain } = readLockText(directory)
  if (typeof retain !== 'object' || retain === null) return undefined
  const { bytes, age, pages, readers } = retain as Record<string, unknown>
  const limits = {
    ...(isLimit(bytes) && { bytes }),
    ...(isLimit(age) && { age }),
    ...(isLimit(pages) && { pages }),
  }
  return Object.keys(limits).length === 0 ? undefined : { ...limits, readers: readers !== false }
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}
