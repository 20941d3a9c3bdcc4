import type { FramePointer } from '../../frames/pointer.js'
import type { Instruments } from '../instruments/instruments.js'
import { epochOfHigh, strategyOfHigh } from '../messages/order-id.js'
import { ACTIONS, GTD, LIMIT, STOP, STOP_LIMIT } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import type { Risk } from '../risk/risk.js'
import { setTerms } from '../risk/terms.js'
import type { Time } from '../sequence/time.js'
import type { DeniedOrder } from './decisions.js'
import type { Departures } from './departures.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import { labelOf, OrderFields } from './order-fields.js'
import type { Outcomes } from './outcomes.js'
import type { Pairing } from './pairing.js'
import type { RunningStrategies } from './running-strategies.js'

const NEW = ACTIONS.indexOf('new')
const AMEND = ACTIONS.indexOf('amend')
const CANCEL = ACTIONS.indexOf('cancel')
const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const UNKNOWN_VENUE = reasonCode('unknown-venue')
const UNKNOWN_ACCOUNT = reasonCode('unknown-account')
const UNKNOWN_ORDER = reasonCode('unknown-order')
const BAD_TERMS = reasonCode('bad-terms')
const PRICE_TICK = reasonCode('price-tick')
const QUANTITY_STEP = reasonCode('quantity-step')
const FENCED = reasonCode('strategy-fenced')
const ORDER_IS_FINAL = reasonCode('order-is-final')
const LEG_OF_PAIR = reasonCode('leg-of-pair')
const CANCELLED_BEFORE_SENT = reasonCode('cancelled-before-sent')
const AMEND_NOT_SUPPORTED = reasonCode('amend-not-supported')
const LOST_CAUSE = reasonCode('lost-cause')

/** What requests need of the desk. */
export interface RequestDesk {
  readonly now: number
  readonly clock: number
  readonly cause: number
  readonly time: Time
  readonly instruments: Instruments
  readonly orders: Orders
  readonly risk: Risk
  readonly venues: DeskVenues
  readonly outcomes: Outcomes
  readonly pairing: Pairing
  readonly strategies: RunningStrategies
  deadlineAt(venue: DeskVenue): number
}

/** What strategies ask: new orders, amends and cancels. Each passes all checks and departs, or is denied with a reason. */
export class Requests {
  private readonly fields = new OrderFields()
  private readonly denied: DeniedOrder = {
    idHigh: 0,
    idLow: 0,
    strategy: 0,
    instrument: 0,
    request: 0,
    side: 0,
    price: 0,
    quantity: 0,
  }

  constructor(
    private readonly desk: RequestDesk,
    private readonly departures: Departures,
  ) {}

  /**
   * A copy of an Order frame.
   *
   * @param strategy the number of the strategy from whose journal it comes.
   */
  take(frame: FramePointer, strategy: number): void {
    const fields = this.fields.read(frame, this.desk.time)
    if (strategyOfHigh(fields.idHigh) !== strategy) return this.deny(fields, strategy, UNKNOWN_ORDER)
    if (this.desk.strategies.hasLost(strategy) && (fields.action === NEW || fields.action === AMEND))
      return this.denyLost(fields, strategy)
    switch (fields.action) {
      case NEW:
        // Cancels and amends may be about orders of earlier epochs.
        if (this.desk.strategies.epochOf(strategy) !== epochOfHigh(fields.idHigh))
          return this.deny(fields, strategy, FENCED)
        return this.submit(fields, frame, strategy)
      case AMEND:
        return this.amend(fields, strategy)
      case CANCEL:
        return this.cancel(fields, strategy)
      default:
        return this.cancelAll(strategy, fields.instrument)
    }
  }

  private submit(fields: OrderFields, frame: FramePointer, strategy: number): void {
    const instrument = this.desk.instruments.get(fields.instrument)
    if (instrument === undefined) return this.deny(fields, strategy, UNKNOWN_INSTRUMENT)
    const venue = this.desk.venues.of(instrument)
    if (venue === undefined) return this.deny(fields, strategy, UNKNOWN_VENUE)
    if (fields.account >= venue.accounts.length) return this.deny(fields, strategy, UNKNOWN_ACCOUNT)
    if (!hasSoundTerms(fields) || this.desk.orders.wasUsed(fields.idHigh, fields.idLow))
      return this.deny(fields, strategy, BAD_TERMS)
    const order = this.desk.orders.create(fields.idHigh, fields.idLow)
    order.instrument = instrument
    order.account = fields.account
    order.accountNumber = venue.firstAccount + fields.account
    order.side = fields.side
    order.type = fields.type
    order.timeInForce = fields.timeInForce
    order.expireAt = fields.expireAt
    order.postOnly = fields.postOnly
    order.reduceOnly = fields.reduceOnly
    order.label = labelOf(frame)
    order.deadline = this.desk.deadlineAt(venue)
    const misfit = setTerms(order, fields.price, fields.quantity, fields.stopPrice)
    const reason = misfit === 0 ? this.desk.risk.check(order, this.desk.clock) : misfit
    if (reason !== 0) {
      this.desk.orders.discard(order)
      return this.deny(fields, strategy, reason)
    }
    this.desk.orders.submit(order, this.desk.now)
    this.desk.risk.reserve(order, this.desk.clock)
    this.departures.submit(order, venue)
  }

