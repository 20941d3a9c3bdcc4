import { idHigh } from '../messages/order-id.js'
import { BUY, IOC, MARKET, SELL } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { ListKind } from '../orders/life/order-list.js'
import type { Orders } from '../orders/life/orders.js'
import type { Holding } from '../risk/holding.js'
import type { Risk } from '../risk/risk.js'
import type { DeniedOrder, FlattenCount } from './decisions.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import type { Moment } from './moment.js'
import type { Outcomes } from './outcomes.js'

/** Orders of the operator have this epoch, which no process of a strategy has. */
const OPERATOR_EPOCH = 0
/** A position whose orders are not cancelled within this time stays open: by then the market may have changed. ns. */
const PATIENCE_NS = 60e9
/** Orders into which one position is split at most, when a limit makes them small. */
const MOST_PARTS = 1000
/** ns for each number of the counter: 32 bits last for 2.7 years. */
const COUNTER_NS = 20e6
const UNKNOWN_VENUE = reasonCode('unknown-venue')

/**
 * Closes the positions of all accounts by market orders that only reduce. Each is an order of a strategy that holds a part
 * of the position, so that the strategy gets its fills; what no strategy holds is closed by an order without an owner (strategy 0).
 *
 * While an account has open orders in the instrument, its position waits for their cancels: they could fill meanwhile, and
 * the position would be closed twice.
 */
export class Flatten {
  private waiting: WaitingPosition[] = []
  private lastLow = 0
  /** A venue inside the desk answers at once, from inside `proceed`. */
  private isProceeding = false

  constructor(
    private readonly moment: Moment,
    private readonly orders: Orders,
    private readonly risk: Risk,
    private readonly venues: DeskVenues,
    private readonly outcomes: Outcomes,
    /** Sends an order that has passed risk, is in the book and is reserved. */
    private readonly leave: (order: LiveOrder, venue: DeskVenue) => void,
  ) {}

