/** What can be wrong with a state file: counters, rings and the like, see docs/state.md. */
import { type ErrorLocation, TicktapeError } from '../base/errors.js'

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

  constructor(message: string, pid: number | undefined, location: ErrorLocation = {}) {
    super(message, location)
    this.pid = pid
  }
}

/** A table in a state file has no free place left: make the file with more. Or a ring stayed full for as long as a write may wait. */
export class StateFullError extends TicktapeError {
  readonly code = 'ERR_STATE_FULL'
}
