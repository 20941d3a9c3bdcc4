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

/** The good frames of one page. */
export interface GoodPage {
  readonly path: string
  readonly identity: PageIdentity
  /** The number of slots from the page's start that hold good frames. */
  readonly slots: number
  readonly frames: number
  /** The number of slots that were committed, as far as that is known. */
  readonly claimed: number
  /** Whether the page was sealed. */
  readonly sealed: boolean
  /** ns since 1970 of the last good frame; `minTime` when there is none. */
  readonly lastTime: bigint
  /** What is wrong after the good frames, or with the header; '' when nothing is. */
  readonly wrong: string
}

/** A page from which no frame can be kept. */
export interface BadPage {
  readonly path: string
  readonly wrong: string
}

/** What the neighbours of a page say about it, for the case that its header is damaged. */
export interface Expected {
  /** Bytes. */
  readonly pageSize: number
  /** The identity of the page before, if there is one. */
  readonly before: PageIdentity | undefined
  /** The page's first frame has this time or a later one. */
  readonly minTime: bigint
}

/**
 * Finds the good frames at a page's start, even if the file is too short or too long, or its header is damaged.
 *
 * If the cursor cannot be trusted, frames are kept up to the first one that is not good: by their checksums, or, in journals without
 * checksums, by their structure, types and times.
 *
 * @throws {FormatVersionError}, {JournalSystemError} when the page cannot be read.
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
    if (code === 'EINVAL') return { path, wrong: 'it is empty or not a regular file' }
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
  /** The number of slots in the file, which may be shorter than a page. */
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
    // In a damaged header, only a value that writers store counts as a seal.
    const sealed = wrong === '' ? seal !== 0 : seal === 1
    const used = this.lastUsedSlot()
    let believed = wrong === '' && cursor <= slotsOf(expected.pageSize)
    let good = this.walk(believed ? Math.min(cursor, this.capacity) : this.capacity, checked, believed, durable)
    // A sealed page has no frames after its cursor. If there are good frames after it, the cursor is damaged.
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

  /** The slot after the last slot that is not all zeros. */
  private lastUsedSlot(): number {
    const { bytes } = this
    let at = P.HEADER_SIZE + this.capacity * SLOT_SIZE
    while (at > P.HEADER_SIZE && bytes[at - 1] === 0) at--
    return Math.ceil((at - P.HEADER_SIZE) / SLOT_SIZE)
  }

  /** The identity from the page's header, or one derived from its name and neighbours. Undefined for a valid header of another page. */
  private readIdentity(): { identity: PageIdentity | undefined; wrong: string } {
    const { path, pageNumber, expected, bytes } = this
    try {
      return {
        identity: decodePageHeader(bytes.subarray(0, P.IDENTITY_SIZE), expected.pageSize, pageNumber, path, crc32c),
        wrong: '',
      }
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      // With a wrong CRC, a different version or number is damage. With a right CRC, it is another version, or another page.
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

  /** The good frames from slot 0 up to `end`. */
  private walk(
    end: number,
    checked: boolean,
    believed: boolean,
    durable: number,
  ): { slot: number; frames: number; lastTime: bigint; wrong: string } {
    const { mapping, firstPosition, expected } = this
    let walk = native.walkFrames(mapping, 0, end, firstPosition, checked, expected.minTime)
    let { frames } = walk
    // Frames get their checksum just before they are synced: the last ones, below a trusted cursor, may have none yet.
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
      wrong: `the frame at slot ${odd} does not match its definition in schema.json`,
    }
  }

  /** The first frame before `end` that contradicts the definitions. */
  private firstOdd(end: number): number | undefined {
    const { bytes, view, rules } = this
    for (let slot = 0; slot < end; ) {
      const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
      const type = view.getUint16(at + Frame.TYPE, true)
      const slots = bytes[at + Frame.SLOTS]
      if (slots === 0) return slot // the file was truncated meanwhile
      const wanted = rules.slotsOf(type)
      if (wanted !== slots && (wanted !== 0 || (rules.complete && !rules.isLost(type)))) return slot
      slot += slots
    }
    return undefined
  }
}
