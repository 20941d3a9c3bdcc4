/** What can be wrong with a journal. */
import {
  type ErrorLocation,
  NoSpaceError,
  NotFoundError,
  SystemCallError,
  TicktapeError,
  WrongPathError,
} from '../base/errors.js'

/** No journal there (yet). */
export class JournalNotFoundError extends NotFoundError {}

/** There is something, but it is not a journal: not a directory, or one with other things in it. */
export class NotAJournalError extends WrongPathError {}

/** The page being read is not the journal's any more: the journal was removed, made anew, or cut by recovery after power loss. */
export class JournalReplacedError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_REPLACED'
}

export interface LockHolder {
  readonly pid: number | undefined
  /** When the holder opened the journal, ISO 8601. */
  readonly since: string | undefined
  readonly host: string | undefined
  readonly epoch: number | undefined
}

/** Another writer has the journal open. */
export class WriterLockedError extends TicktapeError {
  readonly code = 'ERR_WRITER_LOCKED'
  readonly holder: LockHolder

  constructor(message: string, holder: LockHolder, location: ErrorLocation = {}) {
    super(message, location)
    this.holder = holder
  }
}

/** No space for the next page. Everything before is intact; the same call works again once there is space. */
export class JournalFullError extends NoSpaceError {}

/** The system refused something that a journal needs. */
export class JournalSystemError extends SystemCallError {}

/** The page of this position was removed by retention. `first` is the first position still there. */
export class PositionGoneError extends TicktapeError {
  readonly code = 'ERR_POSITION_GONE'
  readonly first: number

  constructor(message: string, first: number, location: ErrorLocation = {}) {
    super(message, location)
    this.first = first
  }
}

/** A position that the journal does not have, or one inside a frame. */
export class PositionError extends TicktapeError {
  readonly code = 'ERR_POSITION'
}

/** A reader's name that cannot be stored, or no free place for one more. */
export class ReaderNameError extends TicktapeError {
  readonly code = 'ERR_READER_NAME'
}

/** A live reader has that name. */
export class ReaderBusyError extends TicktapeError {
  readonly code = 'ERR_READER_BUSY'
}

/** Recovery would have to drop frames that were promised durable. Nothing was changed. */
export class RecoveryRefusedError extends TicktapeError {
  readonly code = 'ERR_RECOVERY_REFUSED'
}

/** Writing to the disk failed; what was not durable before may be lost. The writer takes nothing more. */
export class SyncFailedError extends TicktapeError {
  readonly code = 'ERR_SYNC_FAILED'
}

/** A journal that `repair` can make no copy of: nothing in it is good, or something is where the copy should be. */
export class RepairError extends TicktapeError {
  readonly code = 'ERR_REPAIR'
}
