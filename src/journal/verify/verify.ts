import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Page as P } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { writerState } from '../control/writer-state.js'
import { JournalNotFoundError } from '../errors.js'
import { FileName, listDirectory, pagePath } from '../files/directory.js'
import { readInstruments } from '../files/instruments-file.js'
import { lostTypes, REPAIR_FILE } from '../files/repair-record.js'
import { readSchema } from '../files/schema-file.js'
import { isJournal, notAJournal } from '../inspect/inspect.js'
import { slotsOf } from '../pages/header.js'
import { checkControl } from './control.js'
import { type Finding, Findings } from './findings.js'
import { isDamage, type PageReport, type PageSummary, withoutAdvice } from './page.js'
import { checkPages } from './pool.js'
import { checkSequence } from './sequence.js'

export interface VerifyOptions {
  /**
   * Also check that every text, enum and bool of every frame can be decoded and, unless a writer has the journal open, that every
   * instrument has an entry; a number that has none is a note. Default false.
   */
  readonly deep?: boolean
  /** Called after each page. */
  readonly onProgress?: (done: number, pages: number) => void
}

/** The result of checking a journal. */
export interface VerifyReport {
  readonly path: string
  /** Nothing is wrong with it. */
  readonly sound: boolean
  /** The problems; at most 100 per page are listed. */
  readonly findings: readonly Finding[]
  /** Facts worth knowing that are not damage. */
  readonly notes: readonly Finding[]
  /** The number of findings that are not listed. */
  readonly omitted: number
  readonly pages: number
  readonly frames: number
  /** The number of frames whose checksum was compared: those up to the durable cursor, in journals that are synced. */
  readonly checkedFrames: number
  /** Bytes of the pages. */
  readonly bytes: number
  readonly firstPosition: number
  readonly endPosition: number
  /** Whether a writer has it open; undefined when this process has no permission to check. */
  readonly writing: boolean | undefined
}

/**
 * Checks all files of a journal: page headers, the sequence of pages, every frame's structure, time and checksum, definitions, marks,
 * instruments, and the reader slots. Changes nothing, and works while a writer appends: frames written meanwhile may or may not be checked. Large
 * journals are read by several threads.
 *
 * @throws {JournalNotFoundError, NotAJournalError, JournalSystemError} when there is no journal, or no permission to read it.
 */
export async function verify(journal: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkOptions('verify', options, { deep: kinds.boolean, onProgress: kinds.function })
  const directory = absolute(journal)
  for (let attempt = 1; ; attempt++) {
    const report = await verifyOnce(directory, options)
    if (report !== undefined) return report
    if (attempt === ATTEMPTS)
      throw new JournalNotFoundError(`the pages of ${directory} are removed faster than they can be checked`, {
        path: directory,
      })
  }
}

/** How often to start again when retention has removed every page that was listed. */
const ATTEMPTS = 5

