import { CorruptJournalError } from '../../frames/errors.js'
import { Frame, Page as P, PageFlag, SLOT_SHIFT } from '../../frames/format.js'
import { listDirectory } from '../files/directory.js'
import type { MappedPage } from '../pages/page.js'
import { tryPage } from './seek.js'

/**
 * The position of the `count`-th frame from the journal's end, or the first position when the journal has fewer frames.
 *
 * @param types count only frames of these types; undefined counts all.
 * @param durable count only durable frames.
 */
export function positionOfLast(directory: string, count: number, types?: ReadonlySet<number>, durable = false): number {
  const { pages } = listDirectory(directory)
  let found = 0
  let first = 0
  for (const number of pages.toReversed()) {
    const page = tryPage(directory, number)
    if (page === undefined) break // retention has removed the page
    try {
      first = page.firstPosition
      const slots = lastSlots(page, durable ? Math.min(page.durable, page.cursor) : page.cursor, count - found, types)
      found += slots.length
      if (found >= count) return page.firstPosition + slots[0]
    } finally {
      page.mapping.close()
    }
  }
  return first
}

/**
 * The positions of all frames of a type, the last one first, as far back as there are pages. Looks at the first bytes of each
 * frame only: some 5 ns each.
 *
 * @param before only frames before this position: pages behind it are not searched.
 */
export function* positionsOf(
  directory: string,
  type: number,
  before = Number.POSITIVE_INFINITY,
): Generator<number, undefined> {
  for (const number of listDirectory(directory).pages.toReversed()) {
    const page = tryPage(directory, number)
    if (page === undefined) return
    try {
      const types = new Set([type])
      // Searches backwards from mark to mark: the last frame is found first.
      for (let end = Math.min(page.cursor, before - page.firstPosition); end > 0; ) {
        const start = page.markBefore(end - 1, end)
        for (const slot of slotsBetween(page, start, end, types).toReversed()) yield page.firstPosition + slot
        end = start
      }
    } finally {
      page.mapping.close()
    }
  }
}

/** The position of the last frame before a position; undefined when there is none. */
export function positionBefore(directory: string, position: number): number | undefined {
  for (const number of listDirectory(directory).pages.toReversed()) {
    const page = tryPage(directory, number)
    if (page === undefined) return undefined
    try {
      const { firstPosition } = page
      const end = Math.min(page.cursor, position - firstPosition)
      if (end <= 0) continue
      const slots = lastSlots(page, end, 1, undefined)
      if (slots.length > 0) return firstPosition + slots[0]
    } finally {
      page.mapping.close()
    }
  }
  return undefined
}

/** Whether frames of a journal are durable or will be after a sync: false if every page was written with durability 'process'. */
export function anyDurable(directory: string): boolean {
  return listDirectory(directory)
    .pages.toReversed()
    .some(number => {
      const page = tryPage(directory, number)
      if (page === undefined) return false
      const durable = page.durable > 0 || (page.identity.flags & PageFlag.CHECKED) !== 0
      page.mapping.close()
      return durable
    })
}

/** The slots of the last frames before `cursor`, at most `count`, found by going back from mark to mark. */
function lastSlots(page: MappedPage, cursor: number, count: number, types: ReadonlySet<number> | undefined): number[] {
  let found: number[] = []
  let end = cursor
  while (end > 0 && found.length < count) {
    const start = page.markBefore(end - 1, end)
    found = [...slotsBetween(page, start, end, types), ...found]
    end = start
  }
  return found.slice(-count)
}

/** The slots of the frames from a mark on. */
function slotsBetween(page: MappedPage, start: number, end: number, types: ReadonlySet<number> | undefined): number[] {
  const { u8, u16 } = page.memory
  const slots: number[] = []
  for (let slot = start; slot < end; ) {
    const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
    const size = u8[at + Frame.SLOTS]
    if (size === 0)
      throw new CorruptJournalError(
        `the frame at slot ${slot} of ${page.path} has no slots; run 'ticktape verify' on its journal`,
        { path: page.path, page: page.number, slot, position: page.firstPosition + slot },
      )
    if (types === undefined || types.has(u16[(at + Frame.TYPE) >> 1])) slots.push(slot)
    slot += size
  }
  return slots
}
