import * as fs from 'node:fs'
import { CorruptJournalError, JournalNotFoundError, RecoveryRefusedError, type TicktapeError } from '../layout/errors.js'
import { Page as P, PageFlag, SLOT_SHIFT } from '../layout/format.js'
import { markStride } from '../layout/header.js'
import { native } from '../native/index.js'
import { listDirectory, pagePath, syncDirectory } from './directory.js'
import { type MappedPage, openPage, Word } from './page.js'

/** What the writer found when it opened the journal, and what it did about it. */
export interface RecoveryReport {
  /** 'new': there was none. 'same-boot': the kernel still had every page, so the cursor is right. 'other-boot': the machine was
   * restarted, or the journal came from another one, so frames were checked one by one. */
  readonly found: 'new' | 'same-boot' | 'other-boot'
  /** Frames found good in the pages that were looked at: the last one, or all that were not yet durable. */
  readonly kept: number
  /** Slots that cursors counted and that could not be kept. */
  readonly dropped: number
  /** Why frames were dropped, or '' when none were. */
  readonly why: string
  /** The position writing goes on at. */
  readonly position: number
  /** What was changed, in words: files removed, bytes cleared. */
  readonly actions: readonly string[]
}

/** Where writing goes on. */
export interface Tail {
  /** Mapped writable. */
  readonly page: MappedPage
  /** Slots of it that hold frames: equal to its cursor. */
  readonly slot: number
  /** ns since 1970 of the journal's last frame, 0 when it has none. */
  readonly lastTime: bigint
  /** The page takes no more frames: it is sealed, or was written in another boot. */
  readonly full: boolean
}

export interface Recovered {
  readonly report: RecoveryReport
  /** Undefined for a new journal. */
  readonly tail: Tail | undefined
}

/**
 * Makes a journal's end sound again. Must hold the writer's lock. First decides, reading only, and refuses before anything is
 * changed; every change leaves a journal that this function, run again, brings to the same end.
 *
 * @throws {RecoveryRefusedError} when frames that were promised durable are gone, {CorruptJournalError} when bytes contradict
 * the format in a way that no crash leaves.
 */
export function recover(directory: string): Recovered {
  const { pages, temporaries } = listDirectory(directory)
  const actions: string[] = []
  for (const name of temporaries) {
    fs.rmSync(`${directory}/${name}`, { force: true })
    actions.push(`removed the unfinished ${name}`)
  }
  if (pages.length === 0) {
    return { report: { found: 'new', kept: 0, dropped: 0, why: '', position: 0, actions }, tail: undefined }
  }
  checkContiguous(directory, pages)

  const open = new OpenPages(directory)
  try {
    const last = findCurrent(open, pages)
    const page = open.get(last)
    const found = page.identity.bootId === native.bootId() ? 'same-boot' : 'other-boot'
    if (last < pages[pages.length - 1]) checkPrepared(open, last + 1, found)
    const end = found === 'same-boot' ? trustCursor(page) : walkFromDurable(open, pages, last)
    const tailPage = open.get(end.page)

    // Nothing has been changed up to here; from here on nothing is refused.
    const surplus = pages.filter(number => number > end.page)
    for (const number of surplus.reverse()) {
      open.close(number)
      fs.rmSync(pagePath(directory, number))
      actions.push(number > last ? `removed the prepared page ${number}` : `removed page ${number}`)
    }
    if (surplus.length > 0) syncDirectory(directory)
    const cleared = cutTail(tailPage, end.slot, found === 'other-boot')
    if (cleared > 0) actions.push(`cleared ${cleared} bytes after slot ${end.slot} of page ${end.page}`)

    const tail: Tail = {
      page: tailPage,
      slot: end.slot,
      lastTime: end.lastTime > 0n ? end.lastTime : timeBefore(open, pages, end.page),
      full: tailPage.sealed || found === 'other-boot',
    }
    open.release(end.page)
    const report = { found, kept: end.kept, dropped: end.dropped, why: end.why, position: tailPage.firstPosition + end.slot, actions } as const
    return { report, tail }
  } finally {
    open.closeAll()
  }
}

