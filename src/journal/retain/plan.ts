import { pathOf, type Where } from '../../base/files/where.js'
import type { Directory } from '../../native/addon.js'
import { native } from '../../native/index.js'
import type { Control } from '../control/control.js'
import { listReaders, type ReaderInfo } from '../control/reader-registry.js'
import { listDirectory, pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { isJournal, notAJournal } from '../inspect/inspect.js'
import { type MappedPage, openPage } from '../pages/page.js'
import { lastTimeOf } from '../pages/page-times.js'
import { whileRemoved } from '../seek/seek.js'
import { fromSystemError } from '../system-error.js'

/** How much of a journal is kept. A page goes when any of the limits says so. */
export interface Retention {
  /** Bytes that pages may take, those with frames counted. */
  readonly bytes?: number
  /** ms since a page's last frame. */
  readonly age?: number
  /** Pages, those with frames counted. */
  readonly pages?: number
  /** Keep what a named reader has not read, whether it is open or not. Default true. */
  readonly readers?: boolean
}

export interface RemovablePage {
  readonly page: number
  readonly firstPosition: number
  readonly bytes: number
  /** ns since 1970 of its last frame. */
  readonly lastTime: bigint | undefined
}

/** A reader that pages are kept for which the limits would remove. */
export interface Blocker {
  readonly name: string
  readonly alive: boolean
  readonly pid: number
  /** Where it goes on. */
  readonly position: number
  /** ns since 1970 of its last checkpoint. */
  readonly heartbeat: bigint
  /** How many pages it alone would hold, and their bytes. */
  readonly pages: number
  readonly bytes: number
}

/** What of a journal's pages may go. */
export interface PrunePlan {
  readonly capacity: number
  readonly pageSize: number
  /** All pages there are. */
  readonly pages: readonly number[]
  /** What the limits would remove. */
  readonly surplus: readonly RemovablePage[]
  /** What may be removed of it. */
  readonly removable: readonly RemovablePage[]
  readonly blockers: readonly Blocker[]
}

/**
 * Decides, reading no more pages than may go and one.
 *
 * @param blocked also looks at pages that readers hold back, to say who is in the way: as many as they are, each time.
 */
export function planPruning(
  directory: Where,
  limits: Retention,
  readers: readonly ReaderInfo[],
  blocked: boolean,
): PrunePlan {
  return whileRemoved(() => planOnce(directory, limits, readers, blocked))
}

function planOnce(directory: Where, limits: Retention, readers: readonly ReaderInfo[], blocked: boolean): PrunePlan {
  const { pages } = listDirectory(directory)
  if (pages.length === 0) {
    if (!isJournal(directory, pages)) throw notAJournal(pathOf(directory))
    return { capacity: 1, pageSize: 0, pages, surplus: [], removable: [], blockers: [] }
  }
  const { current, newest, capacity, pageSize } = findEnd(directory, pages)
  const needed = firstNeeded(readers, capacity)
  const surplus: RemovablePage[] = []
  for (const number of pages) {
    if (number >= newest || (number >= needed && !blocked)) break
    const page = openPage(directory, number, false)
    try {
      if (!page.sealed || !isSurplus(page, current - number + 1, limits)) break
      surplus.push({ page: number, firstPosition: page.firstPosition, bytes: pageSize, lastTime: lastTimeOf(page) })
    } finally {
      page.mapping.close()
    }
  }
  return {
    capacity,
    pageSize,
    pages,
    surplus,
    removable: surplus.filter(({ page }) => page < needed),
    blockers: readers.flatMap(reader => blockerOf(reader, surplus, capacity)),
  }
}

/**
 * Unlinks pages on Node's thread pool, for that of a large file takes its time. Asks before each whether a reader has come
 * that needs it, and whether to stop.
 */
export async function removePages(
  directory: Directory,
  plan: PrunePlan,
  readers: () => readonly ReaderInfo[],
  stopped: () => boolean,
): Promise<RemovablePage[]> {
  const removed: RemovablePage[] = []
  for (const page of plan.removable) {
    if (stopped() || page.page >= firstNeeded(readers(), plan.capacity)) break
    try {
      await directory.removeLater(pageFileName(page.page))
    } catch (error) {
      throw fromSystemError(error, 'removing', pagePath(directory, page.page))
    }
    removed.push(page)
  }
  // So that no removed page comes back after power loss.
  if (removed.length > 0) await directory.syncLater()
  return removed
}

/** Named readers, but for those that died before they had their first position: they need nothing. */
export function readersInNeed(control: Control): ReaderInfo[] {
  return listReaders(control).filter(reader => reader.alive || reader.heartbeat !== 0n)
}

/** The page that somebody needs first; infinite when nobody needs any. */
function firstNeeded(readers: readonly ReaderInfo[], capacity: number): number {
  return Math.min(...readers.map(reader => Math.floor(reader.position / capacity)))
}

function blockerOf(reader: ReaderInfo, surplus: readonly RemovablePage[], capacity: number): Blocker[] {
  const needed = Math.floor(reader.position / capacity)
  const held = surplus.filter(({ page }) => page >= needed)
  if (held.length === 0) return []
  const { name, alive, pid, position, heartbeat } = reader
  return [
    {
      name,
      alive,
      pid,
      position,
      heartbeat,
      pages: held.length,
      bytes: held.reduce((sum, page) => sum + page.bytes, 0),
    },
  ]
}

/** The page being written, and the newest that has a frame: the journal's last time must stay known. */
function findEnd(
  directory: Where,
  pages: readonly number[],
): { current: number; newest: number; capacity: number; pageSize: number } {
  const last = pages[pages.length - 1]
  const page = openPage(directory, last, false)
  try {
    const { capacity, identity, cursor } = page
    const prepared = cursor === 0 && pages.length > 1 && !isSealed(directory, last - 1)
    const current = prepared ? last - 1 : last
    // The last page with a frame stays, whatever empty ones came after it: every boot's writer begins one.
    let newest = current
    while (newest > pages[0] && isEmpty(directory, newest)) newest--
    return { current, newest, capacity, pageSize: identity.pageSize }
  } finally {
    page.mapping.close()
  }
}

function isSealed(directory: Where, pageNumber: number): boolean {
  return look(directory, pageNumber, page => page.sealed)
}

function isEmpty(directory: Where, pageNumber: number): boolean {
  return look(directory, pageNumber, page => page.cursor === 0)
}

function look<T>(directory: Where, pageNumber: number, see: (page: MappedPage) => T): T {
  const page = openPage(directory, pageNumber, false)
  try {
    return see(page)
  } finally {
    page.mapping.close()
  }
}

/** @param rank 1 for the page being written, 2 for the one before it. */
function isSurplus(page: MappedPage, rank: number, limits: Retention): boolean {
  if (limits.pages !== undefined && rank > limits.pages) return true
  if (limits.bytes !== undefined && rank * page.identity.pageSize > limits.bytes) return true
  if (limits.age === undefined) return false
  const last = lastTimeOf(page) ?? page.identity.created
  return native.now() - last > BigInt(Math.floor(limits.age * 1e6))
}
