import * as path from 'node:path'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import { Page as P } from '../../frames/format.js'
import { crashPoint } from '../../native/crash-point.js'
import { Control } from '../control/control.js'
import { clampReaders } from '../control/reader-registry.js'
import { WriterLock } from '../control/writer-lock.js'
import { channels } from '../diagnostics.js'
import { NotAJournalError } from '../errors.js'
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
  return openChecked(path.resolve(directory), options)
}

function openChecked(directory: string, options: WriterOptions): WriterParts {
  prepareDirectory(directory, options.mode ?? DEFAULT_MODE)
  refuseForeign(directory, options.mode ?? DEFAULT_MODE)
  const settings = resolveSettings(directory, options)

  const undo = new Undo()
  try {
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
    const pageSize = agreePageSize(directory, settings.pageSize, tail)
    const epoch = Math.max(lock.lastEpoch, tail?.page.identity.epoch ?? 0) + 1
    lock.sign(epoch, settings.retain)
    if (tail === undefined) writeSchema(directory, schema, settings.mode)
    else whileRemoved(() => catchUp(directory, tail.page, settings.durability !== 'process'))
    tellReaders(directory, control, report.position)

    const kind = {
      directory,
      pageSize,
      mode: settings.mode,
      epoch,
      journalId: settings.journalId,
      checksums: settings.checksums,
      durable: settings.durability !== 'process',
    }
    const supply = new PageSupply(kind, () => schema.hash())
    undo.later(() => supply.close())
    const durableLog = settings.durability === 'process' ? undefined : openDurableLog(directory, control, settings)
    if (durableLog !== undefined) undo.later(() => durableLog.close())

    const { page, slot } = firstPage(tail, supply, durableLog, settings)
    undo.later(() => page.mapping.close())
    control.currentPage = page.number
    control.wakeSleepers()
    supply.prepare(page.number + 1)
    if (channels.recovery.hasSubscribers) channels.recovery.publish({ path: directory, report })
    return {
      directory,
      settings,
      pageSize,
      epoch,
      lock,
      control,
      schema,
      supply,
      durableLog,
      report,
      page,
      slot,
      lastTime: tail?.lastTime ?? 0n,
    }
  } catch (error) {
    undo.run()
    throw error instanceof TicktapeError ? error : fromSystemError(error, 'opening', directory)
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
  return new DurableLog(directory, control, { intervalMs })
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
function refuseForeign(directory: string, mode: number): void {
  const { pages, foreign } = listDirectory(directory)
  // Of the pages those that are written to; there may be very many, and opening must not take longer for it.
  for (const name of [FileName.LOCK, FileName.SCHEMA, FileName.CONTROL, ...pages.slice(-2).map(pageFileName)])
    checkOwner(path.join(directory, name), mode)
  if (pages.length === 0 && foreign.length > 0) {
    throw new NotAJournalError(
      `${directory} has other files in it ('${foreign[0]}') and no journal; ${directoryInIt(directory, 'give the journal a directory in it')}`,
      { path: directory },
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
