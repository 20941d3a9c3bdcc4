import type { FrameSink } from '../../frames/frame-recorder.js'
import { Halves } from '../../frames/halves.js'
import type { WriteView } from '../../frames/view.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { BUY, LIQUIDITIES, ORDER_STATES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '../messages/order-terms.js'
import { REASONS } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { stateOf } from '../orders/life/state.js'
import { type INTENTS, Intent, TimerFired } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import type { Time } from '../sequence/time.js'
import type { VenueEvent } from '../venues/venue-event.js'
import type { Timer } from './timers.js'

const INTENT_ID = new Halves(Intent, 'orderId')
const INTENT_DEADLINE = new Halves(Intent, 'deadline')
const INTENT_EXPIRY = new Halves(Intent, 'expireAt')
const REPORT_ID = new Halves(OrderReport, 'orderId')
const REPORT_TIME = new Halves(OrderReport, 'venueTime')
const FILL_ID = new Halves(Fill, 'orderId')
const FILL_TIME = new Halves(Fill, 'venueTime')

/**
 * Writes what the desk decided. Live the frames go into the sequence; when the gateway starts again, or in replay, into a
 * recorder, to be compared with what the sequence has.
 */
export class Outcomes {
  /** Options of a commit, used again for each. */
  private readonly options = { cause: { journal: SEQUENCE, position: 0 }, source: SEQUENCE, dest: 0 }

  constructor(
    private sink: FrameSink,
    private readonly time: Time,
  ) {}

  /** From now on frames go there. */
  writeTo(sink: FrameSink): void {
    this.sink = sink
  }

  /** The order itself is sent. */
  submit(order: LiveOrder, venue: number, cause: number): void {
    const { time } = this
    const intent = this.beginIntent(order, 'submit', 0, venue, order.deadline)
    intent.side = SIDES[order.side]
    intent.orderType = ORDER_TYPES[order.type]
    intent.timeInForce = TIMES_IN_FORCE[order.timeInForce]
    intent.postOnly = order.postOnly
    intent.reduceOnly = order.reduceOnly
    intent.ticks = order.ticks
    intent.steps = order.steps
    intent.stopTicks = order.stopTicks
    if (order.expireAt !== 0) {
      time.split(order.expireAt)
      INTENT_EXPIRY.set(intent, time.low, time.high)
    }
    this.commit(order.strategy, cause)
  }

  amend(
    order: LiveOrder,
    request: number,
    ticks: number,
    steps: number,
    venue: number,
    deadline: number,
    cause: number,
  ): void {
    const intent = this.beginIntent(order, 'amend', request, venue, deadline)
    intent.ticks = ticks
    intent.steps = steps
    this.commit(order.strategy, cause)
  }

  cancel(order: LiveOrder, request: number, venue: number, deadline: number, cause: number): void {
    this.beginIntent(order, 'cancel', request, venue, deadline)
    this.commit(order.strategy, cause)
  }

  /** The venue is asked what became of an order. */
  query(order: LiveOrder, venue: number, cause: number): void {
    this.beginIntent(order, 'query', 0, venue, 0)
    this.commit(order.strategy, cause)
  }

  /** The venue is asked for all of an account. */
  reconcile(account: number, venue: number, cause: number): void {
    const intent = this.sink.begin(Intent)
    intent.action = 'reconcile'
    intent.venue = venue
    intent.account = account
    this.commit(0, cause)
  }

  /** @param reason an index into REASONS. @param cause the position of the frame that led to it. */
  report(order: LiveOrder, request: number, reason: number, venueTime: number, cause: number): void {
    const { instrument } = order
    const report = this.sink.begin(OrderReport)
    REPORT_ID.set(report, order.idLow, order.idHigh)
    report.instrument = instrument.number
    report.request = request
    report.side = SIDES[order.side]
    report.state = ORDER_STATES[stateOf(order)]
    report.reason = REASONS[reason]
    report.pendingCancel = order.pendingCancel
    report.pendingAmend = order.pendingAmend
    report.price = instrument.price.valueOf(order.ticks)
    report.quantity = instrument.quantity.valueOf(order.steps)
    report.filledQuantity = instrument.quantity.valueOf(order.filledSteps)
    report.averagePrice = order.averagePrice
    this.splitVenueTime(venueTime)
    REPORT_TIME.set(report, this.time.low, this.time.high)
    if (order.label !== '') report.clientOrderId = order.label
    this.commit(order.strategy, cause)
  }

  /** An order that was denied before it became one: what it asked for may be no whole number of ticks and steps. */
  denial(denied: DeniedOrder, reason: number, cause: number): void {
    const report = this.sink.begin(OrderReport)
    REPORT_ID.set(report, denied.idLow, denied.idHigh)
    report.instrument = denied.instrument
    report.request = denied.request
    report.side = SIDES[denied.side]
    report.state = 'denied'
    report.reason = REASONS[reason]
    report.price = denied.price
    report.quantity = denied.quantity
    this.commit(denied.strategy, cause)
  }

  fill(order: LiveOrder, event: VenueEvent, cause: number): void {
    const { instrument } = order
    const fill = this.sink.begin(Fill)
    FILL_ID.set(fill, order.idLow, order.idHigh)
    fill.instrument = instrument.number
    fill.account = order.account
    fill.side = order.side === BUY ? 'buy' : 'sell'
    fill.liquidity = LIQUIDITIES[event.maker ? 0 : 1]
    fill.price = instrument.price.valueOf(event.ticks)
    fill.quantity = instrument.quantity.valueOf(event.steps)
    fill.fee = event.fee
    this.splitVenueTime(event.venueTime)
    FILL_TIME.set(fill, this.time.low, this.time.high)
    fill.feeCurrency = event.feeCurrency
    fill.tradeId = event.tradeId
    this.commit(order.strategy, cause)
  }

  timer(timer: Timer, cause: number): void {
    const fired = this.sink.begin(TimerFired)
    fired.timer = timer.id
    fired.name = timer.name
    fired.due = this.time.toBigInt(timer.due)
    this.commit(timer.strategy, cause)
  }

  private beginIntent(
    order: LiveOrder,
    action: (typeof INTENTS)[number],
    request: number,
    venue: number,
    deadline: number,
  ): WriteView<typeof Intent> {
    const intent = this.sink.begin(Intent)
    INTENT_ID.set(intent, order.idLow, order.idHigh)
    intent.instrument = order.instrument.number
    intent.request = request
    intent.venue = venue
    intent.account = order.account
    intent.action = action
    if (deadline !== 0) {
      this.time.split(deadline)
      INTENT_DEADLINE.set(intent, this.time.low, this.time.high)
    }
    return intent
  }

  private commit(strategy: number, cause: number): void {
    const { options } = this
    options.cause.position = cause
    options.dest = strategy
    this.sink.commit(options)
  }

  private splitVenueTime(venueTime: number): void {
    if (venueTime > 0) this.time.split(venueTime)
    else this.time.low = this.time.high = 0
  }
}

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
