import { thisBoot } from '../../base/boot.js'
import type { TicktapeError } from '../../base/errors.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { RecoveryRefusedError } from '../errors.js'
import { listDirectory, pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { OpenPages } from '../pages/open-pages.js'
import type { MappedPage } from '../pages/page.js'
import { cutPage, damagedFrame, makeDurable } from '../pages/page-end.js'

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
export function recover(directory: Directory): Recovered {
  const { pages, temporaries } = listDirectory(directory)
  checkContiguous(directory, pages)
  const actions: string[] = []
  if (pages.length === 0 || (pages.length === 1 && isBlank(directory, pages[0]))) {
    for (const number of pages) {
      directory.remove(pageFileName(number))
      actions.push(`removed page ${number}, which has not one byte in it`)
    }
    removeTemporaries(directory, temporaries, actions)
    return { report: { found: 'new', kept: 0, dropped: 0, why: '', position: 0, actions }, tail: undefined }
  }

  const open = new OpenPages(directory)
  try {
    const last = findCurrent(open, pages)
    const page = open.get(last)
    const found = page.identity.bootId === thisBoot() ? 'same-boot' : 'other-boot'
    if (last < pages[pages.length - 1]) checkPrepared(open, last + 1, found)
    const end = found === 'same-boot' ? trustCursor(page) : walkFromDurable(open, pages, last)
    const tailPage = open.get(end.page)
    const lastTime = end.lastTime > 0n ? end.lastTime : timeBefore(open, pages, end.page)

    // Nothing has been changed up to here; from here on nothing is refused.
    removeTemporaries(directory, temporaries, actions)
    const cleared = cutPage(tailPage, end.slot, found === 'other-boot')
    if (cleared > 0) actions.push(`cleared ${cleared} bytes after slot ${end.slot} of page ${end.page}`)
    const surplus = pages.filter(number => number > end.page)
    for (const number of surplus.reverse()) {
      open.close(number)
      directory.remove(pageFileName(number))
      actions.push(number > last ? `removed the prepared page ${number}` : `removed page ${number}`)
      crashPoint('recovery-page-removed')
    }
    if (surplus.length > 0) directory.sync()

    open.release(end.page)
    const tail = { page: tailPage, slot: end.slot, lastTime, full: tailPage.sealed || found === 'other-boot' }
    const report = {
      found,
      kept: end.kept,
      dropped: end.dropped,
      why: end.why,
      position: tailPage.firstPosition + end.slot,
      actions,
    } as const
    return { report, tail }
  } finally {
    open.closeAll()
  }
}

/**
 * Makes durable what earlier writers had published and not yet synced when they died: the pages before `tail`. Without it a frame
 * of this writer could be durable and one before it not.
 *
 * @param unpromised also those that no writer had promised to make durable: a writer of a durable journal comes after one that was not.
 */
export function catchUp(directory: Directory, tail: MappedPage, unpromised: boolean): void {
  const open = new OpenPages(directory)
  try {
    const { pages } = listDirectory(directory)
    let first = tail.number
    while (first > pages[0]) {
      const { checked, durable, cursor } = open.get(first - 1)
      open.close(first - 1)
      if (!checked && !unpromised) break
      first--
      // Its frames were durable and its seal may not be: it is the last to be looked at, and synced once more. (An empty page says
      // nothing of those before it.)
      if (cursor > 0 && durable === cursor) break
    }
    for (let number = first; number < tail.number; number++) {
      makeDurable(open.get(number))
      open.close(number)
    }
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

function checkContiguous(directory: Directory, pages: readonly number[]): void {
  for (let i = 1; i < pages.length; i++) {
    if (pages[i] !== pages[i - 1] + 1) {
      const path = pagePath(directory, pages[i - 1] + 1)
      throw new CorruptJournalError(
        `${path} is missing between its neighbours; restore it, or save what is there with 'ticktape repair'`,
        { path, page: pages[i - 1] + 1 },
      )
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
    const lostInPowerLoss = before >= 0 && !open.get(before).checked && open.get(before).identity.bootId !== thisBoot()
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
 * The machine died: any block written since the last sync is there or not, in any combination. Starts at the first page of that
 * boot that was not wholly durable and keeps frames for as long as they are good without a gap. (What earlier boots left was made
 * sound by the first writer of that one.)
 */
function walkFromDurable(open: OpenPages, pages: readonly number[], last: number): End {
  let kept = 0
  let lastTime = 0n
  for (let number = firstInDoubt(open, pages, last); ; number++) {
    const page = open.get(number)
    const { cursor } = page
    // The durable cursor vouches for frames and the CRC proves them; the cursor itself may be older or newer than the data.
    const walk = native.walkFrames(
      page.mapping,
      0,
      page.checked ? page.capacity : cursor,
      page.firstPosition,
      page.checked,
      lastTime,
    )
    if (walk.slot < page.durable) throw refused(page, walk.slot, walk.reason)
    kept += walk.frames
    lastTime = walk.lastTime
    const whole = page.sealed && walk.slot === cursor
    if (whole && number < last && !isLost(open, number + 1)) {
      open.close(number)
      continue
    }

    let dropped = Math.max(0, cursor - walk.slot)
    for (let later = number + 1; later <= last; later++) {
      if (isLost(open, later)) continue
      const lost = open.get(later)
      if (lost.durable > 0) throw refused(page, walk.slot, walk.reason)
      dropped += lost.cursor
    }
    const why =
      dropped === 0
        ? ''
        : `the machine stopped before slot ${walk.slot} of page ${number} and what followed was durable (${walk.reason})`
    return { page: number, slot: walk.slot, kept, dropped, why, lastTime }
  }
}

/** The first page of the last one's boot that may have lost something. */
function firstInDoubt(open: OpenPages, pages: readonly number[], last: number): number {
  const { bootId } = open.get(last).identity
  let first = last
  for (let number = last - 1; number >= pages[0]; number--) {
    if (number > pages[0] && isLost(open, number)) {
      first = number - 1
      continue
    }
    const page = open.get(number)
    // An empty page says nothing of those before it.
    if (page.identity.bootId !== bootId || (page.sealed && page.cursor > 0 && page.durable === page.cursor)) break
    first = number
    if (number < last - 1) open.close(number)
  }
  return first
}

/**
 * Whether a page's name reached the disk and its header did not. Where pages are synced before they are named, as all that get
 * CRCs are, that cannot happen: there it is damage, and an error.
 */
function isLost(open: OpenPages, number: number): boolean {
  try {
    open.get(number)
    return false
  } catch (error) {
    if (error instanceof CorruptJournalError && !open.get(number + 1).checked) return true
    throw error
  }
}

/** The time of the last frame before a page that has none. */
function timeBefore(open: OpenPages, pages: readonly number[], pageNumber: number): bigint {
  for (let number = pageNumber - 1; number >= pages[0]; number--) {
    const page = open.get(number)
    const { cursor } = page
    const walk = native.walkFrames(page.mapping, page.markBefore(cursor, cursor), cursor, page.firstPosition, false, 0n)
    if (walk.frames > 0) return walk.lastTime
  }
  return 0n
}

/** Whether a file is empty or all zeros: a page whose name reached the disk before power was lost, and nothing of it. */
function isBlank(directory: Directory, pageNumber: number): boolean {
  const name = pageFileName(pageNumber)
  const stat = directory.stat(name)
  if (stat === null || !stat.isFile || stat.size > P.MAX_SIZE) return false
  if (stat.size === 0) return true
  const mapping = directory.mapFile(name, false)
  try {
    return new Uint32Array(mapping.buffer, 0, mapping.size >> 2).every(word => word === 0)
  } finally {
    mapping.close()
  }
}

/** What writers were making when they died. */
function removeTemporaries(directory: Directory, names: readonly string[], actions: string[]): void {
  for (const name of names) {
    directory.remove(name)
    actions.push(`removed the unfinished ${name}`)
  }
}

function refused(page: MappedPage, slot: number, reason: string): TicktapeError {
  return new RecoveryRefusedError(
    `${page.path} promises frames up to slot ${page.durable} and later pages as durable, but is damaged from slot ${slot} on (${reason}). ` +
      "Nothing was changed; save what is good with 'ticktape repair'",
    { path: page.path, position: page.firstPosition + slot },
  )
}
