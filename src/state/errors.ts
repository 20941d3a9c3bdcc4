/** Errors of state files. */
import { type ErrorLocation, TicktapeError } from '../base/errors.js'

/** The bytes of a state file (counters, rings and others, see docs/state.md) contradict its format. */
export class CorruptStateError extends TicktapeError {
  readonly code = 'ERR_CORRUPT_STATE'
}

/** A state file is of another kind, or was created with other sizes, limits or frames than it is opened with. */
export class StateMismatchError extends TicktapeError {
  readonly code = 'ERR_STATE_MISMATCH'
}

/**
 * A state file was removed, or another one has its path, while it was open: other processes no longer share it. Its memory is
 * closed; open it again.
 */
export class StateReplacedError extends TicktapeError {
  readonly code = 'ERR_STATE_REPLACED'
}

/** Another process holds what only one process may hold at a time. `pid` is that process, if the file says it. */
export class StateBusyError extends TicktapeError {
  readonly code = 'ERR_STATE_BUSY'
  readonly pid: number | undefined

  constructor(message: string, pid: number | undefined, location: ErrorLocation = {}) {
    super(message, location)
    this.pid = pid
  }
}

/**
 * A table in a state file has no free slot left: create the file with more. Or a ring stayed full for as long as a
 * write may wait.
 */
export class StateFullError extends TicktapeError {
  readonly code = 'ERR_STATE_FULL'
}
