import * as fs from 'node:fs'
import * as path from 'node:path'
import { UnsafePathError } from '../../base/errors.js'
import { makeDirectories } from '../../base/files/make-directories.js'
import { directoryModeOf, isOwn, isSharedForWriting, isWritableByOthers } from '../../base/files/owner.js'
import { TEMPORARY_SUFFIX } from '../../base/files/replace-file.js'
import { pathIn, pathOf, type Where } from '../../base/files/where.js'
import { shellQuoted } from '../../base/shell.js'
import { systemCode } from '../../base/system-error.js'
import type { Directory, FileStatus } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { JournalNotFoundError, NotAJournalError } from '../errors.js'
import { fromSystemError } from '../system-error.js'
import { pageFileName, pageNumberOf } from './page-names.js'

/** The files of a journal, by name. */
export const FileName = {
  LOCK: 'writer.lock',
  SCHEMA: 'schema.json',
  /** Only in journals whose writer has added instruments. */
  INSTRUMENTS: 'instruments.json',
  /** Only in a replica: which journal its frames come from. */
  REPLICA: 'replica.json',
  CONTROL: 'control',
  /** Added to a name while the file is being created. */
  TEMPORARY_SUFFIX,
} as const

/** Files that are neither pages nor temporary. */
const OWN_FILES: ReadonlySet<string> = new Set([
  FileName.LOCK,
  FileName.SCHEMA,
  FileName.INSTRUMENTS,
  FileName.REPLICA,
  FileName.CONTROL,
])

export const DEFAULT_MODE = 0o600

export function pagePath(directory: Where, pageNumber: number): string {
  return pathIn(directory, pageFileName(pageNumber))
}

/** The files in a journal's directory. */
export interface Listing {
  /** Page numbers, ascending. */
  readonly pages: readonly number[]
  /** Files whose writer died while it created them. */
  readonly temporaries: readonly string[]
  /** Names that do not belong to a journal. */
  readonly foreign: readonly string[]
}

/**
 * Lists a directory.
 *
 * @throws {JournalNotFoundError} when it does not exist, {NotAJournalError} when it is not a directory.
 */
export function listDirectory(directory: Where): Listing {
  let names: readonly string[]
  try {
    names = typeof directory === 'string' ? fs.readdirSync(directory) : directory.names()
  } catch (error) {
    throw notListed(error, 'listing', pathOf(directory))
  }
  const pages: number[] = []
  const temporaries: string[] = []
  const foreign: string[] = []
  for (const name of names) {
    const pageNumber = pageNumberOf(name)
    if (pageNumber >= 0) pages.push(pageNumber)
    else if (isTemporary(name)) temporaries.push(name)
    else if (!OWN_FILES.has(name)) foreign.push(name)
  }
  return { pages: pages.sort((a, b) => a - b), temporaries, foreign }
}

/**
 * Opens a journal's directory for reading. All later reads are from this journal, even if another one is created at the path.
 *
 * @throws {JournalNotFoundError} when it does not exist, {NotAJournalError} when it is not a directory.
 */
export function openToRead(directory: string): Directory {
  try {
    return native.openDirectory(directory, true)
  } catch (error) {
    throw notListed(error, 'opening', directory)
  }
}

function notListed(error: unknown, doing: string, directory: string): Error {
  const code = systemCode(error)
  if (code === 'ENOENT') {
    return new JournalNotFoundError(`there is no journal at ${directory}; check the path, or start its writer`, {
      path: directory,
    })
  }
  if (code === 'ENOTDIR')
    return new NotAJournalError(`${directory} is not a directory, so it is not a journal`, { path: directory })
  return fromSystemError(error, doing, directory)
}

function isTemporary(name: string): boolean {
  if (!name.endsWith(FileName.TEMPORARY_SUFFIX)) return false
  const made = name.slice(0, -FileName.TEMPORARY_SUFFIX.length)
  return pageNumberOf(made) >= 0 || (OWN_FILES.has(made) && made !== FileName.LOCK)
}

/**
 * Opens a writer's directory, and creates it if there is none. Refuses a path that is not safe to write in: one that is not a directory, a
 * symbolic link, a directory of another user, or one that others may write in (unless `mode` lets them).
 */
