/** Errors about journals that are replicated over a network. */
import { TicktapeError } from '../base/errors.js'

/** The server refuses the connection, or has no JetStream. */
export class StreamServerError extends TicktapeError {
  readonly code = 'ERR_STREAM_SERVER'
}

/** There is no such stream, there are several, or it is not one that ticktape has made. */
export class StreamError extends TicktapeError {
  readonly code = 'ERR_STREAM'
}

/** Another process publishes to the stream. */
export class StreamPublisherError extends TicktapeError {
  readonly code = 'ERR_STREAM_PUBLISHER'
}

/** The journal is not the one whose runs the stream has: it was made again, repaired, or has lost frames that were published. */
export class SourceChangedError extends TicktapeError {
  readonly code = 'ERR_SOURCE_CHANGED'
}

/** The limits of the stream have removed runs that the replica has not got. `first` is the first position that the stream has. */
export class StreamBehindError extends TicktapeError {
  readonly code = 'ERR_STREAM_BEHIND'
  readonly first: number

  constructor(message: string, first: number, location: { readonly path?: string; readonly position?: number } = {}) {
    super(message, location)
    this.first = first
  }
}
