import { resolve } from 'node:path'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { privatePath } from '../../base/files/private-path.js'
import { formatValue } from '../../base/format-value.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import { Page as P } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { Control } from '../control/control.js'
import { clampReaders } from '../control/reader-registry.js'
import { WriterLock } from '../control/writer-lock.js'
import { channels } from '../diagnostics.js'
import { JournalNotFoundError, JournalReplacedError, NotAJournalError, ReplicaError } from '../errors.js'
import {
  checkOwner,
  DEFAULT_MODE,
  directoryInIt,
  FileName,
  listDirectory,
  prepareDirectory,
} from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { readSchema, writeSchema } from '../files/schema-file.js'
import { type MappedPage, Word } from '../pages/page.js'
import { makeDurable, writeAgain } from '../pages/page-end.js'
import { catchUp, recover, type Tail } from '../recover/recovery.js'
import type { Retention } from '../retain/plan.js'
import { whileRemoved } from '../seek/seek.js'
import { fromSystemError } from '../system-error.js'
import { DurableLog } from './durable-log.js'
import { JournalWatch } from './journal-watch.js'
import {
  checkWriterOptions,
  resolveArchive,
  resolveSettings,
  type WriterOptions,
  type WriterSettings,
} from './options.js'
import { type PageKind, PageSupply } from './page-supply.js'
import type { WriterParts } from './parts.js'

/** Undoes, in reverse, what was opened so far when the rest fails. */
class Undo {
  private readonly steps: (() => void)[] = []

  later(step: () => void): void {
    this.steps.push(step)
  }

  /** Runs every step, also when others throw: the last one releases the lock and must run. Errors are ignored, because the caller is throwing one. */
  run(): void {
    for (const step of this.steps.reverse()) {
      try {
        step()
      } catch {
        // For example a last sync that failed. The caller throws the first error.
      }
    }
  }
}

/** What differs between a writer with frames of its own and that of a replica. */
export interface OpeningRules {
  /** Refuses a journal that is not for this kind of writer. Called with the lock held, before anything is changed. */
  admit(directory: Directory, mode: number): void
  /** The page to write on, and the slot of the next frame. */
  firstPage(opening: Opening): FirstPage
}

/** What a writer has found and made before it has a page. */
export interface Opening {
  readonly tail: Tail | undefined
  readonly supply: PageSupply
  readonly durableLog: DurableLog | undefined
  readonly kind: PageKind
}

export interface FirstPage {
  readonly page: MappedPage
  readonly slot: number
}

const OWN_FRAMES: OpeningRules = { admit: refuseReplica, firstPage }

/** Opens or creates a journal for writing: directory, lock, recovery, first page. Starts to create the next page. */
export function openWriter(directory: string, options: WriterOptions, rules: OpeningRules = OWN_FRAMES): WriterParts {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new InvalidOptionError(
      `Writer.open takes the journal's directory as a non-empty string, not ${formatValue(directory)}`,
    )
  }
  checkWriterOptions(options)
  checkDistinct(options.frames ?? [])
  const path = privatePath(resolve(directory))
  return openChecked(path, resolveArchive(path, options), rules)
}

function openChecked(path: string, options: WriterOptions, rules: OpeningRules): WriterParts {
  // From here on nothing is done by path: this writer creates and removes files only in this directory.
  const directory = prepareDirectory(path, options.mode ?? DEFAULT_MODE)
  const undo = new Undo()
  undo.later(() => directory.close())
  try {
    refuseForeign(directory, options.mode ?? DEFAULT_MODE)
    const settings = resolveSettings(path, options)
    const lock = WriterLock.acquire(directory, settings.mode)
    undo.later(() => lock.release())
    crashPoint('lock-taken')
    rules.admit(directory, settings.mode)
    const schema = readSchema(directory)
    const existing = Control.openExisting(directory)
    undo.later(() => existing?.close())
    if (existing !== undefined) lock.claim(existing)
    // Before anything is created or changed: if recovery is refused, the journal stays as it is.
    const { report, tail } = whileRemoved(() => recover(directory))
    if (tail !== undefined) undo.later(() => tail.page.mapping.close())
    const control = existing ?? Control.openForWriter(directory, settings.mode)
    undo.later(() => control.close())
    if (existing === undefined) lock.claim(control)
    const pageSize = agreePageSize(path, settings.pageSize, tail)
    const epoch = Math.max(lock.lastEpoch, tail?.page.identity.epoch ?? 0) + 1
    lock.sign(epoch, limitsOf(settings))
    if (tail === undefined) writeSchema(directory, schema, settings.mode)
    else whileRemoved(() => catchUp(directory, tail.page, settings.durability !== 'process'))
    moveReadersBack(path, control, report.position)

    const kind = {
      directory,
      pageSize,
      mode: settings.mode,
      epoch,
      journalId: settings.journalId,
      checksums: settings.checksums,
      durable: settings.durability !== 'process',
    }
    const worker = new native.PageWorker()
    undo.later(() => worker.close())
    const journalWatch = new JournalWatch(worker, directory, control)
    const supply = new PageSupply(kind, worker, journalWatch, () => schema.hash())
    undo.later(() => supply.close())
    const durableLog = settings.durability === 'process' ? undefined : openDurableLog(path, control, settings)
    if (durableLog !== undefined) undo.later(() => durableLog.close())

    const { page, slot } = rules.firstPage({ tail, supply, durableLog, kind })
    undo.later(() => page.mapping.close())
    control.currentPage = page.number
    control.wakeSleepers()
    supply.prepare(page.number + 1)
    journalWatch.watchPage(page)
    journalWatch.check()
    if (channels.recovery.hasSubscribers) channels.recovery.publish({ path, report })
    return {
      directory,
      settings,
      pageSize,
      epoch,
      lock,
      control,
      schema,
      supply,
      journalWatch,
      durableLog,
      report,
      page,
      slot,
      lastTime: tail?.lastTime ?? 0n,
    }
  } catch (error) {
    const removed = error instanceof JournalNotFoundError && !directory.isAtPath()
    undo.run()
    if (removed)
      throw new JournalReplacedError(`the journal ${path} was removed while it was being opened; open it again`, {
        path,
        cause: error,
      })
    throw error instanceof TicktapeError ? error : fromSystemError(error, 'opening', path)
  }
}

