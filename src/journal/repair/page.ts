import { thisBoot } from '../../base/boot.js'
import { TicktapeError } from '../../base/errors.js'
import { systemCode } from '../../base/system-error.js'
import { FormatVersionError } from '../../frames/errors.js'
import { Frame, Page as P, PageFlag, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { pagePath } from '../files/directory.js'
import { decodePageHeader, type PageIdentity, slotsOf } from '../pages/header.js'
import { crc32c } from '../pages/page.js'
import { fromSystemError } from '../system-error.js'
import type { FrameRules } from '../verify/frames.js'
import { withoutAdvice } from '../verify/page.js'

/** What is good of one page. */
export interface GoodPage {
  readonly path: string
  readonly identity: PageIdentity
  /** Slots from the start that hold good frames. */
  readonly slots: number
  readonly frames: number
  /** Slots that were committed, as far as one can tell. */
  readonly claimed: number
  /** The writer had gone on to the next page. */
  readonly sealed: boolean
  /** ns since 1970 of the last good frame; `minTime` when there is none. */
  readonly lastTime: bigint
  /** What is wrong after the good frames, or with the header; '' when nothing is. */
  readonly wrong: string
}

/** A page of which nothing can be kept. */
export interface BadPage {
  readonly path: string
  readonly wrong: string
}

/** What is known of a page from its neighbours, should its header be lost. */
export interface Expected {
  /** Bytes. */
  readonly pageSize: number
  /** Of the page before, if there is one. */
  readonly before: PageIdentity | undefined
  /** The page's first frame has this time or a later one. */
  readonly minTime: bigint
}

/**
 * Finds the good frames at a page's start, whatever the rest is: the file too short or too long, the header damaged.
 *
 * Where the cursor cannot be believed, frames count as long as they are good: by their checksums, or, in journals without, by their
 * structure, types and times.
 *
 * @throws {FormatVersionError, JournalSystemError} when it cannot be looked at.
 */
export function examinePage(
  directory: string,
  pageNumber: number,
  expected: Expected,
  rules: FrameRules,
): GoodPage | BadPage {
  const path = pagePath(directory, pageNumber)
  let mapping: Mapping
  try {
    mapping = native.mapFile(path, false)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return { path, wrong: 'it is missing' }
    if (code === 'EINVAL') return { path, wrong: 'it is empty, or no regular file' }
    if (code === 'ELOOP') return { path, wrong: 'it is a symbolic link' }
    throw fromSystemError(error, 'opening', path)
  }
  try {
    return new Examination(path, pageNumber, mapping, expected, rules).run()
  } finally {
    mapping.close()
  }
}

class Examination {
  private readonly view: DataView
  private readonly bytes: Uint8Array
  /** Slots of the file, which may be shorter than its page. */
  private readonly capacity: number
  private readonly firstPosition: number

  constructor(
    private readonly path: string,
    private readonly pageNumber: number,
    private readonly mapping: Mapping,
    private readonly expected: Expected,
    private readonly rules: FrameRules,
  ) {
    this.view = new DataView(mapping.buffer)
    this.bytes = new Uint8Array(mapping.buffer)
    this.capacity = Math.max(0, slotsOf(Math.min(mapping.size, expected.pageSize)))
    this.firstPosition = pageNumber * slotsOf(expected.pageSize)
  }

  run(): GoodPage | BadPage {
    const { path, expected } = this
    if (this.capacity === 0) return { path, wrong: `it has ${this.mapping.size} bytes` }
    const { identity, wrong } = this.readIdentity()
    if (identity === undefined) return { path, wrong }
    const checked = (identity.flags & PageFlag.CHECKED) !== 0
    const cursor = this.view.getUint32(P.CURSOR, true)
    const durable = this.view.getUint32(P.DURABLE, true)
    const seal = this.view.getUint32(P.SEALED, true)
    // In a header that is damaged anyway, only what a writer stores means something.
    const sealed = wrong === '' ? seal !== 0 : seal === 1
    const used = this.lastUsedSlot()
    let believed = wrong === '' && cursor <= slotsOf(expected.pageSize)
    let good = this.walk(believed ? Math.min(cursor, this.capacity) : this.capacity, checked, believed, durable)
    // A sealed page has nothing after its cursor: where there are good frames, it is the cursor that is damaged.
    if (believed && sealed && good.slot === cursor && used > cursor) {
      const more = this.walk(this.capacity, checked, false, durable)
      believed = more.slot <= cursor
      if (!believed) good = more
    }
    const size =
      this.mapping.size === expected.pageSize ? '' : `it has ${this.mapping.size} bytes, not ${expected.pageSize}`
    const end = believed || wrong !== '' ? '' : `its cursor is at slot ${cursor}`
    return {
      path,
      identity,
      slots: good.slot,
      frames: good.frames,
      claimed: believed ? cursor : Math.max(used, good.slot),
      sealed,
      lastTime: good.lastTime,
      wrong: [size, wrong, good.wrong, end].filter(text => text !== '').join('; '),
    }
  }

  /** The slot after the last that is not all zeros. */
  private lastUsedSlot(): number {
    const { bytes } = this
    let at = P.HEADER_SIZE + this.capacity * SLOT_SIZE
    while (at > P.HEADER_SIZE && bytes[at - 1] === 0) at--
    return Math.ceil((at - P.HEADER_SIZE) / SLOT_SIZE)
  }

  /** As its header says, or made up from its name and its neighbours. Undefined for a whole header of something else. */
  private readIdentity(): { identity: PageIdentity | undefined; wrong: string } {
    const { path, pageNumber, expected, bytes } = this
    try {
      return {
        identity: decodePageHeader(bytes.subarray(0, P.IDENTITY_SIZE), expected.pageSize, pageNumber, path, crc32c),
        wrong: '',
      }
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      // A bit of a version or a number is damage; in a header that checks out it is another version, or another page.
      if (this.view.getUint32(P.IDENTITY_CRC, true) === crc32c(bytes.subarray(0, P.IDENTITY_CRC))) {
        if (error instanceof FormatVersionError) throw error
        return { identity: undefined, wrong: withoutAdvice(error.message) }
      }
      const { before } = expected
      const identity = {
        flags: this.view.getUint32(P.HEADER_SIZE + Frame.CRC, true) !== 0 ? PageFlag.CHECKED : 0,
        pageSize: expected.pageSize,
        pageNumber,
        firstPosition: this.firstPosition,
        created: before?.created ?? native.now(),
        bootId: before?.bootId ?? thisBoot(),
        epoch: before?.epoch ?? 1,
        layoutHash: before?.layoutHash ?? new Uint8Array(8),
        journalId: before?.journalId ?? 0,
      }
      return { identity, wrong: withoutAdvice(error.message) }
    }
  }

  /** The good frames from slot 0 on, up to `end`. */
  private walk(
    end: number,
    checked: boolean,
    believed: boolean,
    durable: number,
  ): { slot: number; frames: number; lastTime: bigint; wrong: string } {
    const { mapping, firstPosition, expected } = this
    let walk = native.walkFrames(mapping, 0, end, firstPosition, checked, expected.minTime)
    let { frames } = walk
    // Frames get their checksum just before they are synced: the last ones, below a cursor to be believed, may have none yet.
    if (checked && believed && walk.reason === 'crc-missing' && (walk.slot >= durable || durable > end)) {
      walk = native.walkFrames(mapping, walk.slot, end, firstPosition, false, walk.lastTime)
      frames += walk.frames
    }
    const wrong =
      walk.reason === 'end' || (!believed && walk.reason === 'no-slots')
        ? ''
        : `the frame at slot ${walk.slot} is damaged (${walk.reason})`
    const odd = this.firstOdd(walk.slot)
    if (odd === undefined) return { slot: walk.slot, frames, lastTime: walk.lastTime, wrong }
    const until = native.walkFrames(mapping, 0, odd, firstPosition, false, expected.minTime)
    return {
      slot: odd,
      frames: until.frames,
      lastTime: until.lastTime,
      wrong: `the frame at slot ${odd} is not as schema.json defines it`,
    }
  }

  /** The first frame before `end` that contradicts the definitions. */
  private firstOdd(end: number): number | undefined {
    const { bytes, view, rules } = this
    for (let slot = 0; slot < end; ) {
      const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
      const type = view.getUint16(at + Frame.TYPE, true)
      const slots = bytes[at + Frame.SLOTS]
      if (slots === 0) return slot // cut short under us
      const wanted = rules.slotsOf(type)
      if (wanted !== slots && (wanted !== 0 || (rules.complete && !rules.isLost(type)))) return slot
      slot += slots
    }
    return undefined
  }
}
