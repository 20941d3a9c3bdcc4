/** What can be wrong with a session of processes. */
import { TicktapeError } from '../base/errors.js'

/** A directory that is no session of a gateway and its strategies, or whose session.json is damaged. */
export class SessionError extends TicktapeError {
  readonly code = 'ERR_SESSION'
}
