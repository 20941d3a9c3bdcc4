/** What can be wrong with strategies, venues and captures. */
import { type ErrorLocation, TicktapeError } from '../base/errors.js'

/** A strategy whose definition is not right, or a module that has none, or cannot be loaded. */
export class StrategyError extends TicktapeError {
  readonly code = 'ERR_STRATEGY'
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

  constructor(message: string, line: number, location: ErrorLocation = {}) {
    super(message, location)
    this.line = line
  }
}