/** Where the good frames end. */
interface End {
  readonly page: number
  readonly slot: number
  readonly kept: number
  readonly dropped: number
  readonly why: string
  readonly lastTime: bigint
}

function checkContiguous(directory: string, pages: readonly number[]): void {
  for (let i = 1; i < pages.length; i++) {
    if (pages[i] !== pages[i - 1] + 1) {
      const path = pagePath(directory, pages[i - 1] + 1)
      throw new CorruptJournalError(`${path} is missing between its neighbours; restore it, or save what is there with 'ticktape repair'`, { path, page: pages[i - 1] + 1 })
    }
  }
}

/**
 * The page that was being written: the last one, or the one before it when that is not sealed, for then the last was only
 * prepared.
 */
function findCurrent(open: OpenPages, pages: readonly number[]): number {
  const last = pages[pages.length - 1]
  const before = pages.length > 1 ? last - 1 : -1
  if (before >= 0 && !open.get(before).sealed) return before
  try {
    open.get(last)
    return last
  } catch (error) {
    // Its name reached the disk and its bytes did not. Where pages are synced before they are named that cannot happen.
    const lostInPowerLoss = before >= 0 && isUnchecked(open.get(before)) && open.get(before).identity.bootId !== native.bootId()
    if (error instanceof CorruptJournalError && lostInPowerLoss) return before
    throw error
  }
}

/** The page after one that is not sealed must be empty: what is in it would be lost. */
function checkPrepared(open: OpenPages, number: number, found: 'same-boot' | 'other-boot'): void {
  let page: MappedPage
  try {
    page = open.get(number)
  } catch (error) {
    if (found === 'other-boot' && error instanceof CorruptJournalError) return
    throw error
  }
  if (page.durable > 0) throw refused(page, 0, 'the page before it is not sealed')
  if (page.cursor > 0 && found === 'same-boot') {
    throw new CorruptJournalError(
      `${page.path} has frames, but the page before it is not sealed, which no crash leaves; save what is good with 'ticktape repair'`,
      { path: page.path, page: number },
    )
  }
}

/** The process died, the machine did not: every store it made is there. */
function trustCursor(page: MappedPage): End {
  const cursor = page.cursor
  const walk = native.walkFrames(page.mapping, 0, cursor, page.firstPosition, false, 0n)
  if (walk.reason !== 'end') throw damagedFrame(page, walk.slot, walk.reason)
  return { page: page.number, slot: cursor, kept: walk.frames, dropped: 0, why: '', lastTime: walk.lastTime }
}

/**
 * The machine died: any block written since the last sync is there or not, in any combination. Starts at the first page that
 * was not wholly durable and keeps frames for as long as they are good without a gap.
 */
function walkFromDurable(open: OpenPages, pages: readonly number[], last: number): End {
  let first = last
  while (first > pages[0] && !isComplete(open.get(first - 1))) first--

  let kept = 0
  let lastTime = 0n
  for (let number = first; ; number++) {
    const page = open.get(number)
    const unchecked = isUnchecked(page)
    const cursor = page.cursor
    // The durable cursor vouches for frames and the CRC proves them; the cursor itself may be older or newer than the data.
    const walk = native.walkFrames(page.mapping, 0, unchecked ? cursor : page.capacity, page.firstPosition, !unchecked, lastTime)
    if (walk.slot < page.durable) throw refused(page, walk.slot, walk.reason)
    kept += walk.frames
    lastTime = walk.lastTime
    const whole = page.sealed && walk.slot === cursor
    if (whole && number < last) continue

    let dropped = Math.max(0, cursor - walk.slot)
    for (let later = number + 1; later <= last; later++) {
      const lost = open.get(later)
      if (lost.durable > 0) throw refused(page, walk.slot, walk.reason)
      dropped += lost.cursor
    }
    const why = dropped === 0 ? '' : `the machine stopped before slot ${walk.slot} of page ${number} and what followed was durable (${walk.reason})`
    return { page: number, slot: walk.slot, kept, dropped, why, lastTime }
  }
}

