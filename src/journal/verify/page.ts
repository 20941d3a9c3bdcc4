import { UnsafePathError } from '../../base/errors.js'
import { loadWord } from '../../base/load-word.js'
import { CorruptJournalError, FormatVersionError } from '../../frames/errors.js'
import { Frame, Page as P, PageFlag, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { FrameWalk } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { JournalNotFoundError, NotAJournalError } from '../errors.js'
import { markStride } from '../pages/header.js'
import { type MappedPage, openPage, Word } from '../pages/page.js'
import { firstTimeOf } from '../pages/page-times.js'
import { type Finding, Findings } from './findings.js'
import type { FrameRules } from './frames.js'

/** The result of checking one page. It is sent between threads, so it holds plain values only. */
export interface PageReport {
  readonly page: number
  readonly path: string
  /** The file was removed after it was listed. */
  readonly gone: boolean
  readonly findings: readonly Finding[]
  readonly notes: readonly Finding[]
  /** The number of findings that are not listed. */
  readonly omitted: number
  /** Undefined when its header cannot be read. */
  readonly header: PageSummary | undefined
}

export interface PageSummary {
  readonly pageSize: number
  readonly sealed: boolean
  /** Slots that hold frames. */
  readonly used: number
  /** Slots from the page's start up to the first damage. */
  readonly good: number
  readonly frames: number
  /** Frames whose CRC was checked. */
  readonly checkedFrames: number
  readonly epoch: number
  /** 16 hexadecimal digits. */
  readonly layoutHash: string
  /** ns since 1970. */
  readonly firstTime: bigint | undefined
  readonly lastTime: bigint | undefined
}

const REASONS: Readonly<Record<FrameWalk['reason'], string>> = {
  end: '',
  'no-slots': 'the frame has no slots',
  'no-type': 'the frame has no type',
  'past-end': 'the frame ends after the cursor',
  'crc-missing': 'the frame has no checksum, though it is durable',
  'crc-wrong': "the frame's checksum is wrong: its bytes were changed",
  'time-backwards': "the frame's time is before that of the frame before it",
}

/**
 * Checks one page by itself: header, cursors, every frame's structure and time, checksums, marks, and the bytes after the last
 * frame. Reads only; the bytes may have any content.
 *
 * @param idle whether no writer has the journal open.
 * @throws {JournalSystemError} when the file cannot be read.
 */
export function checkPage(directory: string, pageNumber: number, rules: FrameRules, idle: boolean): PageReport {
  let page: MappedPage
  try {
    page = openPage(directory, pageNumber, false)
  } catch (error) {
    return unreadable(directory, pageNumber, error)
  }
  try {
    return new PageCheck(page, rules, idle).run()
  } finally {
    page.mapping.close()
  }
}

/** Whether an error reports damage of a file; other errors say that the file cannot be read. */
export function isDamage(error: unknown): error is CorruptJournalError {
  return [CorruptJournalError, NotAJournalError, FormatVersionError, UnsafePathError].some(
    kind => error instanceof kind,
  )
}

/** An error's message without the advice to run 'ticktape verify', which is running. */
export function withoutAdvice(message: string): string {
  return message.replace(/; run 'ticktape \w+'.*$/s, '')
}

function unreadable(directory: string, page: number, error: unknown): PageReport {
  const path = (error as { path?: string }).path ?? directory
  const gone = error instanceof JournalNotFoundError
  if (!gone && !isDamage(error)) throw error
  const findings = gone ? [] : [{ path, page, what: withoutAdvice((error as Error).message) }]
  return { page, path, gone, findings, notes: [], omitted: 0, header: undefined }
}

class PageCheck {
  private readonly findings = new Findings()
  private readonly notes: Finding[] = []
  /** Ranges of slots in which the frame boundaries are unknown. */
  private readonly gaps = new Map<number, number>()
  private frames = 0
  private checkedFrames = 0
  private lastTime = 0n
  private firstDamage = Number.POSITIVE_INFINITY

  constructor(
    private readonly page: MappedPage,
    private readonly rules: FrameRules,
    private readonly idle: boolean,
  ) {}

  run(): PageReport {
    const { page } = this
    const { i32 } = page.memory
    // The order of these loads matters: the writer publishes before it syncs, so a durable cursor loaded first is never above a cursor
    // loaded later; and the cursor of a page that was sealed before no longer moves.
    const seal = loadWord(i32, Word.SEALED)
    const durable = loadWord(i32, Word.DURABLE) >>> 0
    const cursor = loadWord(i32, Word.CURSOR) >>> 0
    const sealed = seal !== 0
    if (seal !== 0 && seal !== 1) this.damage(undefined, `its seal is ${seal}, neither 0 nor 1`)
    const used = this.checkCursors(cursor, durable)
    if (used !== undefined) {
      this.checkFrames(used, Math.min(durable, used))
      this.checkMeaning(used, sealed)
      this.checkPageCrc(used, sealed)
      this.checkRest(used, sealed)
    }
    if (page.mapping.damaged) this.damage(undefined, 'the file was truncated while it was being read')
    return {
      page: page.number,
      path: page.path,
      gone: false,
      findings: this.findings.list,
      notes: this.notes,
      omitted: this.findings.omitted,
      header: {
        pageSize: page.identity.pageSize,
        sealed,
        used: used ?? 0,
        good: Math.min(used ?? 0, this.firstDamage),
        frames: this.frames,
        checkedFrames: this.checkedFrames,
        epoch: page.identity.epoch,
        layoutHash: Buffer.from(page.identity.layoutHash).toString('hex'),
        firstTime: used === undefined ? undefined : firstTimeOf(page),
        lastTime: this.frames === 0 ? undefined : this.lastTime,
      },
    }
  }

  /** Returns the cursor, or undefined when it is damaged and the end of the frames is unknown. */
  private checkCursors(cursor: number, durable: number): number | undefined {
    const { capacity } = this.page
    if (cursor > capacity) {
      this.damage(undefined, `its cursor is at slot ${cursor}, it has ${capacity}`)
      return undefined
    }
    if (durable > cursor)
      this.damage(undefined, `its durable cursor is at slot ${durable}, after the cursor (${cursor})`)
    return cursor
  }

  private checkFrames(used: number, durable: number): void {
    const checked = (this.page.identity.flags & PageFlag.CHECKED) !== 0
    const from = checked ? this.walk(0, durable, used, true) : 0
    this.walk(from, used, used, false)
  }

  /** Walks frames and continues after damage where it can. Returns the slot where it ended: `to`, or the end of a frame that crosses `to`. */
  private walk(from: number, to: number, used: number, checked: boolean): number {
    const { page } = this
    let slot = from
    while (slot < to) {
      const walk = native.walkFrames(page.mapping, slot, to, page.firstPosition, checked, this.lastTime)
      this.frames += walk.frames
      if (checked) this.checkedFrames += walk.frames
      slot = walk.slot
      this.lastTime = walk.lastTime
      if (walk.reason === 'end') return slot
      const next = slot + this.slotsAt(slot)
      if (walk.reason === 'past-end' && to < used && next <= used) {
        this.damage(slot, `the durable cursor (${to}) is inside the frame`)
        return slot
      }
      this.damage(slot, REASONS[walk.reason])
      if (walk.reason === 'no-slots' || walk.reason === 'no-type' || walk.reason === 'past-end') {
        const resumed = this.nextMark(slot, used)
        this.gaps.set(slot, resumed)
        if (resumed > to) return resumed
        slot = resumed
      } else {
        this.frames++
        if (walk.reason === 'time-backwards') this.lastTime = this.timeAt(slot)
        slot = next
      }
    }
    return slot
  }

  /** The slot of the first mark after a slot, or the end. */
  private nextMark(slot: number, used: number): number {
    const stride = markStride(this.page.identity.pageSize)
    for (let i = Math.floor(slot / stride) + 1; i * stride < used; i++) {
      const mark = this.page.memory.u32[Word.MARKS + i]
      if (mark >= i * stride && mark < (i + 1) * stride && mark < used) return mark
    }
    return used
  }

  /** Types, lengths and values against the definitions, and marks against the frames. */
  private checkMeaning(used: number, sealed: boolean): void {
    const { page, rules, gaps } = this
    const { u16, u8, u32 } = page.memory
    const stride = markStride(page.identity.pageSize)
    const unknown = new Map<number, { slot: number; frames: number }>()
    const unnamed = new Set<number>()
    let firstUnnamed = 0
    const tell = (what: string, slot: number): void => this.damage(slot, what)
    let nextStride = stride
    for (let slot = 0; slot < used; ) {
      const gapEnd = gaps.size > 0 ? gaps.get(slot) : undefined
      if (gapEnd !== undefined) {
        slot = gapEnd
        nextStride = (Math.floor(slot / stride) + 1) * stride
        continue
      }
      if (slot >= nextStride) {
        const i = Math.floor(slot / stride)
        const mark = u32[Word.MARKS + i]
        // A writer that continues after a killed one may leave a mark out; then a seek walks from the mark before.
        if (mark !== 0 && mark !== slot)
          this.damage(slot, `mark ${i} says slot ${mark}, the first frame from slot ${i * stride} on begins at ${slot}`)
        nextStride = (i + 1) * stride
      }
      const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
      const type = u16[(at + Frame.TYPE) >> 1]
      const slots = u8[at + Frame.SLOTS]
      if (slots === 0) break // the file was truncated meanwhile: reported elsewhere
      const wanted = rules.slotsOf(type)
      if (wanted === slots) {
        rules.checkValues(type, u8, at, slot, tell)
        rules.collectUnnamed(type, u32, at, unnamed)
        if (unnamed.size === 0) firstUnnamed = slot + slots
      } else if (wanted !== 0) this.damage(slot, `the frame has ${slots} slots, a ${rules.nameOf(type)} has ${wanted}`)
      else {
        const seen = unknown.get(type)
        if (seen === undefined) unknown.set(type, { slot, frames: 1 })
        else seen.frames++
      }
      slot += slots
    }
    for (const [type, { slot, frames }] of unknown) this.tellUnknown(type, slot, frames)
    if (unnamed.size > 0) this.noteUnnamed(unnamed, firstUnnamed)
    if (sealed) this.checkLastMarks(used, stride)
  }

  /** Their frames can be read, but which instrument they mean is not known. */
  private noteUnnamed(numbers: ReadonlySet<number>, slot: number): void {
    const listed = [...numbers].slice(0, MOST_NUMBERS).join(', ')
    const more = numbers.size > MOST_NUMBERS ? ` and ${numbers.size - MOST_NUMBERS} more` : ''
    this.note(slot, `frames from here on have instruments that instruments.json does not name: ${listed}${more}`)
  }

  private tellUnknown(type: number, slot: number, frames: number): void {
    if (!this.rules.complete) return // an unreadable schema.json is reported once, for the journal
    const what = `${frames} frame${frames === 1 ? '' : 's'} from here on ${frames === 1 ? 'has' : 'have'} type ${type}, which schema.json does not define`
    if (this.rules.isLost(type)) this.note(slot, `${what}: its definition was lost before the journal was repaired`)
    else this.damage(slot, what)
  }

  /** There must be no mark after the end, except that of a frame that was begun and not committed. */
  private checkLastMarks(used: number, stride: number): void {
    for (let i = Math.ceil(used / stride); i * stride < this.page.capacity; i++) {
      const mark = i === 0 ? 0 : this.page.memory.u32[Word.MARKS + i]
      if (mark !== 0 && mark !== used) this.damage(used, `mark ${i} says slot ${mark}, after the last frame`)
    }
  }

  private checkPageCrc(used: number, sealed: boolean): void {
    const { page } = this
    const { u32 } = page.memory
    const set = u32[Word.PAGE_CRC_SET]
    if (set !== 0 && set !== 1) this.damage(undefined, `its checksum is neither set nor unset (${set})`)
    // Recovery can remove a seal; then the checksum has no meaning.
    if (set !== 1 || !sealed) return
    if (this.findings.count === 0 && native.pageCrc(page.mapping, used) !== u32[Word.PAGE_CRC]) {
      this.damage(
        undefined,
        "the page's checksum is wrong, though every frame is right by itself: bytes of its frames were changed",
      )
    }
  }

  /** Only zeros may follow the last frame: other bytes could later be read as frames. */
  private checkRest(used: number, sealed: boolean): void {
    if (!sealed && !this.idle) return // the writer may be writing a frame
    const start = P.HEADER_SIZE + used * SLOT_SIZE
    const at = firstNonZero(this.page.memory.buffer, start)
    if (at < 0) return
    const slot = (at - P.HEADER_SIZE) >> SLOT_SHIFT
    if (sealed) this.damage(slot, 'there are bytes after the last frame of a sealed page')
    else
      this.note(
        slot,
        'there are bytes after the last frame: the writer died while it wrote; the next writer clears them',
      )
  }

  private slotsAt(slot: number): number {
    return this.page.memory.u8[P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.SLOTS]
  }

  private timeAt(slot: number): bigint {
    const time = this.page.memory.i64[(P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.TIME) >> 3]
    return time < 0n ? 0n : time
  }

  private damage(slot: number | undefined, what: string): void {
    this.firstDamage = Math.min(this.firstDamage, slot ?? Number.POSITIVE_INFINITY)
    this.findings.add(this.finding(slot, what))
  }

  private note(slot: number, what: string): void {
    this.notes.push(this.finding(slot, what))
  }

  private finding(slot: number | undefined, what: string): Finding {
    const { path, number, firstPosition } = this.page
    return slot === undefined
      ? { path, page: number, what }
      : { path, page: number, slot, position: firstPosition + slot, what }
  }
}

/** How many numbers of instruments a note lists. */
const MOST_NUMBERS = 10

const ZEROS = Buffer.alloc(64 * 1024)

/** The offset of the first byte at or after `start` that is not zero, or -1. */
function firstNonZero(buffer: ArrayBuffer, start: number): number {
  for (let at = start; at < buffer.byteLength; at += ZEROS.length) {
    const part = Buffer.from(buffer, at, Math.min(ZEROS.length, buffer.byteLength - at))
    if (part.equals(ZEROS.subarray(0, part.length))) continue
    const offset = part.findIndex(byte => byte !== 0)
    if (offset >= 0) return at + offset
  }
  return -1
}