  private amend(fields: OrderFields, strategy: number): void {
    const order = this.desk.orders.find(fields.idHigh, fields.idLow)
    if (order === undefined) return this.deny(fields, strategy, UNKNOWN_ORDER)
    const { instrument } = order
    const venue = this.desk.venues.of(instrument)
    if (order.isFinal) return this.refuse(order, fields.request, ORDER_IS_FINAL)
    if (venue === undefined || !venue.canAmend) return this.refuse(order, fields.request, AMEND_NOT_SUPPORTED)
    const ticks = fields.price === 0 ? order.ticks : instrument.price.unitsOf(fields.price)
    if (Number.isNaN(ticks)) return this.refuse(order, fields.request, PRICE_TICK)
    const steps = fields.quantity === 0 ? order.steps : instrument.quantity.unitsOf(fields.quantity)
    if (Number.isNaN(steps)) return this.refuse(order, fields.request, QUANTITY_STEP)
    if (order.inPair && this.desk.pairing.refusesAmend(order, steps))
      return this.refuse(order, fields.request, LEG_OF_PAIR)
    const reason = this.desk.risk.checkAmend(order, ticks, steps, this.desk.clock)
    if (reason !== 0) return this.refuse(order, fields.request, reason)
    const deadline = this.desk.deadlineAt(venue)
    const request = this.desk.orders.requestAmend(order, ticks, steps, deadline)
    this.desk.risk.reserve(order, this.desk.clock)
    this.departures.amend(order, request, ticks, steps, deadline, venue)
  }

  private cancel(fields: OrderFields, strategy: number): void {
    const order = this.desk.orders.find(fields.idHigh, fields.idLow)
    if (order === undefined) {
      if (!this.desk.pairing.end(fields.idHigh, fields.idLow)) this.deny(fields, strategy, UNKNOWN_ORDER)
      return
    }
    if (order.isFinal) return this.refuse(order, fields.request, ORDER_IS_FINAL)
    if (!this.requestCancel(order)) this.refuse(order, fields.request, CANCELLED_BEFORE_SENT)
  }

  private cancelAll(strategy: number, instrument: number): void {
    for (const order of this.desk.orders.ofStrategy(strategy))
      if (instrument === 0 || order.instrument.number === instrument) this.requestCancel(order)
  }

  /** Requests the cancel of an order. False when the order had not been sent, and now will not be. */
  requestCancel(order: LiveOrder): boolean {
    const venue = this.desk.venues.of(order.instrument)
    if (venue === undefined) return false
    if (this.departures.dropWaiting(order, venue)) return false
    const request = this.desk.orders.requestCancel(order, this.desk.deadlineAt(venue))
    this.departures.cancel(order, request, venue)
    return true
  }

  /** It may have been sent before the power was lost, and what led to it may be gone: it is not sent, and not sent again. */
  private denyLost(fields: OrderFields, strategy: number): void {
    const order = this.desk.orders.find(fields.idHigh, fields.idLow)
    // The venue may have reported on it since.
    if (order === undefined) this.deny(fields, strategy, LOST_CAUSE)
    else this.refuse(order, fields.request, LOST_CAUSE)
  }

  private deny(fields: OrderFields, strategy: number, reason: number): void {
    const { denied } = this
    denied.idHigh = fields.idHigh
    denied.idLow = fields.idLow
    denied.strategy = strategy
    denied.instrument = fields.instrument
    denied.request = fields.request
    denied.side = fields.side
    denied.price = fields.price
    denied.quantity = fields.quantity
    this.desk.outcomes.denial(denied, reason, this.desk.cause)
  }

  /** Refuses a request; the order stays as it was. */
  private refuse(order: LiveOrder, request: number, reason: number): void {
    this.desk.outcomes.report(order, request, reason, 0, this.desk.cause)
  }
}

/** Whether the terms of an order belong together. The strategy's context checks the same; a journal may have anything. */
function hasSoundTerms({ side, type, timeInForce, expireAt, price, stopPrice, postOnly }: OrderFields): boolean {
  const hasLimit = type === LIMIT || type === STOP_LIMIT
  const hasStop = type === STOP || type === STOP_LIMIT
  return (
    type <= STOP_LIMIT &&
    side <= 1 &&
    timeInForce <= GTD &&
    (hasLimit || price === 0) &&
    (hasStop || stopPrice === 0) &&
    (timeInForce === GTD) === expireAt > 0 &&
    !(postOnly && type !== LIMIT)
  )
}
