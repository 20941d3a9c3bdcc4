import { InvalidOptionError } from '../../base/errors.js'
import { pathOf, type Where } from '../../base/files/where.js'
import { formatValue } from '../../base/format-value.js'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { native } from '../../native/index.js'
import type { Control } from '../control/control.js'
import { JournalNotFoundError, NotAJournalError, PositionError, PositionGoneError } from '../errors.js'
import { listDirectory } from '../files/directory.js'
import { markStride } from '../pages/header.js'
import { type MappedPage, openPage, orClose, Word } from '../pages/page.js'

/** The result of a seek: a mapped page, and the slot in it where a frame begins or where the next frame will begin. */
export interface SeekResult {
  readonly page: MappedPage
  readonly slot: number
}

/** The journal's first existing frame. */
export function seekStart(directory: Where): SeekResult {
  const page = tryPage(directory, 0) ?? whileRemoved(() => openPage(directory, existingPages(directory)[0], false))
  return { page, slot: 0 }
}

/** After the journal's last frame. */
export function seekEnd(directory: Where, control: Control | undefined): SeekResult {
  const page = lastPage(directory, control)
  return orClose(page, () => ({ page, slot: page.cursor }))
}

/**
 * The frame at a position, or the journal's end. The page number follows from the position. Whether a frame begins there is checked by
 * walking from the nearest mark.
 *
 * @throws {PositionGoneError, PositionError}
 */
export function seekPosition(directory: Where, position: number, control: Control | undefined): SeekResult {
  if (!Number.isSafeInteger(position) || position < 0) {
    throw new InvalidOptionError(`a position is a whole number from 0 on, not ${formatValue(position)}`, {
      path: pathOf(directory),
    })
  }
  const last = lastPage(directory, control)
  const number = Math.floor(position / last.capacity)
  const end = orClose(last, () => last.firstPosition + last.cursor)
  if (position > end || (number > last.number && position !== end)) {
    last.mapping.close()
    throw new PositionError(`${pathOf(directory)} has no position ${position}, it ends at ${end}`, {
      path: pathOf(directory),
      position,
    })
  }
  // The end of a full last page is also the start of the next page. Until the page is sealed, its own end is the result.
  if (number > last.number) return { page: last, slot: last.cursor }
  const page = number === last.number ? last : openOrGone(directory, number, position, last)
  if (page !== last) last.mapping.close()
  return orClose(page, () => ({ page, slot: checkedSlot(page, position) }))
}

/** The first frame at or after a time, or the journal's end. Binary search over pages, over marks, then frame by frame. */
export function seekTime(directory: Where, time: bigint, control: Control | undefined): SeekResult {
  const page = whileRemoved(() => pageAtTime(directory, time, control))
  // At the end of a sealed page a reader continues on the next page by itself.
  return orClose(page, () => ({ page, slot: slotAtTime(page, time) }))
}

function pageAtTime(directory: Where, time: bigint, control: Control | undefined): MappedPage {
  const end = lastPage(directory, control)
  // The list is read after the last page was found, so it contains that page, even if the writer has continued.
  const pages = existingPages(directory).filter(number => number <= end.number)
  const firstTime = (number: number): bigint | undefined => {
    const page = number === end.number ? end : openPage(directory, number, false)
    const begins = orClose(page, () => (page.cursor > 0 ? timeAt(page, 0) : undefined))
    if (page !== end) page.mapping.close()
    return begins
  }
  let low = 0
  let high = pages.length - 1
  /** The last page known to begin before the time. All pages before it are too early; all pages after it begin at the time or later. */
  let last = 0
  try {
    while (low <= high) {
      const middle = (low + high) >> 1
      // For a page without frames (every boot's writer begins a page), the page before it decides.
      let index = middle
      let first = firstTime(pages[index])
      while (first === undefined && index > low) first = firstTime(pages[--index])
      if (first === undefined) {
        low = middle + 1
      } else if (first < time) {
        last = index
        low = middle + 1
      } else {
        high = index - 1
      }
    }
    if (pages[last] === end.number) return end
    const page = openPage(directory, pages[last], false)
    end.mapping.close()
    return page
  } catch (error) {
    end.mapping.close()
    throw error
  }
}

