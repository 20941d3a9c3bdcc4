/**
 * Every error of the library: one class per kind of failure, each with a stable `code`.
 *
 * Messages say what happened, where, and what to do next. `path` and `position` are set where they mean something;
 * `cause` holds the system's own error where there was one.
 */

export interface ErrorPlace {
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

  constructor(message: string, place: ErrorPlace = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause })
    this.name = new.target.name
    this.path = place.path
    this.position = place.position
  }
}

/** An option or argument is of the wrong type, out of range, or misspelt. */
export class InvalidOptionError extends TicktapeError {
  readonly code = 'ERR_INVALID_OPTION'
}

/** A frame definition that cannot be laid out: bad name, id or field, too large, or two under one id. */
export class FrameDefinitionError extends TicktapeError {
  readonly code = 'ERR_FRAME_DEFINITION'
}

/** A value that its field cannot hold, an unknown field, or a missing one. Nothing was written. */
export class FieldValueError extends TicktapeError {
  readonly code = 'ERR_FIELD_VALUE'
}

/** A view used after its frame was committed, aborted, or the handler it was passed to returned. */
export class ViewExpiredError extends TicktapeError {
  readonly code = 'ERR_VIEW_EXPIRED'
}

/** Calls in an order that makes no sense: `commit` without `begin`, `begin` twice, a poll from inside a poll. */
export class InvalidStateError extends TicktapeError {
  readonly code = 'ERR_INVALID_STATE'
}

/** Used after `close()`. */
export class ClosedError extends TicktapeError {
  readonly code = 'ERR_CLOSED'
}

/** No journal there (yet). */
export class JournalNotFoundError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_NOT_FOUND'
}

/** There is something, but it is no journal: not a directory, or one with other things in it. */
export class NotAJournalError extends TicktapeError {
  readonly code = 'ERR_NOT_A_JOURNAL'
}

/** Written in a version of the format that this library does not read. */
export class FormatVersionError extends TicktapeError {
  readonly code = 'ERR_FORMAT_VERSION'
}

/** The bytes contradict the format. */
export class CorruptJournalError extends TicktapeError {
  readonly code = 'ERR_CORRUPT_JOURNAL'
  /** The page's number, where one is concerned. */
  readonly page: number | undefined
  /** The slot within the page, where one is concerned. */
  readonly slot: number | undefined

  constructor(message: string, place: ErrorPlace & { readonly page?: number; readonly slot?: number } = {}) {
    super(message, place)
    this.page = place.page
    this.slot = place.slot
  }
}

/** The page being read is not the journal's any more: the journal was removed, made anew, or cut by recovery after power loss. */
export class JournalReplacedError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_REPLACED'
}

/** One field that differs between two layouts under the same id. */
export interface FieldDifference {
  readonly field: string
  readonly journal: string
  readonly program: string
}

/** The journal has another layout under the same frame id, or the same name under another id. */
export class SchemaMismatchError extends TicktapeError {
  readonly code = 'ERR_SCHEMA_MISMATCH'
  readonly differences: readonly FieldDifference[]

  constructor(message: string, differences: readonly FieldDifference[], place: ErrorPlace = {}) {
    super(message, place)
    this.differences = differences
  }
}

/** Who holds a writer's lock, as its lock file says; undefined where that could not be read. */
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

  constructor(message: string, holder: LockHolder, place: ErrorPlace = {}) {
    super(message, place)
    this.holder = holder
  }
}

/** No space for the next page. Everything before is intact; the same call works again once there is space. */
export class JournalFullError extends TicktapeError {
  readonly code = 'ERR_JOURNAL_FULL'
}

/** The page of this position was removed by retention. `first` is the first position still there. */
export class PositionGoneError extends TicktapeError {
  readonly code = 'ERR_POSITION_GONE'
  readonly first: number

  constructor(message: string, first: number, place: ErrorPlace = {}) {
    super(message, place)
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

/** The bytes of a state file contradict its format: counters, rings and the like, see docs/state.md. */
export class CorruptStateError extends TicktapeError {
  readonly code = 'ERR_CORRUPT_STATE'
}

/** A state file of another kind, or made with other sizes, limits or frames than it is opened with. */
export class StateMismatchError extends TicktapeError {
  readonly code = 'ERR_STATE_MISMATCH'
}

/** Something in a state file that one process at a time may have, and another one has. `pid` is that process, where it could be read. */
export class StateBusyError extends TicktapeError {
  readonly code = 'ERR_STATE_BUSY'
  readonly pid: number | undefined

  constructor(message: string, pid: number | undefined, place: ErrorPlace = {}) {
    super(message, place)
    this.pid = pid
  }
}

/** A table in a state file has no free place left: make the file with more. Or a ring stayed full for as long as a write may wait. */
export class StateFullError extends TicktapeError {
  readonly code = 'ERR_STATE_FULL'
}

/** A symlink, a FIFO, a foreign owner or a directory others may write in, where the journal's own file should be. */
export class UnsafePathError extends TicktapeError {
  readonly code = 'ERR_UNSAFE_PATH'
}

/** The system refused: permission, read-only file system, open files, I/O. `cause` has the system's error. */
export class JournalSystemError extends TicktapeError {
  readonly code = 'ERR_SYSTEM'
  /** The system's own code, such as 'EACCES'. */
  readonly systemCode: string

  constructor(message: string, systemCode: string, place: ErrorPlace = {}) {
    super(message, place)
    this.systemCode = systemCode
  }
}

/** A journal that `repair` can make no copy of: nothing in it is good, or something is where the copy should be. */
export class RepairError extends TicktapeError {
  readonly code = 'ERR_REPAIR'
}

/** A strategy whose definition is not right, or a module that has none, or cannot be loaded. */
export class StrategyError extends TicktapeError {
  readonly code = 'ERR_STRATEGY'
}

/** A directory that is no session of a gateway and its strategies, or whose session.json is damaged. */
export class SessionError extends TicktapeError {
  readonly code = 'ERR_SESSION'
}

/** A venue that answers with what is no report on the order it was asked about. Nothing of the answer is written, and its gateway stops. */
export class VenueError extends TicktapeError {
  readonly code = 'ERR_VENUE'
}

/** A line of a capture that is not what such a file holds. It is counted, and the run goes on. */
export class CaptureLineError extends TicktapeError {
  readonly code = 'ERR_CAPTURE_LINE'
  /** Counted from 1. */
  readonly line: number

  constructor(message: string, line: number, place: ErrorPlace = {}) {
    super(message, place)
    this.line = line
  }
}
