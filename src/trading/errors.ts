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

/** A capture in which no quote and no trade is understood. */
export class CaptureError extends TicktapeError {
  readonly code = 'ERR_CAPTURE'
}

/** Events later in the feed's time than the gateway waits for. Told, and the run goes on with them after the longest wait. */
export class FeedGapError extends TicktapeError {
  readonly code = 'ERR_FEED_GAP'
}

/** A strategy asks for symbols of which there is no event. Told, and the run goes on. */
export class UnknownSymbolError extends TicktapeError {
  readonly code = 'ERR_UNKNOWN_SYMBOL'
  readonly strategy: string
  readonly symbols: readonly string[]

  constructor(message: string, strategy: string, symbols: readonly string[]) {
    super(message)
    this.strategy = strategy
    this.symbols = symbols
  }
}

/** A session's orders were answered by venues that are not at hand, so its gateway cannot be compared. */
export class VenueMissingError extends TicktapeError {
  readonly code = 'ERR_VENUE_MISSING'
  /** Their names, as the session has them on record. */
  readonly venues: readonly string[]

  constructor(message: string, venues: readonly string[], location: ErrorLocation = {}) {
    super(message, location)
    this.venues = venues
  }
}

/** A line of a capture that is not what such a file holds. It is counted, and the run goes on. The first ones are told one by one, the rest at once. */
export class CaptureLineError extends TicktapeError {
  readonly code = 'ERR_CAPTURE_LINE'
  /** Counted from 1. */
  readonly line: number

  constructor(message: string, line: number, location: ErrorLocation = {}) {
    super(message, location)
    this.line = line
  }
}