/**
 * The page to write on: the journal's last one if this writer may append to it, else a new one. A writer does not append to a page of
 * another boot, because the page's boot id tells the next recovery whether its cursor can be trusted.
 */
function firstPage({ tail, supply, durableLog, kind }: Opening): FirstPage {
  if (tail === undefined) {
    const { page } = supply.obtain(0)
    durableLog?.add(page)
    return { page, slot: 0 }
  }
  return !tail.full && isOfKind(tail.page, kind)
    ? continueOn(tail, durableLog)
    : continueAfter(tail.page, supply, durableLog)
}

/** Whether the frames of such a writer may be on a page. */
export function isOfKind(page: MappedPage, kind: PageKind): boolean {
  return page.checked === kind.checksums && page.identity.journalId === kind.journalId
}

/** Continues on the last page. */
export function continueOn({ page, slot }: Tail, durableLog: DurableLog | undefined): FirstPage {
  if (durableLog !== undefined) writeAgain(page)
  durableLog?.add(page)
  return { page, slot }
}

/** Continues on the page after the last one, which is sealed if it is not yet. */
export function continueAfter(last: MappedPage, supply: PageSupply, durableLog: DurableLog | undefined): FirstPage {
  const { page: next } = supply.obtain(last.number + 1)
  crashPoint('old-page-followed')
  Atomics.store(last.memory.i32, Word.SEALED, 1)
  crashPoint('old-page-sealed')
  // The frames that the page's writer promised to make durable must be durable before a frame of this writer can be.
  if (durableLog !== undefined || last.checked) makeDurable(last)
  durableLog?.add(next)
  last.mapping.close()
  return { page: next, slot: 0 }
}

/** A writer with frames of its own would make the replica differ from its source. */
function refuseReplica(directory: Directory): void {
  if (directory.stat(FileName.REPLICA) === null) return
  throw new ReplicaError(
    `${directory.path} is a replica: its frames come from another journal. Write to that journal, or let this one go on by itself with 'ticktape replicate promote'`,
    { path: directory.path },
  )
}

/** What others may know of the retention: `ticktape ls` says who keeps pages beyond these limits. */
function limitsOf({ retain }: WriterSettings): Retention | undefined {
  if (retain === undefined) return undefined
  const { archive: _, ...limits } = retain
  return limits
}

function openDurableLog(directory: string, control: Control, settings: WriterSettings): DurableLog {
  const intervalMs = settings.durability === 'interval' ? settings.syncInterval : 0
  return new DurableLog(directory, control, { intervalMs, everySlots: settings.syncFrames })
}

/** Moves readers that are past the journal's end, which power loss can cause, back to it. */
function moveReadersBack(directory: string, control: Control, end: number): void {
  for (const reader of clampReaders(control, end)) {
    if (channels.readerMoved.hasSubscribers) channels.readerMoved.publish({ path: directory, reader, position: end })
  }
}

function agreePageSize(directory: string, wanted: number | undefined, tail: Tail | undefined): number {
  const existing = tail?.page.identity.pageSize
  if (existing === undefined) return wanted ?? P.DEFAULT_SIZE
  if (wanted !== undefined && wanted !== existing) {
    throw new InvalidOptionError(
      `option 'pageSize' is ${wanted}, but ${directory} was created with pages of ${existing} bytes; omit the option, or use another journal`,
      { path: directory },
    )
  }
  return existing
}

/** Refuses a directory that contains other files and no journal, and journal files of another user unless `mode` shares the journal. */
function refuseForeign(directory: Directory, mode: number): void {
  const { pages, foreign } = listDirectory(directory)
  // Of the pages only those that may be written to: there may be very many, and opening must not take longer because of them.
  for (const name of [
    FileName.LOCK,
    FileName.SCHEMA,
    FileName.INSTRUMENTS,
    FileName.CONTROL,
    ...pages.slice(-2).map(pageFileName),
  ])
    checkOwner(directory, name, mode)
  if (pages.length === 0 && foreign.length > 0) {
    throw new NotAJournalError(
      `${directory.path} contains other files ('${foreign[0]}') and no journal; ${directoryInIt(directory.path, 'give the journal a directory in it')}`,
      { path: directory.path },
    )
  }
}

function checkDistinct(frames: NonNullable<WriterOptions['frames']>): void {
  const ids = new Map<number, string>()
  for (const { id, name } of frames) {
    const other = ids.get(id)
    if (other !== undefined && other !== name) {
      throw new FrameDefinitionError(
        `frames '${other}' and '${name}' both have id ${id}; every frame of a journal needs its own`,
      )
    }
    ids.set(id, name)
  }
}
