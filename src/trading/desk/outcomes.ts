import { OwnCommit } from '../../frames/commit-options.js'
import type { FrameSink } from '../../frames/frame-recorder.js'
import { Halves } from '../../frames/halves.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { pointerOf } from '../../frames/view.js'
import type { Instrument } from '../instruments/instrument.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { ORDER_STATES } from '../messages/order-terms.js'
import { PairReport } from '../messages/pair-frames.js'
import { REASONS } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { stateOf } from '../orders/life/state.js'
import type { Pair } from '../pairs/pair.js'
import { INTENTS, Intent, PositionDifference, TimerFired } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import { type CommandAction, CommandResult, DeadMan } from '../sequence/supervision-frames.js'
import type { Time } from '../sequence/time.js'
import type { VenueEvent } from '../venues/venue-event.js'
import type { CommandDecision, DeniedOrder } from './decisions.js'
import type { PairFields } from './pair-fields.js'
import { fillPairDenial, fillPairReport } from './pair-outcomes.js'
import type { Timer } from './timers.js'

const DENIED = ORDER_STATES.indexOf('denied')
const SUBMIT = INTENTS.indexOf('submit')
const AMEND = INTENTS.indexOf('amend')
const CANCEL = INTENTS.indexOf('cancel')
const QUERY = INTENTS.indexOf('query')
const RECONCILE = INTENTS.indexOf('reconcile')

// Frames are filled by offsets: the desk has numbers where views take names and bigints.
const INTENT = offsetsOf(Intent)
const INTENT_ID = new Halves(Intent, 'orderId')
const INTENT_DEADLINE = new Halves(Intent, 'deadline')
const INTENT_EXPIRY = new Halves(Intent, 'expireAt')
const REPORT = offsetsOf(OrderReport)
const REPORT_ID = new Halves(OrderReport, 'orderId')
const REPORT_TIME = new Halves(OrderReport, 'venueTime')
const FILL = offsetsOf(Fill)
const FILL_ID = new Halves(Fill, 'orderId')
const FILL_TIME = new Halves(Fill, 'venueTime')

/**
 * Writes what the desk decided. Live the frames go into the sequence; when the gateway starts again, or in replay, into a
 * recorder, to be compared with what the sequence has.
 */
export class Outcomes {
  private readonly options = new OwnCommit()

  constructor(
    private sink: FrameSink,
    private readonly time: Time,
  ) {
    this.options.hasCause = true
    this.options.journal = SEQUENCE
    this.options.source = SEQUENCE
  }

  /** From now on frames go there. */
  writeTo(sink: FrameSink): void {
    this.sink = sink
  }

