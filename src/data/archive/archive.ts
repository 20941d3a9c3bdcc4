import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { Schema } from '../../frames/schema.js'
import { takeMoment } from '../../journal/columns/moment.js'
import { Control } from '../../journal/control/control.js'
import { writerState } from '../../journal/control/writer-state.js'
import { ArchiveError, JournalNotFoundError } from '../../journal/errors.js'
import {
  DEFAULT_MODE,
  FileName,
  listDirectory,
  makeDurableDirectories,
  openToRead,
  syncDirectory,
} from '../../journal/files/directory.js'
import { pageFileName } from '../../journal/files/page-names.js'
import { encodePageHeader } from '../../journal/pages/header.js'
import { crc32c, type MappedPage, openPage } from '../../journal/pages/page.js'
import { pruneBefore } from '../../journal/retain/prune-before.js'
import type { Directory } from '../../native/addon.js'
import { ArchiveDirectory, readIndex } from './archive-directory.js'
import { type ArchivedPage, archiveFileName, writeSynced } from './archive-page.js'
import { unpackPage } from './page.js'
import { PagePacker } from './pool.js'

export interface ArchiveReport {
  readonly path: string
  /** Pages that this run packed, and all that the archive has. */
  readonly added: number
  readonly pages: number
  /** Bytes of the frames and headers of all pages, and of their packed files. */
  readonly bytes: number
  readonly packed: number
  /** Pages that were removed from the journal. */
  readonly pruned: number
  readonly stopped: boolean
}

/**
 * Packs the sealed pages of a journal into files of an archive; also the last page, when no writer has the journal open. Pages that the
 * archive has are not packed again. Each is unpacked and compared before it counts.
 *
 * @param prune remove the pages from the journal that are in the archive and that no named reader needs.
 * @throws {ArchiveError}, {JournalNotFoundError}, {NotAJournalError}, {CorruptJournalError}.
 */
export async function archiveJournal(
  directory: string,
  to: string,
  options: {
    readonly prune: boolean
    readonly signal: AbortSignal
    readonly onProgress: (done: number, total: number) => void
  },
): Promise<ArchiveReport> {
  const journal = absolute(directory)
  const archive = absolute(to)
  const opened = openToRead(journal)
  try {
    const closed = !writerState(journal).held
    const moment = takeMoment(opened)
    const numbers = listDirectory(opened).pages.filter(
      page => page < moment.endPage || (closed && page === moment.endPage && moment.endSlot > 0),
    )
    const packer = new PagePacker({ journal, to: archive, schema: moment.schema.toJson() })
    let added = 0
    let pages: readonly ArchivedPage[]
    try {
      pages = await withArchive(archive, into => into.pages)
      for (const [done, number] of numbers.entries()) {
        if (options.signal.aborted) break
        // Another process, such as the journal's writer, may add pages between two of these.
        pages = await withArchive(archive, async into => {
          if (isDone(into, opened, number)) return into.pages
          into.describe(opened)
          into.add(await packer.pack(number))
          added++
          return into.pages
        })
        options.onProgress(done + 1, numbers.length)
      }
    } finally {
      await packer.close()
    }
    const last = pages.filter(({ sealed }) => sealed).at(-1)
    const pruned =
      options.prune && last !== undefined && !options.signal.aborted
        ? await pruneBefore(journal, (last.page + 1) * moment.capacity)
        : []
    return {
      path: archive,
      added,
      pages: pages.length,
      bytes: pages.reduce((sum, page) => sum + page.bytes, 0),
      packed: pages.reduce((sum, page) => sum + page.packed, 0),
      pruned: pruned.length,
      stopped: options.signal.aborted,
    }
  } finally {
    opened.close()
  }
}

async function withArchive<T>(archive: string, action: (into: ArchiveDirectory) => T | Promise<T>): Promise<T> {
  using into = await ArchiveDirectory.open(archive)
  return await action(into)
}

