import { InvalidOptionError } from '../../base/errors.js'
import { idHalves } from '../messages/order-id.js'
import { reasonCode } from '../messages/reasons.js'
import { changeLimits, type LimitsChange } from '../operator/limits-change.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import type { Risk } from '../risk/risk.js'
import type { CommandProblem, CommandState, CommandValues } from '../sequence/supervision-frames.js'
import type { CommandDecision, FlattenCount } from './decisions.js'
import type { Flatten } from './flatten.js'
import type { Moment } from './moment.js'
import type { Outcomes } from './outcomes.js'

const OPERATOR = reasonCode('operator')

const NOTHING: FlattenCount = { orders: 0, denied: 0, reason: 0, waiting: 0 }

/** Carries out operators' commands about orders, limits and pauses. Decides from the sequence alone. */
export class OperatorDesk {
  constructor(
    private readonly moment: Moment & { fromClock(time: bigint): number },
    private readonly orders: Orders,
    private readonly risk: Risk,
    private readonly flatten: Flatten,
    private readonly outcomes: Outcomes,
    /** Cancels an order, with the reason on record. */
    private readonly cancel: (order: LiveOrder, reason: number) => void,
  ) {}

  /** Returns true when the gateway has to do it outside of the desk. Otherwise the outcome is written here. */
  handle(command: CommandValues): boolean {
    const decision = this.decide(command)
    if (decision === undefined) return true
    this.outcomes.command(command.id, command.action, decision, this.moment.cause)
    return false
  }

  private decide(command: CommandValues): CommandDecision | undefined {
    if (this.moment.fromClock(command.expires) < this.moment.now) return no('expired', 'expired')
    switch (command.action) {
      case 'resume':
        this.risk.resume()
        return done()
      case 'cancel-all':
        return this.cancelAll(command.strategy)
      case 'cancel-order':
        return this.cancelOne(command.detail)
      case 'flatten': {
        const cancels = this.cancelOrders(undefined)
        return done(cancels, this.flatten.begin())
      }
      case 'limits':
        return this.changeLimits(command.detail)
      case 'pause-strategy':
      case 'resume-strategy':
        return this.pause(command.strategy, command.action === 'pause-strategy')
      case 'add-strategy':
      case 'replace-strategy':
      case 'remove-strategy':
        return undefined
      default:
        return no('refused', 'unknown-command')
    }
  }

  private cancelAll(id: string): CommandDecision {
    if (id === '') return done(this.cancelOrders(undefined))
    const strategy = this.numberOf(id)
    return strategy === undefined ? no('refused', 'no-such-strategy') : done(this.cancelOrders(strategy))
  }

  /** @param orderId as decimal digits. */
  private cancelOne(orderId: string): CommandDecision {
    const id = /^\d{1,20}$/.test(orderId) ? BigInt(orderId) : 0n
    const { high, low } = idHalves(id)
    const order = id < 2n ** 64n ? this.orders.find(high, low) : undefined
    if (order === undefined) return no('refused', 'no-such-order')
    if (order.isFinal) return no('refused', 'order-ended')
    this.cancel(order, OPERATOR)
    return done(1)
  }

  /** @param strategy undefined for all. Returns how many. */
  private cancelOrders(strategy: number | undefined): number {
    const { orders, risk } = this
    let cancels = 0
    const first = strategy ?? 0
    const last = strategy ?? risk.desk.strategies.length - 1
    for (let number = first; number <= last; number++) {
      for (const order of orders.ofStrategy(number)) {
        this.cancel(order, OPERATOR)
        cancels++
      }
    }
    return cancels
  }

  private changeLimits(detail: string): CommandDecision {
    try {
      this.risk.setOptions(changeLimits(this.risk.options, JSON.parse(detail) as LimitsChange))
      return done()
    } catch (error) {
      // An invalid change is found before anything is changed. Other errors are faults of this program.
      if (error instanceof InvalidOptionError || error instanceof SyntaxError) return no('refused', 'bad-limits')
      throw error
    }
  }

  private pause(id: string, paused: boolean): CommandDecision {
    const strategy = this.numberOf(id)
    if (strategy === undefined) return no('refused', 'no-such-strategy')
    this.risk.pause(strategy, paused)
    return done()
  }

  private numberOf(id: string): number | undefined {
    return id === '' ? undefined : this.risk.desk.strategies.find(owner => owner?.name === id)?.number
  }
}

function done(cancels = 0, flatten = NOTHING): CommandDecision {
  return { state: 'done', problem: 'none', cancels, flatten }
}

function no(state: CommandState, problem: CommandProblem): CommandDecision {
  return { state, problem, cancels: 0, flatten: NOTHING }
}
