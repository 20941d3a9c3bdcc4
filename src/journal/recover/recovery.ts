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

/** What the writer found when it opened the journal, and what it changed. */
export interface RecoveryReport {
  /** 'new': there was no journal. 'same-boot': the kernel still had all stores, so the cursor is valid. 'other-boot': the machine was
   * restarted, or the journal was copied from another one, so frames were checked one by one. */
  readonly found: 'new' | 'same-boot' | 'other-boot'
  /** Good frames in the pages that were checked: the last page, or all pages that were not yet durable. */
  readonly kept: number
  /** Slots below the cursors that could not be kept. */
  readonly dropped: number
  /** Why frames were dropped, or '' when none were. */
  readonly why: string
  /** The position of the next frame. */
  readonly position: number
  /** What was changed, in words: files removed, bytes cleared. */
  readonly actions: readonly string[]
}

/** The end of the journal, where writing continues. */
export interface Tail {
  /** Mapped writable. */
  readonly page: MappedPage
  /** Slots of the page with frames: equal to its cursor. */
  readonly slot: number
  /** ns since 1970 of the journal's last frame, 0 when it has none. */
  readonly lastTime: bigint
  /** Whether no more frames may be appended to the page: it is sealed, or was written in another boot. */
  readonly full: boolean
}

export interface Recovered {
  readonly report: RecoveryReport
  /** Undefined for a new journal. */
  readonly tail: Tail | undefined
}

/**
 * Makes a journal's end consistent again. The caller must hold the writer's lock. First it only reads and decides, and refuses before
 * anything is changed. After each single change, running this function again leads to the same result.
 *
 * @throws {RecoveryRefusedError} when durable frames are damaged or missing, {CorruptJournalError} when bytes contradict the format in a
 * way that no crash can cause.
 */
export function recover(directory: Directory): Recovered {
  const { pages, temporaries } = listDirectory(directory)
  checkContiguous(directory, pages)
  const actions: string[] = []
  if (pages.length === 0 || (pages.length === 1 && isBlank(directory, pages[0]))) {
    for (const number of pages) {
      directory.remove(pageFileName(number))
      actions.push(`removed page ${number}, which was empty`)
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

    // Up to here nothing was changed. From here on nothing is refused.
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
 * Makes the pages before `tail` durable, which earlier writers had published but not synced when they died. Without this a frame of the new
 * writer could be durable while an earlier frame is not.
 *
 * @param unpromised also pages without checksums, which no writer had promised to make durable: the last writer's durability was 'process'
 * and this one's is not.
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
      // Its frames are durable, but its seal may not be: sync this page once more, and no earlier one. (An empty page does not show
      // whether the pages before it are durable.)
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

/** The end of the good frames. */
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
        `${path} is missing, but later pages exist; restore it, or save the good frames with 'ticktape repair'`,
        { path, page: pages[i - 1] + 1 },
      )
    }
  }
}

/**
 * The page that was being written: the last one, or the one before it if that is not sealed, because then the last one was only prepared.
 */
function findCurrent(open: OpenPages, pages: readonly number[]): number {
  const last = pages[pages.length - 1]
  const before = pages.length > 1 ? last - 1 : -1
  if (before >= 0 && !open.get(before).sealed) return before
  try {
    open.get(last)
    return last
  } catch (error) {
    // Its name reached the disk, but its bytes did not. That cannot happen if pages are synced before they get their name.
    const lostInPowerLoss = before >= 0 && !open.get(before).checked && open.get(before).identity.bootId !== thisBoot()
    if (error instanceof CorruptJournalError && lostInPowerLoss) return before
    throw error
  }
}

/** Checks that the page after one that is not sealed is empty, because its frames would be removed. */
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
      `${page.path} has frames, but the page before it is not sealed, which no crash can cause; save the good frames with 'ticktape repair'`,
      { path: page.path, page: number },
    )
  }
}

/** For a process that died on a machine that did not stop: the kernel has all its stores. */
function trustCursor(page: MappedPage): End {
  const cursor = page.cursor
  const walk = native.walkFrames(page.mapping, 0, cursor, page.firstPosition, false, 0n)
  if (walk.reason !== 'end') throw damagedFrame(page, walk.slot, walk.reason)
  return { page: page.number, slot: cursor, kept: walk.frames, dropped: 0, why: '', lastTime: walk.lastTime }
}

/**
 * For a machine that stopped: each block written since the last sync may be old or new, in any combination. Starts at the first page of that
 * boot that was not completely durable, and keeps frames as long as they are good and none is missing. (The first writer of that boot has
 * recovered the pages of earlier boots.)
 */
function walkFromDurable(open: OpenPages, pages: readonly number[], last: number): End {
  let kept = 0
  let lastTime = 0n
  for (let number = firstInDoubt(open, pages, last); ; number++) {
    const page = open.get(number)
    const { cursor } = page
    // Frames below the durable cursor must be there, and the CRC proves each frame. The cursor itself may be older or newer than the data.
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
        : `the machine stopped before the frames from slot ${walk.slot} of page ${number} on were durable (${walk.reason})`
    return { page: number, slot: walk.slot, kept, dropped, why, lastTime }
  }
}

/** The first page, of the same boot as the last page, that may have lost frames. */
function firstInDoubt(open: OpenPages, pages: readonly number[], last: number): number {
  const { bootId } = open.get(last).identity
  let first = last
  for (let number = last - 1; number >= pages[0]; number--) {
    if (number > pages[0] && isLost(open, number)) {
      first = number - 1
      continue
    }
    const page = open.get(number)
    // An empty page does not show whether the pages before it are durable.
    if (page.identity.bootId !== bootId || (page.sealed && page.cursor > 0 && page.durable === page.cursor)) break
    first = number
    if (number < last - 1) open.close(number)
  }
  return first
}

/**
 * Whether a page's name reached the disk, but its header did not. Pages with CRCs are synced before they get their name, so for them that
 * cannot happen: it is damage, and an error.
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

/** The time of the last frame before a page without frames. */
function timeBefore(open: OpenPages, pages: readonly number[], pageNumber: number): bigint {
  for (let number = pageNumber - 1; number >= pages[0]; number--) {
    const page = open.get(number)
    const { cursor } = page
    const walk = native.walkFrames(page.mapping, page.markBefore(cursor, cursor), cursor, page.firstPosition, false, 0n)
    if (walk.frames > 0) return walk.lastTime
  }
  return 0n
}

/** Whether a file is empty or all zeros: the page's name reached the disk before the power loss, but none of its bytes. */
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

/** Removes the files that writers were creating when they died. */
function removeTemporaries(directory: Directory, names: readonly string[], actions: string[]): void {
  for (const name of names) {
    directory.remove(name)
    actions.push(`removed the unfinished ${name}`)
  }
}

function refused(page: MappedPage, slot: number, reason: string): TicktapeError {
  return new RecoveryRefusedError(
    `${page.path} is damaged from slot ${slot} on (${reason}), but frames after that are marked as durable, up to slot ${page.durable} or on later pages. ` +
      "Nothing was changed; save the good frames with 'ticktape repair'",
    { path: page.path, position: page.firstPosition + slot },
  )
}