/** Whether a page needs no second look: sealed, and durable to its end if durability was asked for. */
function isComplete(page: MappedPage): boolean {
  return page.sealed && (isUnchecked(page) || page.durable === page.cursor)
}

function isUnchecked(page: MappedPage): boolean {
  return (page.identity.flags & PageFlag.CHECKED) === 0
}

/**
 * Makes `slot` the page's end: cursor, marks, and nothing but zeros after it, so that no later crash can take old bytes for
 * frames. Returns how many bytes were not zero.
 */
function cutTail(page: MappedPage, slot: number, sync: boolean): number {
  const { u32, i32 } = page.memory
  let cleared = 0
  for (let word = (P.HEADER_SIZE + (slot << SLOT_SHIFT)) >> 2; word < u32.length; word++) {
    if (u32[word] === 0) continue
    u32[word] = 0
    cleared += 4
  }
  const stride = markStride(page.identity.pageSize)
  for (let i = 1; i * stride < page.capacity; i++) {
    if (u32[Word.MARKS + i] >= slot) u32[Word.MARKS + i] = 0
  }
  if (page.cursor !== slot) {
    Atomics.store(i32, Word.PAGE_CRC_SET, 0)
    Atomics.store(i32, Word.CURSOR, slot)
  }
  if (sync) {
    page.mapping.sync(0, page.mapping.size)
    // Only now is what was kept known to be on the disk.
    if (!isUnchecked(page)) {
      Atomics.store(i32, Word.DURABLE, slot)
      page.mapping.sync(0, P.HEADER_SIZE)
    }
  }
  return cleared
}

/** The time of the last frame before a page that has none. */
function timeBefore(open: OpenPages, pages: readonly number[], pageNumber: number): bigint {
  if (pageNumber === pages[0]) return 0n
  const page = open.get(pageNumber - 1)
  const cursor = page.cursor
  const from = page.markBefore(cursor, cursor)
  return native.walkFrames(page.mapping, from, cursor, page.firstPosition, false, 0n).lastTime
}

function damagedFrame(page: MappedPage, slot: number, reason: string): TicktapeError {
  const place = { path: page.path, page: page.number, slot, position: page.firstPosition + slot }
  return new CorruptJournalError(
    `the frame at slot ${slot} of ${page.path} is damaged (${reason}), which no crash does; save what is good with 'ticktape repair'`,
    place,
  )
}

function refused(page: MappedPage, slot: number, reason: string): TicktapeError {
  return new RecoveryRefusedError(
    `${page.path} promises frames up to slot ${page.durable} and later pages as durable, but is damaged from slot ${slot} on (${reason}). ` +
      "Nothing was changed; save what is good with 'ticktape repair'",
    { path: page.path, position: page.firstPosition + slot },
  )
}

/** The pages looked at, each mapped once and unmapped at the end. */
class OpenPages {
  private readonly pages = new Map<number, MappedPage>()

  constructor(private readonly directory: string) {}

  get(number: number): MappedPage {
    let page = this.pages.get(number)
    if (page === undefined) {
      page = openPage(this.directory, number, true)
      this.pages.set(number, page)
    }
    return page
  }

  /** Hands a page over: it stays mapped. */
  release(number: number): void {
    this.pages.delete(number)
  }

  close(number: number): void {
    this.pages.get(number)?.mapping.close()
    this.pages.delete(number)
  }

  closeAll(): void {
    for (const page of this.pages.values()) page.mapping.close()
    this.pages.clear()
  }
}

/** Whether an error says that a page's file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof JournalNotFoundError
}