  /** The order itself is sent. */
  submit(order: LiveOrder, venue: number, cause: number): void {
    const { time } = this
    const p = this.beginIntent(order, SUBMIT, 0, venue, order.deadline)
    const { at, u8, f64 } = p
    u8[at + INTENT.side] = order.side
    u8[at + INTENT.orderType] = order.type
    u8[at + INTENT.timeInForce] = order.timeInForce
    u8[at + INTENT.postOnly] = order.postOnly ? 1 : 0
    u8[at + INTENT.reduceOnly] = order.reduceOnly ? 1 : 0
    f64[(at + INTENT.ticks) >> 3] = order.ticks
    f64[(at + INTENT.steps) >> 3] = order.steps
    f64[(at + INTENT.stopTicks) >> 3] = order.stopTicks
    if (order.expireAt !== 0) {
      time.split(order.expireAt)
      INTENT_EXPIRY.store(p, time.low, time.high)
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
    const { at, f64 } = this.beginIntent(order, AMEND, request, venue, deadline)
    f64[(at + INTENT.ticks) >> 3] = ticks
    f64[(at + INTENT.steps) >> 3] = steps
    this.commit(order.strategy, cause)
  }

  cancel(order: LiveOrder, request: number, venue: number, deadline: number, cause: number): void {
    this.beginIntent(order, CANCEL, request, venue, deadline)
    this.commit(order.strategy, cause)
  }

  /** The venue is asked what became of an order. */
  query(order: LiveOrder, venue: number, cause: number): void {
    this.beginIntent(order, QUERY, 0, venue, 0)
    this.commit(order.strategy, cause)
  }

  /** The venue is asked for all of an account. */
  reconcile(account: number, venue: number, cause: number): void {
    const { at, u8, u16 } = pointerOf(this.sink.begin(Intent)) as FramePointer
    u8[at + INTENT.action] = RECONCILE
    u16[(at + INTENT.venue) >> 1] = venue
    u16[(at + INTENT.account) >> 1] = account
    this.commit(0, cause)
  }

  /** Of positions, in steps. */
  difference(
    instrument: Instrument,
    venue: number,
    account: number,
    ours: number,
    theirs: number,
    cause: number,
  ): void {
    const difference = this.sink.begin(PositionDifference)
    difference.instrument = instrument.number
    difference.venue = venue
    difference.account = account
    difference.ours = ours
    difference.theirs = theirs
    this.commit(0, cause)
  }

  /** @param reason an index into REASONS. @param cause the position of the frame that led to it. */
  report(order: LiveOrder, request: number, reason: number, venueTime: number, cause: number): void {
    const { instrument } = order
    const { price, quantity } = instrument
    const view = this.sink.begin(OrderReport)
    const p = pointerOf(view) as FramePointer
    const { at, u8, u32, f64 } = p
    REPORT_ID.store(p, order.idLow, order.idHigh)
    u32[(at + REPORT.instrument) >> 2] = instrument.number
    u32[(at + REPORT.request) >> 2] = request
    u8[at + REPORT.side] = order.side
    u8[at + REPORT.state] = stateOf(order)
    u8[at + REPORT.reason] = reason
    u8[at + REPORT.pendingCancel] = order.pendingCancel ? 1 : 0
    u8[at + REPORT.pendingAmend] = order.pendingAmend ? 1 : 0
    f64[(at + REPORT.price) >> 3] = price.valueOf(order.ticks)
    f64[(at + REPORT.quantity) >> 3] = quantity.valueOf(order.steps)
    if (order.filledSteps > 0) {
      f64[(at + REPORT.filledQuantity) >> 3] = quantity.valueOf(order.filledSteps)
      f64[(at + REPORT.averagePrice) >> 3] = order.averagePrice
    }
    this.storeVenueTime(REPORT_TIME, p, venueTime)
    if (order.label !== '') view.clientOrderId = order.label
    this.commit(order.strategy, cause)
  }

  /** An order that was denied before it became one: what it asked for may be no whole number of ticks and steps. */
  denial(denied: DeniedOrder, reason: number, cause: number): void {
    const p = pointerOf(this.sink.begin(OrderReport)) as FramePointer
    const { at, u8, u32, f64 } = p
    REPORT_ID.store(p, denied.idLow, denied.idHigh)
    u32[(at + REPORT.instrument) >> 2] = denied.instrument
    u32[(at + REPORT.request) >> 2] = denied.request
    u8[at + REPORT.side] = denied.side === 0 ? 0 : 1
    u8[at + REPORT.state] = DENIED
    u8[at + REPORT.reason] = reason
    f64[(at + REPORT.price) >> 3] = denied.price
    f64[(at + REPORT.quantity) >> 3] = denied.quantity
    this.commit(denied.strategy, cause)
  }

  fill(order: LiveOrder, event: VenueEvent, cause: number): void {
    const { instrument } = order
    const view = this.sink.begin(Fill)
    const p = pointerOf(view) as FramePointer
    const { at, u8, u16, u32, f64 } = p
    FILL_ID.store(p, order.idLow, order.idHigh)
    u32[(at + FILL.instrument) >> 2] = instrument.number
    u16[(at + FILL.account) >> 1] = order.account
    u8[at + FILL.side] = order.side
    u8[at + FILL.liquidity] = event.maker ? 0 : 1
    f64[(at + FILL.price) >> 3] = instrument.price.valueOf(event.ticks)
    f64[(at + FILL.quantity) >> 3] = instrument.quantity.valueOf(event.steps)
    f64[(at + FILL.fee) >> 3] = event.fee
    this.storeVenueTime(FILL_TIME, p, event.venueTime)
    view.feeCurrency = event.feeCurrency
    view.tradeId = event.tradeId
    this.commit(order.strategy, cause)
  }

  timer(timer: Timer, cause: number): void {
    const fired = this.sink.begin(TimerFired)
    fired.timer = timer.id
    fired.name = timer.name
    fired.due = this.time.toBigInt(timer.due)
    this.commit(timer.strategy, cause)
  }

  /** What was decided about a command. @param id its 64 random bits. */
  command(id: bigint, action: CommandAction, decision: CommandDecision, cause: number): void {
    const { orders, denied, reason, waiting } = decision.flatten
    const result = this.sink.begin(CommandResult)
    result.id = id
    result.action = action
    result.state = decision.state
    result.problem = decision.problem
    result.decidedBy = 'desk'
    result.reason = REASONS[reason]
    result.orders = orders
    result.denied = denied
    result.cancels = decision.cancels
    result.waiting = waiting
    this.commit(0, cause)
  }

  /** A strategy has been gone for too long; the cancels of its orders follow. */
  deadMan(strategy: number, orders: number, cause: number): void {
    const deadMan = this.sink.begin(DeadMan)
    deadMan.strategy = strategy
    deadMan.orders = orders
    this.commit(strategy, cause)
  }

  /** A pair has come further. */
  pair(pair: Pair, cause: number): void {
    fillPairReport(this.sink.begin(PairReport), pair)
    this.commit(pair.strategy, cause)
  }

  /** Neither leg of a pair was sent. @param reason an index into REASONS. */
  pairDenial(fields: PairFields, strategy: number, reason: number, cause: number): void {
    fillPairDenial(this.sink.begin(PairReport), fields, reason)
    this.commit(strategy, cause)
  }

  private beginIntent(
    order: LiveOrder,
    action: number,
    request: number,
    venue: number,
    deadline: number,
  ): FramePointer {
    const p = pointerOf(this.sink.begin(Intent)) as FramePointer
    const { at, u8, u16, u32 } = p
    INTENT_ID.store(p, order.idLow, order.idHigh)
    u32[(at + INTENT.instrument) >> 2] = order.instrument.number
    u32[(at + INTENT.request) >> 2] = request
    u16[(at + INTENT.venue) >> 1] = venue
    u16[(at + INTENT.account) >> 1] = order.account
    u8[at + INTENT.action] = action
    if (deadline !== 0) {
      this.time.split(deadline)
      INTENT_DEADLINE.store(p, this.time.low, this.time.high)
    }
    return p
  }

  private commit(strategy: number, cause: number): void {
    const { options } = this
    options.position = cause
    options.dest = strategy
    this.sink.commit(options)
  }

  private storeVenueTime(field: Halves, p: FramePointer, venueTime: number): void {
    if (!(venueTime > 0)) return
    this.time.split(venueTime)
    field.store(p, this.time.low, this.time.high)
  }
}