/** The first slot of a page whose frame is at a time or later; the cursor when there is none. */
export function slotAtTime(page: MappedPage, time: bigint): number {
  const cursor = page.cursor
  const stride = markStride(page.identity.pageSize)
  let low = 0
  let high = Math.floor(Math.max(0, cursor - 1) / stride)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const mark = page.memory.u32[Word.MARKS + middle]
    const early = mark >= middle * stride && mark < cursor && timeAt(page, mark) < time
    if (early) low = middle
    else high = middle - 1
  }
  let slot = low === 0 ? 0 : page.memory.u32[Word.MARKS + low]
  while (slot < cursor && timeAt(page, slot) < time) {
    const slots = page.memory.u8[P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.SLOTS]
    // At a damaged frame the reader will stop and report it.
    if (slots === 0 || slot + slots > cursor) break
    slot += slots
  }
  return slot
}

function timeAt(page: MappedPage, slot: number): bigint {
  return page.memory.i64[(P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.TIME) >> 3]
}

/** @throws {PositionError} when no frame begins there. */
function checkedSlot(page: MappedPage, position: number): number {
  const slot = position - page.firstPosition
  const cursor = page.cursor
  if (slot >= cursor) return cursor
  const walk = native.walkFrames(page.mapping, page.markBefore(slot, cursor), slot, page.firstPosition, false, 0n)
  if (walk.slot !== slot) {
    throw new PositionError(
      `no frame begins at position ${position} of ${page.path}; the frame before it begins at ${page.firstPosition + walk.slot}`,
      { path: page.path, position },
    )
  }
  return slot
}

function openOrGone(directory: Where, number: number, position: number, last: MappedPage): MappedPage {
  const page = orClose(last, () => tryPage(directory, number))
  if (page !== undefined) return page
  const capacity = last.capacity
  last.mapping.close()
  const first = existingPages(directory)[0] * capacity
  throw new PositionGoneError(
    `position ${position} of ${pathOf(directory)} was removed by retention; the first existing position is ${first}`,
    first,
    { path: pathOf(directory), position },
  )
}

/**
 * The page being written. The search starts at the page named by `control`, or by the directory if `control` cannot be read, and ends at
 * the first page that is not sealed.
 */
export function lastPage(directory: Where, control: Control | undefined): MappedPage {
  let page = control === undefined ? undefined : tryPage(directory, control.currentPage)
  if (page === undefined) {
    const pages = existingPages(directory)
    page = openPage(directory, pages[pages.length - 1], false)
  }
  try {
    // An empty page may be only prepared: then the page before it is not sealed.
    while (page.number > 0 && page.cursor === 0) {
      const before = tryPage(directory, page.number - 1)
      if (before === undefined) break
      const unused: MappedPage = before.sealed ? before : page
      page = before.sealed ? page : before
      unused.mapping.close()
      if (unused === before) break
    }
    while (page.sealed) {
      const next = tryPage(directory, page.number + 1)
      if (next === undefined) break
      page.mapping.close()
      page = next
    }
    return page
  } catch (error) {
    page.mapping.close()
    throw error
  }
}

/** Tries again when a page was removed after it was listed and before it was opened. */
export function whileRemoved<T>(find: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return find()
    } catch (error) {
      if (!(error instanceof JournalNotFoundError) || attempt === ATTEMPTS) throw error
    }
  }
}

/** Several removals in a row are rare, and a missing journal should be reported soon. */
const ATTEMPTS = 10

/** A page, or undefined when it does not exist yet or was removed. */
export function tryPage(directory: Where, number: number): MappedPage | undefined {
  try {
    return openPage(directory, number, false)
  } catch (error) {
    if (error instanceof JournalNotFoundError) return undefined
    throw error
  }
}

function existingPages(directory: Where): readonly number[] {
  const { pages, foreign } = listDirectory(directory)
  if (pages.length > 0) return pages
  if (foreign.length > 0)
    throw new NotAJournalError(
      `${pathOf(directory)} has no pages, but other files ('${foreign[0]}'): it is not a journal`,
      {
        path: pathOf(directory),
      },
    )
  throw new JournalNotFoundError(`${pathOf(directory)} has no pages yet; its writer creates the first when it starts`, {
    path: pathOf(directory),
  })
}
