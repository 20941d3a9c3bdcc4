import { resolve } from 'node:path'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
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
import { JournalNotFoundError, JournalReplacedError, NotAJournalError } from '../errors.js'
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
import { whileRemoved } from '../seek/seek.js'
import { fromSystemError } from '../system-error.js'
import { DurableLog } from './durable-log.js'
import { checkWriterOptions, resolveSettings, type WriterOptions, type WriterSettings } from './options.js'
import { PageSupply } from './page-supply.js'
import type { WriterParts } from './parts.js'
import { PlaceWatch } from './place-watch.js'

/** Undoes, in reverse, what was opened so far when the rest fails. */
class Undo {
  private readonly steps: (() => void)[] = []

  later(step: () => void): void {
    this.steps.push(step)
  }

  /** Every step, whatever becomes of the others: the lock is given up last and must be. What they throw comes after what is thrown already. */
  run(): void {
    for (const step of this.steps.reverse()) {
      try {
        step()
      } catch {
        // A last sync that failed, say: whoever opens the journal learns of the first failure.
      }
    }
  }
}

/** Opens or makes a journal for writing: directory, lock, recovery, first page, the next one under way. */
export function openWriter(directory: string, options: WriterOptions): WriterParts {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new InvalidOptionError(
      `Writer.open takes the journal's directory as a non-empty string, not ${formatValue(directory)}`,
    )
  }
  checkWriterOptions(options)
  checkDistinct(options.frames ?? [])
  return openChecked(resolve(directory), options)
}

function openChecked(path: string, options: WriterOptions): WriterParts {
  // From here on nothing is done by path: what this writer makes and removes is in this directory, or nowhere.
  const directory = prepareDirectory(path, options.mode ?? DEFAULT_MODE)
  const undo = new Undo()
  undo.later(() => directory.close())
  try {
    refuseForeign(directory, options.mode ?? DEFAULT_MODE)
    const settings = resolveSettings(path, options)
    const lock = WriterLock.acquire(directory, settings.mode)
    undo.later(() => lock.release())
    crashPoint('lock-taken')
    const schema = readSchema(directory)
    const existing = Control.openExisting(directory)
    undo.later(() => existing?.close())
    if (existing !== undefined) lock.claim(existing)
    // Before anything is made or changed: where it refuses, the journal stays as it is.
    const { report, tail } = whileRemoved(() => recover(directory))
    if (tail !== undefined) undo.later(() => tail.page.mapping.close())
    const control = existing ?? Control.openForWriter(directory, settings.mode)
    undo.later(() => control.close())
    if (existing === undefined) lock.claim(control)
    const pageSize = agreePageSize(path, settings.pageSize, tail)
    const epoch = Math.max(lock.lastEpoch, tail?.page.identity.epoch ?? 0) + 1
    lock.sign(epoch, settings.retain)
    if (tail === undefined) writeSchema(directory, schema, settings.mode)
    else whileRemoved(() => catchUp(directory, tail.page, settings.durability !== 'process'))
    tellReaders(path, control, report.position)

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
    const place = new PlaceWatch(worker, directory, control)
    const supply = new PageSupply(kind, worker, place, () => schema.hash())
    undo.later(() => supply.close())
    const durableLog = settings.durability === 'process' ? undefined : openDurableLog(path, control, settings)
    if (durableLog !== undefined) undo.later(() => durableLog.close())

    const { page, slot } = firstPage(tail, supply, durableLog, settings)
    undo.later(() => page.mapping.close())
    control.currentPage = page.number
    control.wakeSleepers()
    supply.prepare(page.number + 1)
    place.follow(page)
    place.check()
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
      place,
      durableLog,
      report,
      page,
      slot,
      lastTime: tail?.lastTime ?? 0n,
    }
  } catch (error) {
    const removed = error instanceof JournalNotFoundError && !directory.inPlace()
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
 * The page to write on: the journal's last one where it can take more frames of this writer's kind, else a new one. A page of
 * another boot is not gone on with: its boot id is what tells the next recovery whether to trust its cursor.
 */
function firstPage(
  tail: Tail | undefined,
  supply: PageSupply,
  durableLog: DurableLog | undefined,
  settings: WriterSettings,
): { page: MappedPage; slot: number } {
  if (tail === undefined) {
    const { page } = supply.obtain(0)
    durableLog?.add(page)
    return { page, slot: 0 }
  }
  const { page, slot } = tail
  const sameKind = page.checked === settings.checksums && page.identity.journalId === settings.journalId
  if (!tail.full && sameKind) {
    if (durableLog !== undefined) writeAgain(page)
    durableLog?.add(page)
    return { page, slot }
  }
  const { page: next } = supply.obtain(page.number + 1)
  crashPoint('old-page-followed')
  Atomics.store(page.memory.i32, Word.SEALED, 1)
  crashPoint('old-page-sealed')
  // What its writer had promised to make durable is, before a frame of this writer can be.
  if (durableLog !== undefined || page.checked) makeDurable(page)
  durableLog?.add(next)
  page.mapping.close()
  return { page: next, slot: 0 }
}

function openDurableLog(directory: string, control: Control, settings: WriterSettings): DurableLog {
  const intervalMs = settings.durability === 'interval' ? settings.syncInterval : 0
  return new DurableLog(directory, control, { intervalMs, everySlots: settings.syncFrames })
}

/** Readers that were past what power loss left go on at its end. */
function tellReaders(directory: string, control: Control, end: number): void {
  for (const reader of clampReaders(control, end)) {
    if (channels.readerMoved.hasSubscribers) channels.readerMoved.publish({ path: directory, reader, position: end })
  }
}

function agreePageSize(directory: string, wanted: number | undefined, tail: Tail | undefined): number {
  const existing = tail?.page.identity.pageSize
  if (existing === undefined) return wanted ?? P.DEFAULT_SIZE
  if (wanted !== undefined && wanted !== existing) {
    throw new InvalidOptionError(
      `option 'pageSize' is ${wanted}, but ${directory} was made with pages of ${existing} bytes; leave the option out, or begin another journal`,
      { path: directory },
    )
  }
  return existing
}

/** A directory with other things in it and no journal is somebody else's; so is a file of another user's, unless `mode` shares the journal. */
function refuseForeign(directory: Directory, mode: number): void {
  const { pages, foreign } = listDirectory(directory)
  // Of the pages those that are written to; there may be very many, and opening must not take longer for it.
  for (const name of [FileName.LOCK, FileName.SCHEMA, FileName.CONTROL, ...pages.slice(-2).map(pageFileName)])
    checkOwner(directory, name, mode)
  if (pages.length === 0 && foreign.length > 0) {
    throw new NotAJournalError(
      `${directory.path} has other files in it ('${foreign[0]}') and no journal; ${directoryInIt(directory.path, 'give the journal a directory in it')}`,
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
