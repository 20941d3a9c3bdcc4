import * as fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  JournalFullError,
  JournalNotFoundError,
  JournalSystemError,
  NotAJournalError,
  type TicktapeError,
  UnsafePathError,
} from '../layout/errors.js'

/** What the addon and node:fs throw when a system call fails. */
interface SystemError extends Error {
  readonly code?: string
  readonly syscall?: string
  readonly path?: string
}

/** Out of space in one of its forms: the disk, a quota, the process's file size limit. */
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The system's code of an error ('ENOENT'), or '' when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as SystemError | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether an error says that there is nowhere to put more data; a file system gone read-only counts. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error)
  return NO_SPACE.has(code) || code === 'EROFS'
}

/** The library's error for a system call that failed while `doing` something to `path`. */
export function fromSystemError(error: unknown, doing: string, path: string): TicktapeError {
  const code = systemCode(error)
  const place = { path, cause: error }
  if (NO_SPACE.has(code)) {
    return new JournalFullError(`no space left ${doing} ${path} (${code}); make room and call again`, place)
  }
  if (code === 'ELOOP') {
    return new UnsafePathError(
      `${path} is a symbolic link; a journal's own files must not be, so remove it or use another directory`,
      place,
    )
  }
  if (code === 'ENOENT') return new JournalNotFoundError(`there is no ${path}${missingAbove(path)}`, place)
  if (code === 'ENOTDIR') return new NotAJournalError(`${path} lies below a file, where no journal can be`, place)
  if (code === 'EISDIR' || code === 'ENXIO' || (code === 'EINVAL' && isIrregular(path))) {
    return new UnsafePathError(
      `${path} is no regular file; a journal's own files must be, so remove it or use another directory`,
      place,
    )
  }
  const hint = HINTS[code]
  return new JournalSystemError(
    `${code === '' ? String(error) : code} ${doing} ${path}${hint === undefined ? '' : `; ${hint}`}`,
    code,
    place,
  )
}

/** Nothing can be made where the directory to make it in is missing: which one that is. */
function missingAbove(path: string): string {
  let missing = ''
  for (let above = dirname(resolve(path)); !fs.existsSync(above); above = dirname(above)) missing = above
  return missing === '' ? '' : `: the directory ${missing} is missing; make it first`
}

/** Whether there is something that is no file with bytes: a directory, a FIFO, a socket, a device. */
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
