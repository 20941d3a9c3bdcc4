/**
 * The base of all errors of the library: a class for each kind, and a stable `code`. Each layer adds its own kinds in an `errors.ts`.
 *
 * Messages say what happened, where, and what to do next. `path` and `position` are set when the error concerns one;
 * `cause` is the system's error, if there was one.
 */

export interface ErrorLocation {
  /** The file or directory concerned. */
  readonly path?: string
  /** The journal position concerned, in slots. */
  readonly position?: number
  readonly cause?: unknown
}

export abstract class TicktapeError extends Error {
  abstract readonly code: string
  readonly path: string | undefined
  readonly position: number | undefined

  constructor(message: string, location: ErrorLocation = {}) {
    super(message, location.cause === undefined ? undefined : { cause: location.cause })
    this.name = new.target.name
    this.path = location.path
    this.position = location.position
  }
}

/** An option or argument is of the wrong type, out of range, or misspelt. */
export class InvalidOptionError extends TicktapeError {
  readonly code = 'ERR_INVALID_OPTION'
}

/** Calls in a wrong order: `commit` without `begin`, `begin` twice, a poll from inside a poll. */
export class InvalidStateError extends TicktapeError {
  readonly code = 'ERR_INVALID_STATE'
}

/** Used after `close()`. */
export class ClosedError extends TicktapeError {
  readonly code = 'ERR_CLOSED'
}

/** A path that is not safe to use: a symbolic link, a FIFO, a file of another user, or a directory that others may write in. */
export class UnsafePathError extends TicktapeError {
  readonly code = 'ERR_UNSAFE_PATH'
}

/** No space for a new file. All earlier data is intact; the same call works once there is space. */
export class NoSpaceError extends TicktapeError {
  // The code names journals, the first users of this class. Programs compare it, so it stays.
  readonly code = 'ERR_JOURNAL_FULL'
}

/** Nothing exists at a path (yet). */
export class NotFoundError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_NOT_FOUND'
}

/** The file or directory at a path is of the wrong kind. */
export class WrongPathError extends TicktapeError {
  readonly code = 'ERR_NOT_A_JOURNAL'
}

/** The system refused: permission, read-only file system, open files, I/O. `cause` has the system's error. */
export class SystemCallError extends TicktapeError {
  readonly code = 'ERR_SYSTEM'
  /** The system's own code, such as 'EACCES'. */
  readonly systemCode: string

  constructor(message: string, systemCode: string, location: ErrorLocation = {}) {
    super(message, location)
    this.systemCode = systemCode
  }
}

/** An optional package is needed and is not installed; the message has the command that installs it. */
export class PackageMissingError extends TicktapeError {
  readonly code = 'ERR_PACKAGE_MISSING'
}
