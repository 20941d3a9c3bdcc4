/** Errors about journals. */
import {
  type ErrorLocation,
  NoSpaceError,
  NotFoundError,
  SystemCallError,
  TicktapeError,
  WrongPathError,
} from '../base/errors.js'

/** There is no journal at the path (yet). */
export class JournalNotFoundError extends NotFoundError {}

/** The path is not a journal: it is not a directory, or a directory with other files. */
export class NotAJournalError extends WrongPathError {}

/** The open page is not part of the journal any more: the journal was removed, moved or replaced, or recovery after power loss removed the page. */
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

/** No space for the next page. All frames before it are intact; the same call works once there is space. */
export class JournalFullError extends NoSpaceError {}

/** A system call that a journal needs failed. */
export class JournalSystemError extends SystemCallError {}

/** The page of this position was removed by retention. `first` is the first position that still exists. */
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

/** A reader's name that cannot be stored, or no free reader slot. */
export class ReaderNameError extends TicktapeError {
  readonly code = 'ERR_READER_NAME'
}

/** A live reader has that name. */
export class ReaderBusyError extends TicktapeError {
  readonly code = 'ERR_READER_BUSY'
}

/** Recovery would have to drop durable frames. Nothing was changed. */
export class RecoveryRefusedError extends TicktapeError {
  readonly code = 'ERR_RECOVERY_REFUSED'
}

/** A sync failed. Frames that were not durable before may be lost. The writer accepts no more frames. */
export class SyncFailedError extends TicktapeError {
  readonly code = 'ERR_SYNC_FAILED'
}

/** `repair` cannot create a copy: the journal has no good frame, or the copy's path exists already. */
export class RepairError extends TicktapeError {
  readonly code = 'ERR_REPAIR'
}

/** The journal is a replica, whose frames come from another journal; or a replica was expected, and it is none. */
export class ReplicaError extends TicktapeError {
  readonly code = 'ERR_REPLICA'
}

/** What was to be applied to a replica does not continue it: it is of another journal, has a gap, or has other bytes at the same positions. */
export class ReplicaMismatchError extends TicktapeError {
  readonly code = 'ERR_REPLICA_MISMATCH'
}

/** An archive that cannot be made or read: damaged, of another journal, or the place for it has other files. No page was removed. */
export class ArchiveError extends TicktapeError {
  readonly code = 'ERR_ARCHIVE'
}
