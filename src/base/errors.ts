/**
 * What every error of the library has: a class for its kind, and a stable `code`. Each layer adds its own kinds in an `errors.ts`.
 *
 * Messages say what happened, where, and what to do next. `path` and `position` are set where they mean something;
 * `cause` holds the system's own error where there was one.
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

/** Calls in an order that makes no sense: `commit` without `begin`, `begin` twice, a poll from inside a poll. */
export class InvalidStateError extends TicktapeError {
  readonly code = 'ERR_INVALID_STATE'
}

/** Used after `close()`. */
export class ClosedError extends TicktapeError {
  readonly code = 'ERR_CLOSED'
}

/** A symlink, a FIFO, a foreign owner or a directory others may write in, where the library's own file should be. */
export class UnsafePathError extends TicktapeError {
  readonly code = 'ERR_UNSAFE_PATH'
}

/** No space for what is to be made. Everything before is intact; the same call works again once there is space. */
export class NoSpaceError extends TicktapeError {
  // The code of the journals, for which it was first made: programs compare it.
  readonly code = 'ERR_JOURNAL_FULL'
}

/** There is nothing at a path (yet). */
export class NotFoundError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_NOT_FOUND'
}

/** What is at a path is of another kind than what should be there. */
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
