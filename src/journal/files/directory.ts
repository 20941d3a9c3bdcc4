import * as fs from 'node:fs'
import * as path from 'node:path'
import { UnsafePathError } from '../../base/errors.js'
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
  CONTROL: 'control',
  /** Added to a name while the file is being made. */
  TEMPORARY_SUFFIX,
} as const

export const DEFAULT_MODE = 0o600

export function pagePath(directory: Where, pageNumber: number): string {
  return pathIn(directory, pageFileName(pageNumber))
}

/** What is in a journal's directory. */
export interface Listing {
  /** Page numbers, ascending. */
  readonly pages: readonly number[]
  /** Files being made when their writer died. */
  readonly temporaries: readonly string[]
  /** Names that are no part of a journal. */
  readonly foreign: readonly string[]
}

/**
 * Lists a directory.
 *
 * @throws {JournalNotFoundError} when it isn't there, {NotAJournalError} when it is no directory.
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
    else if (name !== FileName.LOCK && name !== FileName.SCHEMA && name !== FileName.CONTROL) foreign.push(name)
  }
  return { pages: pages.sort((a, b) => a - b), temporaries, foreign }
}

/**
 * Opens a journal's directory to read in it. What is read then is of this journal, even when another one is made at the path.
 *
 * @throws {JournalNotFoundError} when it isn't there, {NotAJournalError} when it is no directory.
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
    return new NotAJournalError(`${directory} is no directory, so no journal`, { path: directory })
  return fromSystemError(error, doing, directory)
}

function isTemporary(name: string): boolean {
  if (!name.endsWith(FileName.TEMPORARY_SUFFIX)) return false
  const made = name.slice(0, -FileName.TEMPORARY_SUFFIX.length)
  return pageNumberOf(made) >= 0 || made === FileName.SCHEMA || made === FileName.CONTROL
}

/**
 * Opens a writer's directory, making it where there is none, and refuses one it should not write into: no directory, a symlink,
 * somebody else's, or one that others may write in (unless `mode` lets them).
 */
export function prepareDirectory(directory: string, mode: number): Directory {
  const wanted = directoryMode(mode)
  let isNew = false
  try {
    makeDirectories(path.dirname(directory), wanted)
    fs.mkdirSync(directory, { mode: wanted })
    isNew = true
    syncNames(path.dirname(directory))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      if (systemCode(error) === 'ENOTDIR')
        throw new NotAJournalError(`${directory} lies below a file, where no journal can be`, {
          path: directory,
          cause: error,
        })
      throw fromSystemError(error, 'making', directory)
    }
  }
  const opened = openToWrite(directory)
  try {
    checkDirectory(opened, mode, isNew)
    // The umask narrowed what mkdir was asked for; `mode` is meant as it is written.
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
    // A link as the last part of the path is 'ELOOP' or 'ENOTDIR', as the system likes.
    let stat: fs.Stats | undefined
    try {
      stat = fs.lstatSync(directory, { throwIfNoEntry: false })
    } catch (why) {
      throw fromSystemError(why, 'looking at', directory)
    }
    if (stat?.isSymbolicLink() === true) {
      throw new UnsafePathError(
        `${directory} is a symbolic link, which may come to point elsewhere; give the directory it points to, or another`,
        { path: directory },
      )
    }
    if (stat?.isDirectory() === false)
      throw new NotAJournalError(`${directory} is no directory, so no journal`, { path: directory })
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
  const me = process.geteuid?.()
  if (me !== undefined && stat.uid !== me)
    unsafe(`belongs to user ${stat.uid}, not to ${me}`, 'use a directory of your own')
  const othersWrite = stat.mode & 0o022 & ~directoryMode(mode)
  if (othersWrite !== 0 && !isNew) {
    unsafe(
      `can be written by others (mode ${(stat.mode & 0o777).toString(8)})`,
      // What the machine or others need as it is must not be changed by who follows our advice, perhaps as root.
      isJournalAlone(opened, stat)
        ? `type: chmod go-w ${shellQuoted(directory)}, or give Writer.open a 'mode' that allows it`
        : directoryInIt(directory, 'give the journal a directory in it'),
    )
  }
}

/** What to do with a directory that is not meant for a journal. */
export function directoryInIt(directory: string, todo: string): string {
  return `${todo}, such as ${path.join(directory, 'journal')}`
}

/** Whether a directory has a journal in it and nothing else, so that its permissions are the journal's alone. */
function isJournalAlone(directory: Directory, stat: FileStatus): boolean {
  if ((stat.mode & 0o1000) !== 0) return false
  const { pages, foreign } = listDirectory(directory)
  return pages.length > 0 && foreign.length === 0
}

/** Refuses a file of another user's, unless the journal is one that several users write (`mode` lets their group). */
export function checkOwner(directory: Directory, name: string, mode: number): void {
  const me = process.geteuid?.()
  const owner = directory.stat(name)?.uid
  const file = pathIn(directory, name)
  if (me === undefined || owner === undefined || owner === me || (mode & 0o020) !== 0) return
  throw new UnsafePathError(
    `${file} belongs to user ${owner}, not to ${me}; a writer would trust what others put there, so see who did`,
    { path: file },
  )
}

/** The directory's mode for files of `mode`: who may read them may enter. */
function directoryMode(mode: number): number {
  return mode | ((mode & 0o444) >> 2)
}

/** Makes a directory and those above it that are missing, so that power loss does not forget them: what lies in them would be gone. */
export function makeDirectories(directory: string, mode: number): void {
  const first = fs.mkdirSync(directory, { recursive: true, mode })
  if (first === undefined) return
  const last = path.dirname(path.resolve(first))
  for (let made = path.resolve(directory); made !== last && made !== '/'; made = path.dirname(made))
    syncNames(path.dirname(made))
}

/** As `syncDirectory`, where that is possible. */
function syncNames(directory: string): void {
  try {
    syncDirectory(directory)
  } catch (error) {
    // A directory that may be entered and not read cannot be opened to sync it; its own file system sees to that in time.
    if (systemCode(error) !== 'EACCES') throw error
  }
}

/** Makes a change of names durable. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
