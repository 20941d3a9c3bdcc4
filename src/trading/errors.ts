/** Errors of homes, strategies, venues, instruments, feeds and captures. */
import { type ErrorLocation, TicktapeError } from '../base/errors.js'

/** A strategy's definition is invalid, or its module cannot be loaded or has no strategy. */
export class StrategyError extends TicktapeError {
  readonly code = 'ERR_STRATEGY'
}

/** A handler of a strategy returned a promise: what it sent later would have no frame as its cause. */
export class PromiseReturnedError extends TicktapeError {
  readonly code = 'ERR_PROMISE_RETURNED'
}

/** A strategy cannot be replayed: its module ended the process, or rejected a promise. */
export class ReplayError extends TicktapeError {
  readonly code = 'ERR_REPLAY'
}

/** A value or a module is no venue; or a venue reports an event that no frame can hold, of which nothing is recorded. */
export class VenueError extends TicktapeError {
  readonly code = 'ERR_VENUE'
}

/** No quote and no trade in a capture is understood. */
export class CaptureError extends TicktapeError {
  readonly code = 'ERR_CAPTURE'
}

/** A module is no source of messages to record, or the source has failed. */
export class RecordingError extends TicktapeError {
  readonly code = 'ERR_RECORDING'
}

/**
 * The directory of a recording was removed, or another one has its path: what another process records there must not be touched. The
 * last second of messages is not recorded.
 */
export class RecordingReplacedError extends TicktapeError {
  readonly code = 'ERR_RECORDING_REPLACED'
}

/** Another process records into the same directory. */
export class RecordingBusyError extends TicktapeError {
  readonly code = 'ERR_RECORDING_BUSY'
}

/**
 * A gap in the feed's times is longer than the gateway waits. It is reported, and the run continues after the longest
 * wait.
 */
export class FeedGapError extends TicktapeError {
  readonly code = 'ERR_FEED_GAP'
}

/** A feed has an event that no market says. The events before it are in the sequence; the feed ends. */
export class FeedEventError extends TicktapeError {
  readonly code = 'ERR_FEED_EVENT'
  /** The event's number, counted from the feed's beginning. */
  readonly event: number

  constructor(message: string, event: number) {
    super(message)
    this.event = event
  }
}

/** A strategy asks for symbols of which there is no event. It is reported, and the run continues. */
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

/** A home has a deterministic venue that this program cannot build, so its gateway cannot be replayed. */
export class VenueMissingError extends TicktapeError {
  readonly code = 'ERR_VENUE_MISSING'
  /** Their names, as the home records them. */
  readonly venues: readonly string[]

  constructor(message: string, venues: readonly string[], location: ErrorLocation = {}) {
    super(message, location)
    this.venues = venues
  }
}

/**
 * A line of a capture is not valid. It is counted, and the run continues. The first ones are reported one by one, the
 * rest in one report.
 */
export class CaptureLineError extends TicktapeError {
  readonly code = 'ERR_CAPTURE_LINE'
  /** Counted from 1. */
  readonly line: number

  constructor(message: string, line: number, location: ErrorLocation = {}) {
    super(message, location)
    this.line = line
  }
}

/** No venue has an instrument of this symbol. */
export class UnknownInstrumentError extends TicktapeError {
  readonly code = 'ERR_UNKNOWN_INSTRUMENT'
  readonly symbol: string

  constructor(message: string, symbol: string) {
    super(message)
    this.symbol = symbol
  }
}

/** Several venues have an instrument of this symbol. Write it with its venue: 'BTCUSDT.binance'. */
export class AmbiguousSymbolError extends TicktapeError {
  readonly code = 'ERR_AMBIGUOUS_SYMBOL'
  readonly symbol: string

  constructor(message: string, symbol: string) {
    super(message)
    this.symbol = symbol
  }
}

/**
 * A directory is not a home, is a home of another version, or its journals do not belong together: one was restored from
 * an older copy, moved or exchanged. Nothing was sent and nothing was written.
 */
export class HomeError extends TicktapeError {
  readonly code = 'ERR_HOME'
}

/**
 * A strategy's `load` refuses the state that its `save` had given, or `save` gives what JSON cannot hold. It does not start,
 * or ends; what it has sent stands.
 */
export class StrategyStateError extends TicktapeError {
  readonly code = 'ERR_STRATEGY_STATE'
}

/** A snapshot cannot be made or used. It is reported, and an earlier one, or the beginning of the sequence, takes its place. */
export class SnapshotError extends TicktapeError {
  readonly code = 'ERR_SNAPSHOT'
}

/** What a replay needs is on pages that are gone: retired, or removed. */
export class PagesGoneError extends TicktapeError {
  readonly code = 'ERR_PAGES_GONE'
}

/** A desk.json is not JSON, or has what it may not have. The message names it, and the nearest known name. */
export class DeskFileError extends TicktapeError {
  readonly code = 'ERR_DESK_FILE'
}

/** A home's journals have no order with this id. */
export class UnknownOrderError extends TicktapeError {
  readonly code = 'ERR_UNKNOWN_ORDER'
  readonly orderId: bigint

  constructor(message: string, orderId: bigint, location: ErrorLocation = {}) {
    super(message, location)
    this.orderId = orderId
  }
}

/** The sequence has other outcomes than this gateway decides from the same inputs. */
export class SequenceMismatchError extends TicktapeError {
  readonly code = 'ERR_SEQUENCE_MISMATCH'
}

/** The error that a process of a replay had, by its code. */
export function errorWithCode(code: string | undefined, message: string, file: string): Error {
  if (code === 'ERR_STRATEGY') return new StrategyError(message, { path: file })
  if (code === 'ERR_HOME') return new HomeError(message)
  if (code === 'ERR_PAGES_GONE') return new PagesGoneError(message)
  return new ReplayError(message, { path: file })
}
