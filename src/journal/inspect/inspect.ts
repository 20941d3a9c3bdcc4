import * as fs from 'node:fs'
import * as path from 'node:path'
import { pathIn, type Where } from '../../base/files/where.js'
import { PageFlag } from '../../frames/format.js'
import { Control } from '../control/control.js'
import { listReaders, type ReaderInfo } from '../control/reader-registry.js'
import { type WriterState, writerState } from '../control/writer-state.js'
import { NotAJournalError } from '../errors.js'
import { FileName, listDirectory, pagePath } from '../files/directory.js'
import { readSchema } from '../files/schema-file.js'
import type { MappedPage } from '../pages/page.js'
import { firstTimeOf, lastTimeOf } from '../pages/page-times.js'
import { tryPage } from '../seek/seek.js'

/** One page, as its header has it. */
export interface PageInfo {
  readonly page: number
  readonly firstPosition: number
  /** Slots it has room for. */
  readonly capacity: number
  /** Slots that hold frames. */
  readonly used: number
  /** Slots known to survive power loss; 0 in journals that are not durable. */
  readonly durable: number
  /** 'prepared': complete and empty, for the writer to go on to. */
  readonly state: 'sealed' | 'current' | 'prepared'
  /** Frames carry checksums. */
  readonly checked: boolean
  /** ns since 1970. */
  readonly created: bigint
  /** Counts the journal's writers: the one that made the page. */
  readonly epoch: number
  readonly journalId: number
  /** Bytes of its file. */
  readonly bytes: number
}

/** A named reader and how far behind it is. */
export interface ReaderState extends ReaderInfo {
  /** Slots published that it has not read. */
  readonly lag: number
}

/** What is wrong, or worth knowing, about one file. */
export interface Problem {
  readonly path: string
  readonly code: string
  readonly message: string
}

/** A journal seen from outside, without reading its frames. */
export interface JournalInfo {
  readonly path: string
  /** The position of the first frame that is still there. */
  readonly firstPosition: number
  /** The position the next frame will get. */
  readonly endPosition: number
  /** ns since 1970 of the first and the last frame; undefined when there is none. */
  readonly firstTime: bigint | undefined
  readonly lastTime: bigint | undefined
  /** Bytes of all pages. */
  readonly bytes: number
  readonly pages: readonly PageInfo[]
  readonly writer: WriterState
  readonly readers: readonly ReaderState[]
  /** The frames it has definitions of. */
  readonly frames: readonly { readonly id: number; readonly name: string }[]
  /** Files that could not be read as what they should be. */
  readonly problems: readonly Problem[]
}

/**
 * Looks at a journal: pages, writer, readers. Needs read permission only, holds nobody up, and does not stop at a damaged file:
 * what is wrong is in `problems`.
 *
 * @throws {JournalNotFoundError, NotAJournalError, JournalSystemError}
 */
export function inspect(directory: string): JournalInfo {
  const listing = listDirectory(directory)
  if (!isJournal(directory, listing.pages)) throw notAJournal(directory)
  const problems: Problem[] = []
  const attempt = <T>(file: string, look: () => T): T | undefined => {
    try {
      return look()
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
    problems,
  }
}

/** Whether a directory holds a journal: pages, or the files a writer makes before the first page. */
export function isJournal(directory: Where, pages: readonly number[] = listDirectory(directory).pages): boolean {
  return pages.length > 0 || fs.existsSync(pathIn(directory, FileName.SCHEMA))
}

/** @internal */
export function notAJournal(directory: string): NotAJournalError {
  return new NotAJournalError(`${directory} is no journal: it has no pages and no ${FileName.SCHEMA}`, {
    path: directory,
  })
}

/** Directories below, or at, a directory that hold journals, in the order of their names. Symbolic links are not followed. */
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
