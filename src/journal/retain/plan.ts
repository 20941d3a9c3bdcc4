import { pathOf, type Where } from '../../base/files/where.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import type { Control } from '../control/control.js'
import { isInNeed, listReaders, type ReaderInfo } from '../control/reader-registry.js'
import { listDirectory, pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { type Blocker, findEnd, isSurplus, type PageLimits } from '../inspect/blockers.js'
import { isJournal, notAJournal } from '../inspect/inspect.js'
import { openPage } from '../pages/page.js'
import { lastTimeOf } from '../pages/page-times.js'
import { whileRemoved } from '../seek/seek.js'
import { fromSystemError } from '../system-error.js'

export type { Retention, WriterRetention } from '../control/retention.js'
export type { Blocker } from '../inspect/blockers.js'

export interface RemovablePage {
  readonly page: number
  readonly firstPosition: number
  readonly bytes: number
  /** ns since 1970 of its last frame. */
  readonly lastTime: bigint | undefined
}

/** The pages of a journal that may be removed. */
export interface PrunePlan {
  readonly capacity: number
  readonly pageSize: number
  /** All pages that exist. */
  readonly pages: readonly number[]
  /** Pages beyond the limits. */
  readonly surplus: readonly RemovablePage[]
  /** Those of them that no reader needs. */
  readonly removable: readonly RemovablePage[]
  readonly blockers: readonly Blocker[]
}

/**
 * Decides which pages may be removed. Opens only those, and one more.
 *
 * @param blocked also opens all pages that readers still need, to list the blockers.
 */
export function planPruning(
  directory: Where,
  limits: PageLimits,
  readers: readonly ReaderInfo[],
  blocked: boolean,
): PrunePlan {
  return whileRemoved(() => planOnce(directory, limits, readers, blocked))
}

function planOnce(directory: Where, limits: PageLimits, readers: readonly ReaderInfo[], blocked: boolean): PrunePlan {
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
 * Removes pages on Node's thread pool, because removing a large file takes long. Checks before each page whether a new reader needs it,
 * and whether to stop.
 *
 * @param before what must have been done before a page is removed. When it throws, this page and those after it stay.
 * @param removed gets the pages that were removed, also when this throws.
 */
export async function removePages(
  directory: Directory,
  plan: PrunePlan,
  readers: () => readonly ReaderInfo[],
  stopped: () => boolean,
  before?: (page: number) => Promise<void>,
  removed: RemovablePage[] = [],
): Promise<RemovablePage[]> {
  const mayGo = ({ page }: RemovablePage): boolean => !stopped() && page < firstNeeded(readers(), plan.capacity)
  try {
    for (const page of plan.removable) {
      if (!mayGo(page)) break
      await before?.(page.page)
      // That took its time.
      if (before !== undefined && !mayGo(page)) break
      try {
        await directory.removeLater(pageFileName(page.page))
      } catch (error) {
        throw fromSystemError(error, 'removing', pagePath(directory, page.page))
      }
      crashPoint('retained-page-removed')
      removed.push(page)
    }
  } finally {
    // So that no removed page exists again after power loss.
    if (removed.length > 0) await directory.syncLater()
  }
  return removed
}

/** The named readers for which pages are kept: all except those that died before they stored their first position. */
export function readersInNeed(control: Control): ReaderInfo[] {
  return listReaders(control).filter(isInNeed)
}

/** The first page that a reader needs; infinite when no reader needs any. */
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
