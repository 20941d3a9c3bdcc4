import { TicktapeError } from '../../base/errors.js'
import type { CommandProblem, CommandState } from '../sequence/supervision-frames.js'

/** No gateway runs on the home, or it did not take a command in time. The command does not act, now or later. */
export class GatewayDownError extends TicktapeError {
  readonly code = 'ERR_GATEWAY_DOWN'
}

/** A gateway refused a command, or could not do it. */
export class CommandError extends TicktapeError {
  readonly code = 'ERR_COMMAND'
  readonly state: CommandState
  readonly problem: CommandProblem

  constructor(message: string, state: CommandState, problem: CommandProblem) {
    super(message)
    this.state = state
    this.problem = problem
  }
}
