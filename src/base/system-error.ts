import * as fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  type ErrorLocation,
  NoSpaceError,
  NotFoundError,
  SystemCallError,
  type TicktapeError,
  UnsafePathError,
  WrongPathError,
} from './errors.js'

/** The error that the addon and node:fs throw when a system call fails. */
interface SystemError extends Error {
  readonly code?: string
  readonly syscall?: string
  readonly path?: string
}

/** The error classes of a layer for a failed system call: no space, nothing at the path, the wrong kind of file, any other error. */
export interface SystemErrorClasses {
  readonly NoSpace: new (message: string, location: ErrorLocation) => TicktapeError
  readonly NotFound: new (message: string, location: ErrorLocation) => TicktapeError
  readonly WrongPath: new (message: string, location: ErrorLocation) => TicktapeError
  readonly Other: new (message: string, systemCode: string, location: ErrorLocation) => TicktapeError
}

const PLAIN: SystemErrorClasses = {
  NoSpace: NoSpaceError,
  NotFound: NotFoundError,
  WrongPath: WrongPathError,
  Other: SystemCallError,
}

/** Codes that mean there is no space: on the disk, in a quota, or in the process's file size limit. */
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The system's code of an error ('ENOENT'), or '' when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as SystemError | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether an error means that no more data can be stored. A file system that has become read-only counts. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error)
  return NO_SPACE.has(code) || code === 'EROFS'
}

/** The library's error for a system call that failed while `doing` something to `path`. */
export function fromSystemError(
  error: unknown,
  doing: string,
  path: string,
  classes: SystemErrorClasses = PLAIN,
): TicktapeError {
  const code = systemCode(error)
  const location = { path, cause: error }
  if (NO_SPACE.has(code)) {
    return new classes.NoSpace(`no space left ${doing} ${path} (${code}); make room and call again`, location)
  }
  if (code === 'ELOOP') {
    return new UnsafePathError(
      `${path} is a symbolic link, which is not followed here; give the path it points to, or another path`,
      location,
    )
  }
  if (code === 'ENOENT') return new classes.NotFound(`there is no ${path}${missingAbove(path)}`, location)
  if (code === 'ENOTDIR') return new classes.WrongPath(`a directory above ${path} is a file; check the path`, location)
  if (code === 'EISDIR' || code === 'ENXIO' || (code === 'EINVAL' && isIrregular(path))) {
    return new UnsafePathError(`${path} is not a regular file; use another path`, location)
  }
  const hint = HINTS[code]
  return new classes.Other(
    `${code === '' ? String(error) : code} ${doing} ${path}${hint === undefined ? '' : `; ${hint}`}`,
    code,
    location,
  )
}

/** Names the topmost missing directory above a path, if there is one. */
function missingAbove(path: string): string {
  let missing = ''
  for (let above = dirname(resolve(path)); !fs.existsSync(above); above = dirname(above)) missing = above
  return missing === '' ? '' : `: the directory ${missing} is missing; create it first`
}

/** Whether the path is something other than a regular file: a directory, a FIFO, a socket, a device. */
export function isIrregular(path: string): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return stat !== undefined && !stat.isFile()
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'the permissions of the file or of a directory above it forbid it',
  EPERM: 'the permissions of the file or of a directory above it forbid it',
  EROFS: 'the file system is read-only',
  EMFILE: "the process has too many open files; raise 'ulimit -n'",
  ENFILE: 'the machine has too many open files',
  ENOMEM: "no address space or memory left; see 'ulimit -v' and vm.max_map_count",
  EIO: 'the disk reports an error; see the kernel log',
}
