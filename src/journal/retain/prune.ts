import { absolute } from '../../base/absolute.js'
import { InvalidOptionError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Control } from '../control/control.js'
import { forgetReader as forgetIn, listReaders, type ReaderInfo } from '../control/reader-registry.js'
import { ReaderBusyError, ReaderNameError } from '../errors.js'
import { openToRead } from '../files/directory.js'
import {
  type Blocker,
  type PrunePlan,
  planPruning,
  type RemovablePage,
  type Retention,
  readersInNeed,
  removePages,
} from './plan.js'

export interface PruneOptions extends Retention {
  /** Report the pages that would be removed, and remove none. */
  readonly dryRun?: boolean
  /** Names of readers to forget, with their positions, so that no page is kept for them. They must not be open. */
  readonly forget?: readonly string[]
  /** Names of readers for which no page is kept. They get PositionGoneError. */
  readonly ignoreReaders?: readonly string[]
}

/** The pages that were removed, or would be, and the readers that block the removal of more. */
export interface PruneReport {
  readonly path: string
  readonly dryRun: boolean
  /** Oldest first. */
  readonly removed: readonly RemovablePage[]
  readonly removedBytes: number
  readonly keptPages: number
  readonly keptBytes: number
  /** The first position that exists afterwards. */
  readonly firstPosition: number
  readonly blockers: readonly Blocker[]
  readonly forgotten: readonly string[]
}

/**
 * Removes a journal's oldest pages, also while it is written and read. Readers keep the page they are on. A reader that needs a removed page
 * gets PositionGoneError with the first position that still exists.
 *
 * Only sealed pages are removed, oldest first and without a gap: never the page being written, the prepared page, or the last page with a
 * frame. A page that a named reader still needs is kept, unless an option says otherwise.
 *
 * @throws {InvalidOptionError} without a limit, {JournalNotFoundError, NotAJournalError}, {ReaderNameError} for a name that no reader
 * has, {ReaderBusyError} for a reader to forget that is open, {CorruptJournalError} when a page cannot be read; no page was removed then.
 */
export async function prune(path: string, options: PruneOptions): Promise<PruneReport> {
  checkPruneOptions(options)
  const directory = absolute(path)
  const opened = openToRead(directory)
  let control: Control | undefined
  try {
    if (options.readers !== false || (options.forget ?? []).length > 0) control = Control.openForReader(opened)
    const forget = options.forget ?? []
    checkNames(directory, control, [...forget, ...(options.ignoreReaders ?? [])], forget)
    const ignored = new Set([...forget, ...(options.ignoreReaders ?? [])])
    const readers = (): ReaderInfo[] =>
      control === undefined || options.readers === false
        ? []
        : readersInNeed(control).filter(reader => !ignored.has(reader.name))

    const plan = planPruning(opened, options, readers(), true)
    const report = (removed: readonly RemovablePage[]): PruneReport => reportOf(directory, options, plan, removed)
    if (options.dryRun === true) return report(plan.removable)
    for (const name of forget) if (control !== undefined) forgetIn(control, name)
    return report(await removePages(opened, plan, readers, () => false))
  } finally {
    control?.close()
    opened.close()
  }
}

/**
 * Forgets a named reader and its position: no page is kept for it, and a new reader of that name starts without a position.
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

/** @throws {InvalidOptionError} */
export function checkRetention(
  what: string,
  retention: Retention,
  more: Parameters<typeof checkOptions>[2] = {},
): void {
  const most = Number.MAX_SAFE_INTEGER
  checkOptions(what, retention, {
    bytes: kinds.integer(0, most),
    age: kinds.number(0, most),
    pages: kinds.integer(1, most),
    readers: kinds.boolean,
    ...more,
  })
  if (retention.bytes === undefined && retention.age === undefined && retention.pages === undefined) {
    throw new InvalidOptionError(`${what} takes at least one limit: bytes, age (ms) or pages`)
  }
}

function checkPruneOptions(options: PruneOptions): void {
  checkRetention('prune', options, { dryRun: kinds.boolean, forget: kinds.array, ignoreReaders: kinds.array })
}

/** @throws {ReaderNameError, ReaderBusyError} before anything is done. */
function checkNames(
  directory: string,
  control: Control | undefined,
  names: readonly string[],
  forget: readonly string[],
): void {
  const known = control === undefined ? [] : listReaders(control)
  for (const name of names) {
    const reader = known.find(one => one.name === name)
    if (reader === undefined) {
      const there = known.map(one => `'${one.name}'`).join(', ')
      throw new ReaderNameError(
        `${directory} has no reader named '${name}'; its readers: ${there === '' ? 'none' : there}`,
        { path: directory },
      )
    }
    if (reader.alive && forget.includes(name)) {
      throw new ReaderBusyError(
        `reader '${name}' is open in process ${reader.pid}; close it before you forget it, or use ignoreReaders`,
        { path: directory },
      )
    }
  }
}

function reportOf(
  directory: string,
  options: PruneOptions,
  plan: PrunePlan,
  removed: readonly RemovablePage[],
): PruneReport {
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
