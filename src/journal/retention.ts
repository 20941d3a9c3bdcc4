import * as fs from 'node:fs'
import { InvalidOptionError, ReaderBusyError, ReaderNameError } from '../layout/errors.js'
import { native } from '../native/index.js'
import { Control } from './control.js'
import { listDirectory, pagePath } from './directory.js'
import { isJournal, lastTimeOf, notAJournal } from './inspect.js'
import { checkOptions, kinds } from './options.js'
import { type MappedPage, openPage } from './page.js'
import { forgetReader as forgetIn, listReaders, type ReaderInfo } from './reader-registry.js'
import { fromSystemError, systemCode } from './system-error.js'

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

export interface PruneOptions extends Retention {
  /** Say what would be removed, and remove nothing. */
  readonly dryRun?: boolean
  /** Names of readers that need nothing any more: they are forgotten with their positions. Must not be open. */
  readonly forget?: readonly string[]
  /** Names of readers that nothing is kept for. They get PositionGoneError. */
  readonly ignoreReaders?: readonly string[]
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

/** What was removed, or would be, and who is in the way of more. */
export interface PruneReport {
  readonly path: string
  readonly dryRun: boolean
  /** Oldest first. */
  readonly removed: readonly RemovablePage[]
  readonly removedBytes: number
  readonly keptPages: number
  readonly keptBytes: number
  /** The first position that is still there afterwards. */
  readonly firstPosition: number
  readonly blockers: readonly Blocker[]
  readonly forgotten: readonly string[]
}

/**
 * Removes a journal's oldest pages. Works while it is written and read: readers keep the page they are on, and one that wants a
 * page which is gone gets PositionGoneError with the first position still there.
 *
 * Only sealed pages go, oldest first and without a gap; never the page being written, the one prepared, or the last that has a
 * frame; never one that a named reader still needs, unless told so.
 *
 * @throws {InvalidOptionError} without a limit, {JournalNotFoundError, NotAJournalError}, {ReaderNameError} for a name that no reader
 * has, {ReaderBusyError} for one to forget that is open, {CorruptJournalError} when a page cannot be read; nothing was removed then.
 */
export async function prune(directory: string, options: PruneOptions): Promise<PruneReport> {
  checkPruneOptions(options)
  const control = options.readers === false && (options.forget ?? []).length === 0 ? undefined : Control.openForReader(directory)
  try {
    const forget = options.forget ?? []
    checkNames(directory, control, [...forget, ...(options.ignoreReaders ?? [])], forget)
    const ignored = new Set([...forget, ...(options.ignoreReaders ?? [])])
    const readers = (): ReaderInfo[] =>
      control === undefined || options.readers === false ? [] : readersInNeed(control).filter(reader => !ignored.has(reader.name))

    const plan = planPruning(directory, options, readers())
    const report = (removed: readonly RemovablePage[]): PruneReport => reportOf(directory, options, plan, removed)
    if (options.dryRun === true) return report(plan.removable)
    for (const name of forget) if (control !== undefined) forgetIn(control, name)
    return report(await removePages(directory, plan, readers, () => false))
  } finally {
    control?.close()
  }
}

/**
 * Forgets a named reader and its position, so that it holds back no page, and its next start is a first one.
 *
 * @returns false when there is no such reader.
 * @throws {ReaderBusyError} when it is open.
 */
export function forgetReader(directory: string, name: string): boolean {
  const control = Control.openForReader(directory)
  if (control === undefined) return false
  try {
    return forgetIn(control, name)
  } finally {
    control.close()
  }
}

/** @internal What of a journal's pages may go. */
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

/** @internal Decides, reading no more pages than may go and one. */
export function planPruning(directory: string, limits: Retention, readers: readonly ReaderInfo[]): PrunePlan {
  const { pages } = listDirectory(directory)
  if (pages.length === 0) {
    if (!isJournal(directory, pages)) throw notAJournal(directory)
    return { capacity: 1, pageSize: 0, pages, surplus: [], removable: [], blockers: [] }
  }
  const { current, newest, capacity, pageSize } = findEnd(directory, pages)
  const surplus: RemovablePage[] = []
  for (const number of pages) {
    if (number >= newest) break
    const page = openPage(directory, number, false)
    try {
      if (!page.sealed || !isSurplus(page, current - number + 1, limits)) break
      surplus.push({ page: number, firstPosition: page.firstPosition, bytes: pageSize, lastTime: lastTimeOf(page) })
    } finally {
      page.mapping.close()
    }
  }
  const needed = firstNeeded(readers, capacity)
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
 * @internal Unlinks pages on Node's thread pool, for that of a large file takes its time. Asks before each whether a reader has come
 * that needs it, and whether to stop.
 */
export async function removePages(
  directory: string,
  plan: PrunePlan,
  readers: () => readonly ReaderInfo[],
  stopped: () => boolean,
): Promise<RemovablePage[]> {
  const removed: RemovablePage[] = []
  for (const page of plan.removable) {
    if (stopped() || page.page >= firstNeeded(readers(), plan.capacity)) break
    const path = pagePath(directory, page.page)
    try {
      await fs.promises.unlink(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fromSystemError(error, 'removing', path)
    }
    removed.push(page)
  }
  if (removed.length > 0) await syncNames(directory)
  return removed
}

/** @throws {InvalidOptionError} */
export function checkRetention(what: string, retention: Retention, more: Parameters<typeof checkOptions>[2] = {}): void {
  const most = Number.MAX_SAFE_INTEGER
  checkOptions(what, retention, { bytes: kinds.integer(0, most), age: kinds.number(0, most), pages: kinds.integer(1, most), readers: kinds.boolean, ...more })
  if (retention.bytes === undefined && retention.age === undefined && retention.pages === undefined) {
    throw new InvalidOptionError(`${what} takes at least one limit: bytes, age (ms) or pages`)
  }
}

function checkPruneOptions(options: PruneOptions): void {
  checkRetention('prune', options, { dryRun: kinds.boolean, forget: kinds.array, ignoreReaders: kinds.array })
}

/** @throws {ReaderNameError, ReaderBusyError} before anything is done. */
function checkNames(directory: string, control: Control | undefined, names: readonly string[], forget: readonly string[]): void {
  const known = control === undefined ? [] : listReaders(control)
  for (const name of names) {
    const reader = known.find(one => one.name === name)
    if (reader === undefined) {
      const there = known.map(one => `'${one.name}'`).join(', ')
      throw new ReaderNameError(`${directory} has no reader named '${name}'; its readers: ${there === '' ? 'none' : there}`, { path: directory })
    }
    if (reader.alive && forget.includes(name)) {
      throw new ReaderBusyError(`reader '${name}' is open in process ${reader.pid}; close it before it is forgotten, or ignore it`, { path: directory })
    }
  }
}

/** @internal Named readers, but for those that died before they had their first position: they need nothing. */
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
  return [{ name, alive, pid, position, heartbeat, pages: held.length, bytes: held.reduce((sum, page) => sum + page.bytes, 0) }]
}

/** The page being written, and the newest that has a frame: the journal's last time must stay known. */
function findEnd(directory: string, pages: readonly number[]): { current: number; newest: number; capacity: number; pageSize: number } {
  const last = pages[pages.length - 1]
  const page = openPage(directory, last, false)
  try {
    const { capacity, identity, cursor } = page
    const prepared = cursor === 0 && pages.length > 1 && !isSealed(directory, last - 1)
    const current = prepared ? last - 1 : last
    const empty = prepared ? isEmpty(directory, current) : cursor === 0
    return { current, newest: empty ? current - 1 : current, capacity, pageSize: identity.pageSize }
  } finally {
    page.mapping.close()
  }
}

function isSealed(directory: string, pageNumber: number): boolean {
  return look(directory, pageNumber, page => page.sealed)
}

function isEmpty(directory: string, pageNumber: number): boolean {
  return look(directory, pageNumber, page => page.cursor === 0)
}

function look<T>(directory: string, pageNumber: number, see: (page: MappedPage) => T): T {
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

function reportOf(directory: string, options: PruneOptions, plan: PrunePlan, removed: readonly RemovablePage[]): PruneReport {
  const keptPages = plan.pages.length - removed.length
  return {
    path: directory,
    dryRun: options.dryRun ?? false,
    removed,
    removedBytes: removed.length * plan.pageSize,
    keptPages,
    keptBytes: keptPages * plan.pageSize,
    firstPosition: keptPages === 0 ? 0 : plan.pages[removed.length] * plan.capacity,
    blockers: plan.blockers,
    forgotten: options.forget ?? [],
  }
}

/** So that no removed page comes back after power loss. */
async function syncNames(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
