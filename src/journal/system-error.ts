import type { TicktapeError } from '../base/errors.js'
import { fromSystemError as from, type SystemErrorClasses } from '../base/system-error.js'
import { JournalFullError, JournalNotFoundError, JournalSystemError, NotAJournalError } from './errors.js'

const JOURNAL: SystemErrorClasses = {
  NoSpace: JournalFullError,
  NotFound: JournalNotFoundError,
  WrongPath: NotAJournalError,
  Other: JournalSystemError,
}

/** The journal's error for a system call that failed while `doing` something to `path`. */
export function fromSystemError(error: unknown, doing: string, path: string): TicktapeError {
  return from(error, doing, path, JOURNAL)
}
