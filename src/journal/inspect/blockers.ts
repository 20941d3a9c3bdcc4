import type { Where } from '../../base/files/where.js'
import { native } from '../../native/index.js'
import type { ReaderInfo } from '../control/reader-registry.js'
import type { Retention } from '../control/retention.js'
import { listDirectory } from '../files/directory.js'
import { type MappedPage, openPage } from '../pages/page.js'
import { lastTimeOf } from '../pages/page-times.js'
import { whileRemoved } from '../seek/seek.js'

/** A named reader because of which pages are kept that the limits would remove. */
export interface Blocker {
  readonly name: string
  readonly alive: boolean
  readonly pid: number
  /** The position at which it continues. */
  readonly position: number
  /** ns since 1970 of its last checkpoint. */
  readonly heartbeat: bigint
  /** How many pages are kept because of this reader, counted as if there were no other, and their bytes. */
  readonly pages: number
  readonly bytes: number
}

/** The end of a journal, as retention sees it. */
export interface JournalEnd {
  /** The page being written. */
  readonly current: number
  /** The newest page that has a frame. It is never removed, because it contains the journal's last time. */
  readonly newest: number
  /** Slots of a page. */
  readonly capacity: number
  /** Bytes of a page. */
  readonly pageSize: number
}

/** Retention, a position before which no frame is needed, and the time that ages are counted to. */
export interface PageLimits extends Retention {
  readonly before?: number
  /** ns since 1970. Default: the machine's clock. */
  readonly now?: bigint
}

/** The named readers because of which pages are kept that the limits would remove. Opens only a few pages, however many are kept. */
export function findBlockers(directory: Where, limits: PageLimits, readers: readonly ReaderInfo[]): Blocker[] {
  if (limits.readers === false || readers.length === 0) return []
  return whileRemoved(() => {
    const { pages } = listDirectory(directory)
    if (pages.length === 0) return []
    const end = findEnd(directory, pages)
    const surplus = pages.slice(0, countSurplus(directory, pages, end, limits))
    return readers.flatMap(reader => {
      const needed = Math.floor(reader.position / end.capacity)
      const held = surplus.filter(page => page >= needed).length
      if (held === 0) return []
      const { name, alive, pid, position, heartbeat } = reader
      return [{ name, alive, pid, position, heartbeat, pages: held, bytes: held * end.pageSize }]
    })
  })
}

/** Describes a blocker in a message. */
export function describeBlocker({ name, alive, pid, position, pages }: Blocker): string {
  const what = `${pages} page${pages === 1 ? '' : 's'}`
  const state = alive ? `open in process ${pid}` : `closed, last of process ${pid}`
  return `reader '${name}' (${state}) continues at position ${position} and keeps retention from removing ${what}`
}

/** The page being written, and the newest that has a frame. */
export function findEnd(directory: Where, pages: readonly number[]): JournalEnd {
  const last = pages[pages.length - 1]
  const page = openPage(directory, last, false)
  try {
    const { capacity, identity, cursor } = page
    const prepared = cursor === 0 && pages.length > 1 && !isSealed(directory, last - 1)
    const current = prepared ? last - 1 : last
    // The last page with a frame stays, even if empty pages follow it: after each boot a writer begins a new page.
    let newest = current
    while (newest > pages[0] && isEmpty(directory, newest)) newest--
    return { current, newest, capacity, pageSize: identity.pageSize }
  } finally {
    page.mapping.close()
  }
}

/**
 * Whether the limits would remove a page.
 *
 * @param rank 1 for the page being written, 2 for the one before it.
 */
export function isSurplus(page: MappedPage, rank: number, limits: PageLimits): boolean {
  if (limits.before !== undefined && page.firstPosition + page.capacity <= limits.before) return true
  if (limits.pages !== undefined && rank > limits.pages) return true
  if (limits.bytes !== undefined && rank * page.identity.pageSize > limits.bytes) return true
  if (limits.age === undefined) return false
  const last = lastTimeOf(page) ?? page.identity.created
  return (limits.now ?? native.now()) - last > BigInt(Math.floor(limits.age * 1e6))
}

/**
 * How many of the oldest pages the limits would remove. A limit that removes a page also removes all pages before it, so this is a binary
 * search.
 */
function countSurplus(directory: Where, pages: readonly number[], end: JournalEnd, limits: PageLimits): number {
  let kept = pages.findIndex(page => page >= end.newest)
  if (kept < 0) kept = pages.length
  let removed = 0
  while (removed < kept) {
    const middle = (removed + kept) >> 1
    const rank = end.current - pages[middle] + 1
    if (withPage(directory, pages[middle], page => isSurplus(page, rank, limits))) removed = middle + 1
    else kept = middle
  }
  return removed
}

function isSealed(directory: Where, pageNumber: number): boolean {
  return withPage(directory, pageNumber, page => page.sealed)
}

function isEmpty(directory: Where, pageNumber: number): boolean {
  return withPage(directory, pageNumber, page => page.cursor === 0)
}

function withPage<T>(directory: Where, pageNumber: number, read: (page: MappedPage) => T): T {
  const page = openPage(directory, pageNumber, false)
  try {
    return read(page)
  } finally {
    page.mapping.close()
  }
}