/** Whether the archive has all of a page. @throws {ArchiveError} when the page is not of the archive's journal. */
function isDone(into: ArchiveDirectory, journal: Directory, number: number): boolean {
  const isThere = into.page(number)?.sealed === true
  let page: MappedPage
  try {
    page = openPage(journal, number, false)
  } catch (error) {
    // The retention of the journal's writer may have archived and removed it meanwhile.
    if (error instanceof JournalNotFoundError && isThere) return true
    throw error
  }
  try {
    into.admit(page)
  } finally {
    page.mapping.close()
  }
  return isThere
}

/**
 * Unpacks an archive into a new journal, whose pages are those that were archived, byte for byte. The directory appears complete, or not at
 * all. Returns how many pages there are.
 *
 * @throws {ArchiveError} when the archive is damaged, or something is at the journal's path.
 */
export async function restoreArchive(
  from: string,
  to: string,
  options: {
    readonly signal: AbortSignal
    readonly onProgress: (done: number, total: number) => void
    /** Which of its pages, which must follow each other. Default: all. */
    readonly choose?: (pages: readonly ArchivedPage[]) => readonly ArchivedPage[]
  },
): Promise<number> {
  const archive = absolute(from)
  const journal = absolute(to)
  const whole = readIndex(archive)
  if (whole === undefined) throw new ArchiveError(`${archive} has no archive.json: it is no archive`, { path: archive })
  if (fs.existsSync(journal))
    throw new ArchiveError(`${journal} exists already: give a directory that does not`, { path: journal })
  const pages = options.choose === undefined ? whole : options.choose(whole)
  const [first, last] = [pages.at(0), pages.at(-1)]
  if (first === undefined || last === undefined) throw new ArchiveError(`${archive} has no pages`, { path: archive })
  if (last.page - first.page + 1 !== pages.length)
    throw new ArchiveError(`${archive} has a gap: pages between ${first.page} and ${last.page} are missing`, {
      path: archive,
    })
  const schema = Schema.parse(
    fs.readFileSync(path.join(archive, FileName.SCHEMA), 'utf8'),
    path.join(archive, FileName.SCHEMA),
  )
  const temporary = `${journal}.${process.pid}.tmp`
  makeDurableDirectories(path.dirname(journal), 0o700)
  fs.mkdirSync(temporary, { mode: 0o700 })
  try {
    copyDescriptions(archive, temporary)
    for (const [done, { page }] of pages.entries()) {
      options.signal.throwIfAborted()
      const file = path.join(archive, archiveFileName(page))
      writeSynced(path.join(temporary, pageFileName(page)), unpackPage(fs.readFileSync(file), schema, file))
      options.onProgress(done + 1, pages.length)
      await new Promise(resolve => setImmediate(resolve))
    }
    createControl(temporary, last.page)
    if (last.sealed) createPageAfter(temporary, last.page, schema)
    syncDirectory(temporary)
    fs.renameSync(temporary, journal)
    syncDirectory(path.dirname(journal))
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true })
    throw error
  }
  return pages.length
}

/** A sealed page has one after it: an empty one, where a writer would continue. */
function createPageAfter(directory: string, number: number, schema: Schema): void {
  const page = openPage(directory, number, false)
  const { identity, capacity, firstPosition } = page
  page.mapping.close()
  const next = {
    ...identity,
    pageNumber: number + 1,
    firstPosition: firstPosition + capacity,
    layoutHash: schema.hash(),
  }
  const bytes = new Uint8Array(identity.pageSize)
  bytes.set(encodePageHeader(next, crc32c))
  writeSynced(path.join(directory, pageFileName(number + 1)), bytes)
}

/** Without it no reader can have a name, and none can sleep. */
function createControl(directory: string, lastPage: number): void {
  const opened = openToRead(directory)
  try {
    const control = Control.openForWriter(opened, DEFAULT_MODE)
    control.currentPage = lastPage
    control.close()
  } finally {
    opened.close()
  }
}

/** schema.json and instruments.json, which only become longer. */
function copyDescriptions(from: string, to: string): void {
  for (const name of [FileName.SCHEMA, FileName.INSTRUMENTS]) {
    const file = path.join(from, name)
    if (!fs.existsSync(file)) continue
    writeSynced(path.join(to, `${name}.tmp`), fs.readFileSync(file))
    fs.renameSync(path.join(to, `${name}.tmp`), path.join(to, name))
  }
}
