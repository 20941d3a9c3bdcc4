import * as fs from 'node:fs'
import * as path from 'node:path'
import { pathIn, type Where } from '../../base/files/where.js'
import { PageFlag } from '../../frames/format.js'
import { Control } from '../control/control.js'
import { isInNeed, listReaders, type ReaderInfo } from '../control/reader-registry.js'
import { recordedRetention } from '../control/retention.js'
import { type WriterState, writerState } from '../control/writer-state.js'
import { NotAJournalError } from '../errors.js'
import { FileName, listDirectory, pagePath } from '../files/directory.js'
import { readInstruments } from '../files/instruments-file.js'
import { readSchema } from '../files/schema-file.js'
import type { MappedPage } from '../pages/page.js'
import { firstTimeOf, lastTimeOf } from '../pages/page-times.js'
import { tryPage } from '../seek/seek.js'
import { describeBlocker, findBlockers } from './blockers.js'

/** One page, as its header describes it. */
export interface PageInfo {
  readonly page: number
  readonly firstPosition: number
  /** The number of slots in the page. */
  readonly capacity: number
  /** The number of slots that hold frames. */
  readonly used: number
  /** The number of durable slots; 0 in journals that are never synced. */
  readonly durable: number
  /** 'prepared': complete and empty; the writer will continue on it. */
  readonly state: 'sealed' | 'current' | 'prepared'
  /** Whether frames have checksums. */
  readonly checked: boolean
  /** ns since 1970. */
  readonly created: bigint
  /** The epoch of the writer that created the page: a count of the journal's writers. */
  readonly epoch: number
  readonly journalId: number
  /** The size of the page's file in bytes. */
  readonly bytes: number
}

/** A named reader and its lag. */
export interface ReaderState extends ReaderInfo {
  /** The number of published slots that it has not read. */
  readonly lag: number
}

/** A problem of one file. */
export interface Problem {
  readonly path: string
  readonly code: string
  readonly message: string
}

/** The code of the problem that a named reader blocks retention. The journal itself is sound. */
export const RETENTION_BLOCKED = 'RETENTION_BLOCKED'

/** The state of a journal, found without reading its frames. */
export interface JournalInfo {
  readonly path: string
  /** The position of the first existing frame. */
  readonly firstPosition: number
  /** The position of the next frame. */
  readonly endPosition: number
  /** ns since 1970 of the first and the last frame; undefined when there is none. */
  readonly firstTime: bigint | undefined
  readonly lastTime: bigint | undefined
  /** The size of all pages in bytes. */
  readonly bytes: number
  readonly pages: readonly PageInfo[]
  readonly writer: WriterState
  readonly readers: readonly ReaderState[]
  /** The frame definitions in its schema. */
  readonly frames: readonly { readonly id: number; readonly name: string }[]
  /** The number of entries in its instruments.json. */
  readonly instruments: number
  /**
   * Files that are damaged or cannot be read, with the error's code; and readers that keep retention from removing pages, with the code
   * `RETENTION_BLOCKED`.
   */
  readonly problems: readonly Problem[]
}

/**
 * Describes a journal: its pages, writer and readers. Needs only read permission and delays no other process. A damaged file does not
 * stop it; it is listed in `problems`.
 *
 * @throws {JournalNotFoundError, NotAJournalError, JournalSystemError}
 */
export function inspect(directory: string): JournalInfo {
  const listing = listDirectory(directory)
  if (!isJournal(directory, listing.pages)) throw notAJournal(directory)
  const problems: Problem[] = []
  const attempt = <T>(file: string, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      problems.push({ path: file, code: (error as { code?: string }).code ?? 'ERR', message: (error as Error).message })
      return undefined
    }
  }
  const readers = attempt(path.join(directory, FileName.CONTROL), () => readersOf(directory)) ?? []
  const pages: PageInfo[] = []
  let firstTime: bigint | undefined
  let lastTime: bigint | undefined
  for (const number of listing.pages) {
    attempt(pagePath(directory, number), () => {
      const page = tryPage(directory, number)
      if (page === undefined) return
      try {
        pages.push(describePage(page, pages[pages.length - 1]))
        firstTime ??= firstTimeOf(page)
        lastTime = lastTimeOf(page) ?? lastTime
      } finally {
        page.mapping.close()
      }
    })
  }
  const schema = attempt(path.join(directory, FileName.SCHEMA), () => readSchema(directory))
  const instruments = attempt(path.join(directory, FileName.INSTRUMENTS), () => readInstruments(directory))
  const retention = recordedRetention(directory)
  if (retention !== undefined) {
    const blockers = attempt(directory, () => findBlockers(directory, retention, readers.filter(isInNeed))) ?? []
    for (const blocker of blockers)
      problems.push({ path: directory, code: RETENTION_BLOCKED, message: describeBlocker(blocker) })
  }
  const written = pages.filter(page => page.state !== 'prepared')
  const last = written[written.length - 1]
  const endPosition = last === undefined ? 0 : last.firstPosition + last.used
  return {
    path: directory,
    firstPosition: pages[0]?.firstPosition ?? 0,
    endPosition,
    firstTime,
    lastTime,
    bytes: pages.reduce((sum, page) => sum + page.bytes, 0),
    pages,
    writer: writerState(directory),
    readers: readers.map(reader => ({ ...reader, lag: Math.max(0, endPosition - reader.position) })),
    frames: schema?.definitions.map(({ id, name }) => ({ id, name })) ?? [],
    instruments: instruments?.size ?? 0,
    problems,
  }
}

/** Whether a directory is a journal: it has pages, or the files that a writer creates before the first page. */
export function isJournal(directory: Where, pages: readonly number[] = listDirectory(directory).pages): boolean {
  return pages.length > 0 || fs.existsSync(pathIn(directory, FileName.SCHEMA))
}

/** @internal */
export function notAJournal(directory: string): NotAJournalError {
  return new NotAJournalError(`${directory} is not a journal: it has no pages and no ${FileName.SCHEMA}`, {
    path: directory,
  })
}

/** All journals at or below a directory, in the order of their names. Symbolic links are not followed. */
export function findJournals(directory: string, depth = 4): string[] {
  if (isJournal(directory)) return [directory]
  if (depth === 0) return []
  return fs
    .readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => path.join(directory, entry.name))
    .sort()
    .flatMap(below => (mayEnter(below) ? findJournals(below, depth - 1) : []))
}

/** The named readers of a journal; none when it has no control file. @throws {CorruptJournalError} */
export function readersOf(directory: string): ReaderInfo[] {
  const control = Control.openForReader(directory)
  if (control === undefined) return []
  try {
    return listReaders(control)
  } finally {
    control.close()
  }
}

function describePage(page: MappedPage, before: PageInfo | undefined): PageInfo {
  const { identity } = page
  const sealed = page.sealed
  const used = page.cursor
  const prepared = !sealed && used === 0 && before !== undefined && before.state !== 'sealed'
  return {
    page: page.number,
    firstPosition: page.firstPosition,
    capacity: page.capacity,
    used,
    durable: page.durable,
    state: sealed ? 'sealed' : prepared ? 'prepared' : 'current',
    checked: (identity.flags & PageFlag.CHECKED) !== 0,
    created: identity.created,
    epoch: identity.epoch,
    journalId: identity.journalId,
    bytes: identity.pageSize,
  }
}

/** @internal */
export function mayEnter(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.X_OK)
    return true
  } catch {
    return false
  }
}
