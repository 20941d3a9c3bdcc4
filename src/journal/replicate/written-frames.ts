import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { JournalNotFoundError } from '../errors.js'
import { type MappedPage, openPage } from '../pages/page.js'
import type { Run } from './run.js'

/** The frames that a replica has, to compare runs with. */
export class WrittenFrames {
  /** The page of the last comparison: runs come in their order. */
  private page: MappedPage | undefined

  constructor(
    private readonly directory: Directory,
    /** Slots of a page. */
    private readonly capacity: number,
  ) {}

  /**
   * The position of the first frame that differs from those of a run, which was walked, in its first `slots` slots; undefined when there is
   * none; 'gone' when retention has removed the page. CRCs are not compared.
   */
  difference(run: Run, slots: number): number | 'gone' | undefined {
    const page = this.open(Math.floor(run.position / this.capacity))
    if (page === undefined) return 'gone'
    const first = run.position - page.firstPosition
    const at = P.HEADER_SIZE + (first << SLOT_SHIFT)
    const own = page.memory.u8.subarray(at, at + (slots << SLOT_SHIFT))
    const { bytes } = run
    for (let from = 0; from < own.length; ) {
      const to = from + (bytes[from + Frame.SLOTS] << SLOT_SHIFT)
      // Where its page ends before the run does, the replica has no such frame.
      const isThere = to <= own.length && first + (to >> SLOT_SHIFT) <= page.cursor
      if (!isThere || !isSameFrame(own, bytes, from, to)) return run.position + (from >> SLOT_SHIFT)
      from = to
    }
    return undefined
  }

  /** The position after the last frame before a page; undefined when there is none, or its page was removed. */
  endBefore(pageNumber: number): number | undefined {
    for (let number = pageNumber - 1; number >= 0; number--) {
      const page = this.open(number)
      if (page === undefined) return undefined
      if (page.cursor > 0) return page.firstPosition + page.cursor
    }
    return undefined
  }

  close(): void {
    this.page?.mapping.close()
    this.page = undefined
  }

  private open(number: number): MappedPage | undefined {
    if (this.page?.number === number) return this.page
    this.close()
    try {
      this.page = openPage(this.directory, number, false)
    } catch (error) {
      if (!(error instanceof JournalNotFoundError)) throw error
    }
    return this.page
  }
}

/** Whether two frames are the same but for their CRCs. */
function isSameFrame(own: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < from + Frame.CRC; at++) if (own[at] !== other[at]) return false
  return Buffer.compare(own.subarray(from + Frame.TIME, to), other.subarray(from + Frame.TIME, to)) === 0
}