async function verifyOnce(directory: string, options: VerifyOptions): Promise<VerifyReport | undefined> {
  const { pages, temporaries, foreign } = listDirectory(directory)
  if (!isJournal(directory, pages)) throw notAJournal(directory)
  const writing = writerState(directory).held
  const findings = new Findings()
  const notes: Finding[] = []
  const schema = checkSchema(directory, pages, findings)
  const instruments = checkInstruments(directory, findings)
  if (pages.length === 0) notes.push({ path: directory, what: 'it has no pages yet' })
  for (const name of temporaries) {
    if (writing === false)
      notes.push({
        path: path.join(directory, name),
        what: 'a file that was being created when its writer died; the next writer removes it',
      })
  }
  for (const name of foreign) {
    if (name !== REPAIR_FILE) notes.push({ path: path.join(directory, name), what: 'no file of a journal' })
  }

  const task = {
    directory,
    schema: schema?.toJson(),
    lostTypes: lostTypes(directory),
    // A writer may add entries after they were read here.
    instruments: writing === false ? instruments : undefined,
    deep: options.deep ?? false,
    idle: writing === false,
  }
  let done = 0
  const reports = await checkPages(task, pages, pageBytes(directory, pages), () =>
    options.onProgress?.(++done, pages.length),
  )
  const there = withoutRemoved(directory, reports)
  if (there.length === 0 && pages.length > 0) return undefined
  for (const report of there) {
    for (const finding of report.findings) findings.add(finding)
    findings.omitted += report.omitted
    notes.push(...report.notes)
  }
  const pageDamage = findings.count > 0
  checkSequence(directory, there, schema, findings)
  checkControl(directory, pages.length > 0, !pageDamage, findings, notes)
  checkLock(directory, findings)

  const headers = there.flatMap(({ header }) => header ?? [])
  const sum = (value: (header: PageSummary) => number): number =>
    headers.reduce((total, header) => total + value(header), 0)
  return {
    path: directory,
    sound: findings.count === 0,
    findings: findings.list,
    notes,
    omitted: findings.omitted,
    pages: there.length,
    frames: sum(header => header.frames),
    checkedFrames: sum(header => header.checkedFrames),
    bytes: sum(header => header.pageSize),
    firstPosition: first(there),
    endPosition: end(there),
    writing,
  }
}

/** The definitions; undefined, with a finding, when they cannot be read. */
function checkSchema(directory: string, pages: readonly number[], findings: Findings): Schema | undefined {
  const file = path.join(directory, FileName.SCHEMA)
  try {
    if (pages.length > 0) fs.lstatSync(file)
    return readSchema(directory)
  } catch (error) {
    if (isDamage(error)) findings.add({ path: file, what: withoutAdvice(error.message) })
    else if ((error as { code?: string }).code === 'ENOENT')
      findings.add({ path: file, what: 'it is missing: frames cannot be decoded without it' })
    else throw error
    return undefined
  }
}

/** The numbers that have an entry; undefined, with a finding, when the file cannot be read. There need not be such a file. */
function checkInstruments(directory: string, findings: Findings): number[] | undefined {
  try {
    return readInstruments(directory).entries.map(({ number }) => number)
  } catch (error) {
    if (!isDamage(error)) throw error
    findings.add({ path: path.join(directory, FileName.INSTRUMENTS), what: withoutAdvice(error.message) })
    return undefined
  }
}

/** The next writer can lock the file only if it is a regular file. */
function checkLock(directory: string, findings: Findings): void {
  const file = path.join(directory, FileName.LOCK)
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isFile()) findings.add({ path: file, what: 'it is not a regular file' })
}

/** The page size in bytes, from the first page that can be read. */
function pageBytes(directory: string, pages: readonly number[]): number {
  for (const page of pages) {
    const stat = fs.lstatSync(pagePath(directory, page), { throwIfNoEntry: false })
    if (stat?.isFile() === true) return stat.size
  }
  return P.DEFAULT_SIZE
}

/**
 * The reports without the pages that were removed during the check. That is allowed for the oldest pages, by retention, and for the
 * prepared page, by a writer that closes.
 */
function withoutRemoved(directory: string, reports: readonly PageReport[]): PageReport[] {
  const [oldest = Number.POSITIVE_INFINITY] = listDirectory(directory).pages
  const lastGone = reports.findLastIndex(({ gone, page }) => gone && page < oldest)
  const left = reports.slice(lastGone + 1)
  if (left.at(-1)?.gone) left.pop()
  return left.map(report => (report.gone ? missing(report) : report))
}

function missing(report: PageReport): PageReport {
  return {
    ...report,
    findings: [{ path: report.path, page: report.page, what: 'it was removed while the pages around it were there' }],
  }
}

function first(reports: readonly PageReport[]): number {
  for (const { page, header } of reports) {
    if (header !== undefined) return page * slotsOf(header.pageSize)
  }
  return 0
}

function end(reports: readonly PageReport[]): number {
  for (const { page, header } of reports.toReversed()) {
    if (header !== undefined && (header.used > 0 || page === reports[0].page))
      return page * slotsOf(header.pageSize) + header.used
  }
  return 0
}
