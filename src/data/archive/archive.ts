import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { Schema } from '../../frames/schema.js'
import { takeMoment } from '../../journal/columns/moment.js'
import { Control } from '../../journal/control/control.js'
import { writerState } from '../../journal/control/writer-state.js'
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
import { crc32c, openPage } from '../../journal/pages/page.js'
import { pruneBefore } from '../../journal/retain/prune-before.js'
import { ArchiveError } from '../errors.js'
import { type ArchivedPage, archiveFileName, writeSynced } from './archive-page.js'
import { unpackPage } from './page.js'
import { PagePacker } from './pool.js'

/** `archive.json`: the pages of an archive, in their order. Times say which of them a question is about. */
interface ArchiveIndex {
  readonly format: 1
  readonly pages: readonly ArchivedPage[]
}

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

const INDEX = 'archive.json'

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
    const known = readIndex(archive)
    if (known === undefined) checkEmpty(archive)
    makeDurableDirectories(archive, 0o700)
    copyDescriptions(journal, archive)
    let index: ArchiveIndex = known ?? { format: 1, pages: [] }
    const numbers = listDirectory(opened).pages.filter(
      page => page < moment.endPage || (closed && page === moment.endPage && moment.endSlot > 0),
    )
    const schema = moment.schema.toJson()
    const packer = new PagePacker({ journal, to: archive, schema })
    let added = 0
    try {
      for (const [done, number] of numbers.entries()) {
        if (options.signal.aborted) break
        const have = index.pages.find(({ page }) => page === number)
        if (have === undefined || !have.sealed) {
          const page = await packer.pack(number)
          checkSameJournal(archive, have, page)
          fs.renameSync(
            path.join(archive, `${archiveFileName(number)}.tmp`),
            path.join(archive, archiveFileName(number)),
          )
          index = {
            format: 1,
            pages: [...index.pages.filter(one => one.page !== number), page].sort((a, b) => a.page - b.page),
          }
          writeIndex(archive, index)
          added++
        }
        options.onProgress(done + 1, numbers.length)
      }
    } finally {
      await packer.close()
    }
    const last = index.pages.filter(({ sealed }) => sealed).at(-1)
    const pruned =
      options.prune && last !== undefined && !options.signal.aborted
        ? await pruneBefore(journal, (last.page + 1) * moment.capacity)
        : []
    return {
      path: archive,
      added,
      pages: index.pages.length,
      bytes: index.pages.reduce((sum, page) => sum + page.bytes, 0),
      packed: index.pages.reduce((sum, page) => sum + page.packed, 0),
      pruned: pruned.length,
      stopped: options.signal.aborted,
    }
  } finally {
    opened.close()
  }
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
  if (whole === undefined) throw new ArchiveError(`${archive} has no ${INDEX}: it is no archive`, { path: archive })
  if (fs.existsSync(journal))
    throw new ArchiveError(`${journal} exists already: give a directory that does not`, { path: journal })
  const pages = options.choose === undefined ? whole.pages : options.choose(whole.pages)
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

/** Whether a directory is an archive, and not a journal. */
export function isArchive(directory: string): boolean {
  return fs.existsSync(path.join(directory, INDEX))
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

function readIndex(archive: string): ArchiveIndex | undefined {
  const file = path.join(archive, INDEX)
  if (!fs.existsSync(file)) return undefined
  try {
    const index = JSON.parse(fs.readFileSync(file, 'utf8')) as ArchiveIndex
    if (index.format === 1 && Array.isArray(index.pages)) return index
  } catch (error) {
    throw new ArchiveError(`${file} is damaged: ${(error as Error).message}`, { path: file, cause: error })
  }
  throw new ArchiveError(`${file} is of another version of ticktape`, { path: file })
}

function writeIndex(archive: string, index: ArchiveIndex): void {
  const file = path.join(archive, INDEX)
  writeSynced(`${file}.tmp`, Buffer.from(`${JSON.stringify(index, null, 1)}\n`))
  fs.renameSync(`${file}.tmp`, file)
  syncDirectory(archive)
}

/** @throws {ArchiveError} when the archive has a page of another journal under the number. */
function checkSameJournal(archive: string, have: ArchivedPage | undefined, page: ArchivedPage): void {
  if (have === undefined || have.created === page.created) return
  fs.rmSync(path.join(archive, `${archiveFileName(page.page)}.tmp`), { force: true })
  throw new ArchiveError(`${archive} has page ${page.page} of another journal: give another directory`, {
    path: archive,
  })
}

function checkEmpty(archive: string): void {
  const [other] = fs.existsSync(archive) ? fs.readdirSync(archive) : []
  if (other !== undefined)
    throw new ArchiveError(`${archive} has other files ('${other}') and is no archive: give a directory of its own`, {
      path: archive,
    })
}
