/** Errors of sessions. */
import { TicktapeError } from '../base/errors.js'

/** A directory is not the home of a session, or its session.json is damaged. */
export class SessionError extends TicktapeError {
  readonly code = 'ERR_SESSION'
}