  /** To be called after the cancels of all open orders were decided. */
  begin(): FlattenCount {
    const { now } = this.moment
    this.waiting = []
    for (const [account, owner] of this.risk.desk.accounts.entries()) {
      // Also accounts with open orders: these may be filled before their cancels arrive.
      const instruments = new Set<number>()
      for (const holding of owner?.holdings ?? [])
        if (holding !== undefined && holding.position !== 0) instruments.add(holding.market.instrument.number)
      for (const order of this.orders.ofAccount(account)) instruments.add(order.instrument.number)
      for (const instrument of instruments) this.waiting.push({ account, instrument, until: now + PATIENCE_NS })
    }
    return this.proceed()
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** Closes the positions whose open orders have been cancelled. */
  proceed(): FlattenCount {
    const count: FlattenCount = { orders: 0, denied: 0, reason: 0, waiting: 0 }
    if (this.isProceeding) return count
    this.isProceeding = true
    const left: WaitingPosition[] = []
    for (const position of this.waiting) {
      if (this.moment.now > position.until) continue
      if (this.hasOpenOrders(position)) left.push(position)
      else this.close(position, count)
    }
    this.isProceeding = false
    this.waiting = left
    count.waiting = left.length
    return count
  }

  save(): FlattenData {
    return { waiting: [...this.waiting], lastLow: this.lastLow }
  }

  load({ waiting, lastLow }: FlattenData): void {
    this.waiting = [...waiting]
    this.lastLow = lastLow
  }

  private hasOpenOrders({ account, instrument }: WaitingPosition): boolean {
    const list = this.orders.ofAccount(account)
    for (let order = list.first; order !== undefined; order = order.next[ListKind.ACCOUNT])
      if (order.instrument.number === instrument) return true
    return false
  }

  private close({ account, instrument }: WaitingPosition, count: FlattenCount): void {
    const { desk } = this.risk
    const held = desk.account(account).holdings[instrument]
    if (held === undefined || held.position === 0) return
    const side = held.position > 0 ? SELL : BUY
    let open = Math.abs(held.position)
    // The strategies that hold it, in the order of their numbers.
    for (const owner of desk.strategies) {
      const own = owner?.holdings[instrument]
      if (owner === undefined || own === undefined || own.position * held.position <= 0) continue
      const steps = Math.min(open, Math.abs(own.position))
      if (steps > 0) this.send(owner.number, account, held, side, steps, count)
      open -= steps
    }
    if (open > 0) this.send(0, account, held, side, open, count)
  }

  private send(
    strategy: number,
    account: number,
    held: Holding,
    side: number,
    steps: number,
    count: FlattenCount,
  ): void {
    const venue = this.venues.of(held.market.instrument)
    const index = venue === undefined ? -1 : account - venue.firstAccount
    const isKnown = venue !== undefined && index >= 0 && index < venue.accounts.length
    const most = isKnown ? this.mostSteps(strategy, held) : steps
    let left = steps
    for (let part = 0; left > 0 && part < MOST_PARTS; part++) {
      const size = Math.min(left, most)
      const reason = isKnown ? this.sendPart(venue, strategy, account, index, held, side, size) : UNKNOWN_VENUE
      left -= size
      if (reason === 0) count.orders++
      else {
        count.denied++
        if (count.reason === 0) count.reason = reason
      }
    }
  }

  /** Returns 0, or why it was denied. */
  private sendPart(
    venue: DeskVenue,
    strategy: number,
    accountNumber: number,
    account: number,
    { market }: Holding,
    side: number,
    steps: number,
  ): number {
    const { now, clock, cause } = this.moment
    const { orders, risk } = this
    const { instrument } = market
    const order = orders.create(idHigh(strategy, OPERATOR_EPOCH), this.nextLow())
    order.instrument = instrument
    order.account = account
    order.accountNumber = accountNumber
    order.side = side
    order.type = MARKET
    order.timeInForce = IOC
    order.expireAt = 0
    order.postOnly = false
    order.reduceOnly = true
    order.operator = true
    order.ticks = 0
    order.stopTicks = 0
    order.steps = steps
    order.deadline = venue.deadline(now)
    const reason = risk.check(order, clock)
    if (reason !== 0) {
      this.outcomes.denial(denialOf(order.idHigh, order.idLow, strategy, instrument.number, side), reason, cause)
      orders.discard(order)
      return reason
    }
    orders.submit(order, now)
    risk.reserve(order, clock)
    this.leave(order, venue)
    return 0
  }

  /** The largest order that the limits of its size let pass. */
  private mostSteps(strategy: number, held: Holding): number {
    const { market } = held
    const { desk } = this.risk
    const own = desk.holding(desk.strategy(strategy), market)
    let most = Math.min(market.instrument.maxSteps, market.maxOrderSteps, own.maxOrderSteps, held.maxOrderSteps)
    // The price that risk counts a market order with.
    const price = market.ask > 0 ? market.ask : market.middle2 / 2
    const stepMoney = price > 0 || market.instrument.inverse ? market.stepNotional(price) : 0
    if (stepMoney > 0)
      for (const limit of [market.maxNotional, market.maxOrderMoney, own.maxOrderMoney, held.maxOrderMoney])
        if (limit !== undefined) most = Math.min(most, Math.floor(limit.high / stepMoney))
    return Math.max(1, most)
  }

  /** Grows with the time, so that no id is used twice, also after the end of the sequence was lost in a power loss. */
  private nextLow(): number {
    this.lastLow = Math.max(this.lastLow + 1, Math.floor(this.moment.now / COUNTER_NS))
    return this.lastLow
  }
}

/** A position that is to be closed. */
interface WaitingPosition {
  /** The account's number on the desk, and the instrument's. */
  readonly account: number
  readonly instrument: number
  /** ns. */
  readonly until: number
}

export interface FlattenData {
  readonly waiting: readonly WaitingPosition[]
  readonly lastLow: number
}

function denialOf(high: number, low: number, strategy: number, instrument: number, side: number): DeniedOrder {
  return { idHigh: high, idLow: low, strategy, instrument, request: 0, side, price: 0, quantity: 0 }
}