export function prepareDirectory(directory: string, mode: number): Directory {
  const wanted = directoryModeOf(mode)
  let isNew = false
  try {
    makeDurableDirectories(path.dirname(directory), wanted)
    fs.mkdirSync(directory, { mode: wanted })
    isNew = true
    syncNames(path.dirname(directory))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      if (systemCode(error) === 'ENOTDIR')
        throw new NotAJournalError(`a directory above ${directory} is a file, so no journal can be there`, {
          path: directory,
          cause: error,
        })
      throw fromSystemError(error, 'creating', directory)
    }
  }
  const opened = openToWrite(directory)
  try {
    checkDirectory(opened, mode, isNew)
    // The umask may have removed permissions in mkdir, but `mode` is exact.
    if (isNew) opened.setMode(wanted)
    return opened
  } catch (error) {
    opened.close()
    throw error
  }
}

/** @throws {UnsafePathError, NotAJournalError} */
function openToWrite(directory: string): Directory {
  try {
    return native.openDirectory(directory, false)
  } catch (error) {
    // For a link as the last part of the path, the system returns 'ELOOP' or 'ENOTDIR'.
    let stat: fs.Stats | undefined
    try {
      stat = fs.lstatSync(directory, { throwIfNoEntry: false })
    } catch (why) {
      throw fromSystemError(why, 'checking', directory)
    }
    if (stat?.isSymbolicLink() === true) {
      throw new UnsafePathError(
        `${directory} is a symbolic link, which could be changed later; give the directory it points to, or another directory`,
        { path: directory },
      )
    }
    if (stat?.isDirectory() === false)
      throw new NotAJournalError(`${directory} is not a directory, so it is not a journal`, { path: directory })
    throw fromSystemError(error, 'opening', directory)
  }
}

/** @throws {UnsafePathError} */
function checkDirectory(opened: Directory, mode: number, isNew: boolean): void {
  const { path: directory } = opened
  const stat = opened.stat()
  if (stat === null) return
  const unsafe = (what: string, todo: string): never => {
    throw new UnsafePathError(`${directory} ${what}, and a writer would trust what they put there; ${todo}`, {
      path: directory,
    })
  }
  if (!isOwn(stat.uid))
    unsafe(`belongs to user ${stat.uid}, not to ${process.geteuid?.()}`, 'use a directory of your own')
  if (isWritableByOthers(stat.mode, directoryModeOf(mode)) && !isNew) {
    unsafe(
      `can be written by others (mode ${(stat.mode & 0o777).toString(8)})`,
      // Advise chmod only for a directory that is used by this journal alone: a user may follow the advice as root.
      isJournalAlone(opened, stat)
        ? `type: chmod go-w ${shellQuoted(directory)}, or give Writer.open a 'mode' that allows it`
        : directoryInIt(directory, 'give the journal a directory in it'),
    )
  }
}

/** Advice for a directory that should not be used for a journal itself. */
export function directoryInIt(directory: string, todo: string): string {
  return `${todo}, such as ${path.join(directory, 'journal')}`
}

/** Whether a directory contains a journal and nothing else, so that its permissions concern only the journal. */
function isJournalAlone(directory: Directory, stat: FileStatus): boolean {
  if ((stat.mode & 0o1000) !== 0) return false
  const { pages, foreign } = listDirectory(directory)
  return pages.length > 0 && foreign.length === 0
}

/** Refuses a file of another user, unless several users may write the journal (`mode` lets their group). */
export function checkOwner(directory: Directory, name: string, mode: number): void {
  const owner = directory.stat(name)?.uid
  if (owner === undefined || isOwn(owner) || isSharedForWriting(mode)) return
  const file = pathIn(directory, name)
  throw new UnsafePathError(
    `${file} belongs to user ${owner}, not to ${process.geteuid?.()}; a writer would trust what others put there, so check who created it`,
    { path: file },
  )
}

/** Creates a directory and the missing ones above it, and makes their names durable: without its name a directory's files would be lost too. */
export function makeDurableDirectories(directory: string, mode: number): void {
  const first = makeDirectories(directory, mode)
  if (first === undefined) return
  const last = path.dirname(path.resolve(first))
  for (let made = path.resolve(directory); made !== last && made !== '/'; made = path.dirname(made))
    syncNames(path.dirname(made))
}

/** As `syncDirectory`, but does nothing if the directory cannot be opened. */
function syncNames(directory: string): void {
  try {
    syncDirectory(directory)
  } catch (error) {
    // A directory that may be searched but not read cannot be opened for a sync. Its file system will write the change later.
    if (systemCode(error) !== 'EACCES') throw error
  }
}

/** Makes changes of names in a directory durable. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
