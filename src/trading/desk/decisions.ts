import type { CommandProblem, CommandState } from '../sequence/supervision-frames.js'

/** What an order that was denied at once had asked for. */
export interface DeniedOrder {
  idHigh: number
  idLow: number
  strategy: number
  instrument: number
  request: number
  side: number
  price: number
  quantity: number
}

/** What a flatten did so far. */
export interface FlattenCount {
  orders: number
  denied: number
  /** Why the first one was denied. */
  reason: number
  /** Positions whose open orders must be cancelled first. */
  waiting: number
}

/** What the desk decided about a command. */
export interface CommandDecision {
  readonly state: CommandState
  readonly problem: CommandProblem
  readonly cancels: number
  readonly flatten: FlattenCount
}
