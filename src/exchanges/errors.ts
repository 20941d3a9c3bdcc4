/** Errors of the connections to real venues. None of them holds a credential. */
import { TicktapeError } from '../base/errors.js'

/** A message of a venue has not the form that its documentation says. It is passed over, and nothing is concluded from it. */
export class VenueMessageError extends TicktapeError {
  readonly code = 'ERR_VENUE_MESSAGE'
}

/** Credentials are missing, incomplete, or in a file that others may read. */
export class CredentialsError extends TicktapeError {
  readonly code = 'ERR_CREDENTIALS'
}

/** A venue did not answer a request, or refused it. Of an order this says nothing. */
export class VenueRequestError extends TicktapeError {
  readonly code = 'ERR_VENUE_REQUEST'
  /** The venue's own code of the refusal; '' when there was no answer. */
  readonly venueCode: string

  constructor(message: string, venueCode = '', cause?: unknown) {
    super(message, { cause })
    this.venueCode = venueCode
  }
}

/** Market data of a venue was not received for a time: a connection was lost, or a book had a gap. It is reported, and the run continues. */
export class MarketDataGapError extends TicktapeError {
  readonly code = 'ERR_MARKET_DATA_GAP'
  /** For how many ms until now something may be missing; undefined when that is not known. */
  readonly missingMs: number | undefined

  constructor(message: string, missingMs?: number) {
    super(message)
    this.missingMs = missingMs
  }
}
