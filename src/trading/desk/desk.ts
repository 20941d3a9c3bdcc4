import { PASSED_ON } from '../../base/passed-on.js'
import type { FramePointer } from '../../frames/pointer.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import { Changed, Word } from '../orders/life/words.js'
import { DeskState } from '../risk/checks.js'
import type { Risk } from '../risk/risk.js'
import type { DeskConfig } from '../sequence/config.js'
import type { MarketBatch } from '../sequence/market-batch.js'
import type { CommandValues } from '../sequence/supervision-frames.js'
import type { Time } from '../sequence/time.js'
import { checkVenueEvent } from '../venues/check-event.js'
import type { RequestLimits } from '../venues/request-limits.js'
import type { VenueEvent } from '../venues/venue-event.js'
import { DeadMan } from './dead-man.js'
import { Departures } from './departures.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import { Flatten } from './flatten.js'
import { OperatorDesk } from './operator-desk.js'
import { Outcomes } from './outcomes.js'
import { Pairing } from './pairing.js'
import { Reconciliation } from './reconciliation.js'
import { Requests } from './requests.js'
import { RunningStrategies } from './running-strategies.js'
import { TradingSessions } from './sessions.js'
import { readTimerRequest } from './timer-fields.js'
import { Timers } from './timers.js'
import { Traded } from './traded.js'

/** What a venue may show that nobody here has asked for: an order of others, one of ours that no journal knows, an amend. */
export type Surprise = 'foreign-order' | 'orphan' | 'unasked-amend'

/** A clock that is back by less than this, in ns, was only corrected: time waits for it. */
const SET_BACK_NS = 1e9

const OVERFILL = reasonCode('overfill')
const HALTED = reasonCode('halted')
const REDUCING = reasonCode('reducing')
const OPERATOR = reasonCode('operator')
const NOT_SENT = reasonCode('not-sent')
const REQUESTED = reasonCode('requested')
const GONE = reasonCode('dead-man-switch')

/**
 * Everything that is decided about orders, as a function of what enters the sequence: the same inputs in the same order give
 * the same outcomes, live, after a restart and in replay. It reads no clock, no shared memory and no file.
 *
 * Inputs are the calls below; each burst begins with `tick`. Outcomes go to `outcomes`.
 */
export class Desk {
  /** The time of the burst, ns since the home's origin. It does not go back: what is due is due when so much time has passed. */
  now = PASSED_ON
  /** The same by the gateway's clock, which may be set back: days, the ages of quotes and venues' deadlines go by it. */
  clock = PASSED_ON
  /** `now` less `clock`: by how much the clock was set back in all. */
  ahead = 0
  readonly outcomes: Outcomes
  readonly timers = new Timers()
  readonly traded = new Traded()
  readonly strategies = new RunningStrategies()
  readonly deadMan = new DeadMan()
  readonly flatten: Flatten
  private readonly operator: OperatorDesk
  /** Which markets are open. */
  readonly sessions: TradingSessions
  readonly pairing: Pairing
  readonly reconciliation: Reconciliation
  private readonly departures: Departures
  private readonly requests: Requests
  /** The position of the frame that is being acted on. */
  cause = 0
  /** Is told of events that change nothing, because their numbers do not fit their order or it was forgotten. Decides nothing. */
  onIgnored: (venue: DeskVenue, event: VenueEvent, isForgotten: boolean) => void = () => {}
  /** Is told once of what venues show and nobody here has asked for. Decides nothing. */
  onSurprise: (surprise: Surprise, venue: DeskVenue, event: VenueEvent) => void = () => {}

  constructor(
    readonly instruments: Instruments,
    readonly orders: Orders,
    readonly risk: Risk,
    readonly venues: DeskVenues,
    readonly time: Time,
    outcomes: Outcomes,
  ) {
    this.now = 0
    this.clock = 0
    this.outcomes = outcomes
    this.sessions = new TradingSessions(instruments, risk, Number(time.origin / 1_000_000n))
    this.reconciliation = new Reconciliation(this, instruments, orders, risk, venues, outcomes)
    this.departures = new Departures(this, this.reconciliation)
    this.flatten = new Flatten(this, orders, risk, venues, outcomes, (order, venue) =>
      this.departures.submit(order, venue),
    )
    this.operator = new OperatorDesk(this, orders, risk, this.flatten, outcomes, (order, reason) =>
      this.cancelFor(order, reason),
    )
    this.pairing = new Pairing(this)
    this.requests = new Requests(this, this.departures)
    venues.onEvent = (venue, event) => {
      checkVenueEvent(venue.name, event, venue.accounts.length)
      this.venueEvent(venue, event, this.cause)
    }
  }

  /** A burst begins. @param clock of its Taken or Clock. */
  tick(clock: number): void {
    if (clock < this.clock - SET_BACK_NS) this.ahead += this.clock - clock
    const now = clock + this.ahead
    if (now > this.now) this.now = now
    // The same number while nothing was set back: no other is allocated.
    this.clock = this.ahead === 0 ? this.now : this.now - this.ahead
  }

  /** Whether something is due by the gateway's clock, or the clock was set back and the sequence has to say so. */
  isDue(clock: number): boolean {
    const { nextAt } = this
    return nextAt <= clock || (clock < this.clock - SET_BACK_NS && nextAt !== Number.POSITIVE_INFINITY)
  }

  /** When, by the gateway's clock, something is due by time alone: a timer, an answer of a simulated venue, a question. */
  get nextAt(): number {
    const { timers, venues, reconciliation, deadMan, sessions, departures, pairing } = this
    const orders = Math.min(reconciliation.nextAt, departures.nextAt, pairing.nextAt)
    return Math.min(timers.nextAt, venues.nextAt, orders, deadMan.nextAt, sessions.nextAt) - this.ahead
  }

  /** Fires what is due. @param position of the Clock frame. */
  advance(position: number): void {
    this.cause = position
    this.sessions.advance(this.now)
    this.venues.advance(this.now)
    this.reconciliation.ask()
    this.cancelForGone()
    this.departures.advance()
    this.pairing.advance()
    this.proceedWithPairs()
    for (;;) {
      const timer = this.timers.take(this.now)
      if (timer === undefined) return
      if (this.strategies.epochOf(timer.strategy) === timer.epoch) this.outcomes.timer(timer, position)
    }
  }

  /**
   * A gateway starts. What was asked of a venue in the last gateway's process and not answered may have been sent or not:
   * only the venue knows. @param position of the Run frame.
   */
  restart(clock: number, position: number): void {
    this.tick(clock)
    this.cause = position
    this.deadMan.restart(this.now)
    // An order from before the restart must not leave now: its strategy may no longer want it.
    this.departures.refuseWaiting(NOT_SENT)
    this.reconciliation.restart()
    this.proceedWithPairs()
  }

  /** What venues allow, by the venue's number: in effect from now on. */
  setRequestLimits(venues: readonly { readonly requestLimits?: RequestLimits | undefined }[]): void {
    for (const { pacing, number } of this.venues.all) pacing.setLimits(venues[number]?.requestLimits)
  }

  /** Puts a configuration into effect. @throws {InvalidOptionError} for limits that are not sound. */
  configure({ risk, deadManMs = 0, venues }: DeskConfig): void {
    this.setRequestLimits(venues)
    this.risk.setOptions(risk)
    this.deadMan.setLimit(deadManMs)
  }

  /** The time of a frame's field. */
  fromClock(time: bigint): number {
    return this.time.fromBigInt(time)
  }

  /**
   * The machine stopped: what was asked of venues and what they said may be lost. @param position of the last Lost frame.
   */
  losePower(position: number): void {
    this.cause = position
    this.reconciliation.losePower()
  }

  /** A process of a strategy starts. */
  startStrategy(strategy: number, id: string, epoch: number, wantsTicker: boolean): void {
    this.strategies.start(strategy, epoch, wantsTicker)
    this.risk.addStrategy(strategy, id)
    this.timers.removeOf(strategy)
  }

  /** A strategy's process has ended, and its journal was taken to its end. */
  endStrategy(strategy: number): void {
    this.strategies.end(strategy)
    this.timers.removeOf(strategy)
    this.deadMan.gone(strategy, this.now)
  }

  /** A process of the strategy has started, and takes part. */
  strategyReady(strategy: number): void {
    this.deadMan.returned(strategy)
  }

  /** A person's command. Returns whether the gateway has to do it. @param position of its copy in the sequence. */
  command(command: CommandValues, position: number): boolean {
    this.cause = position
    // Positions are closed by the flatten: a pair that closed its excess too would open another one.
    if (command.action === 'flatten') this.pairing.giveUp(OPERATOR)
    const isUnfinished = this.operator.handle(command)
    this.proceedWithPairs()
    return isUnfinished
  }

  /** The state of trading was changed from outside: the breaker was pulled or reset. @param position of the Switch frame. */
  switchTo(state: 'active' | 'reducing' | 'halted', position: number): void {
    this.cause = position
    if (state === 'active') this.risk.resume()
    else this.risk.state = state === 'halted' ? DeskState.HALTED : DeskState.REDUCING
    if (state === 'halted') this.departures.refuseWaiting(HALTED, order => !order.operator)
    if (state === 'reducing') this.departures.refuseWaiting(REDUCING, order => !this.risk.isReducing(order))
    this.proceedWithPairs()
  }

  quote(instrument: Instrument, bid: number, bidSize: number, ask: number, askSize: number, position: number): void {
    const { price, quantity } = instrument
    this.cause = position
    this.quotedAt(
      instrument,
      price.nearest(bid),
      quantity.nearest(bidSize),
      price.nearest(ask),
      quantity.nearest(askSize),
    )
  }

  trade(instrument: Instrument, side: number, price: number, size: number, position: number): void {
    this.cause = position
    this.tradedAt(instrument, side, instrument.price.nearest(price), instrument.quantity.nearest(size))
  }

  /** The events of a batch, whose frames are written. They stay in its columns: prices that are passed on would be allocated. */
  market(batch: MarketBatch): void {
    for (let i = 0; i < batch.count; i++) this.marketEvent(batch, i)
  }

  private marketEvent(batch: MarketBatch, i: number): void {
    const instrument = batch.instruments[i] as Instrument
    const { price, quantity } = instrument
    const ticks = price.nearest(batch.prices[i])
    const steps = quantity.nearest(batch.sizes[i])
    this.cause = batch.positions[i]
    if (batch.isTrade[i] === 1) this.tradedAt(instrument, batch.sides[i], ticks, steps)
    else this.quotedAt(instrument, ticks, steps, price.nearest(batch.asks[i]), quantity.nearest(batch.askSizes[i]))
  }

  private quotedAt(instrument: Instrument, bid: number, bidSteps: number, ask: number, askSteps: number): void {
    this.risk.quote(instrument, bid, ask, this.clock)
    this.venues.quote(instrument, bid, bidSteps, ask, askSteps, this.now)
    this.proceedWithPairs()
  }

  private tradedAt(instrument: Instrument, side: number, ticks: number, steps: number): void {
    this.venues.trade(instrument, side, ticks, steps, this.now)
    this.proceedWithPairs()
  }

  /**
   * A copy of an Order frame.
   *
   * @param strategy the number of the strategy from whose journal it comes.
   * @param position the copy's position in the sequence.
   */
  order(frame: FramePointer, strategy: number, position: number): void {
    this.cause = position
    this.requests.take(frame, strategy)
    this.proceedWithPairs()
  }

  /** A copy of a Pair frame. */
  pair(frame: FramePointer, strategy: number, position: number): void {
    this.cause = position
    this.pairing.request(frame, strategy)
    this.proceedWithPairs()
  }

  /** A copy of a TimerRequest frame. */
  requestTimer(frame: FramePointer, strategy: number): void {
    const request = readTimerRequest(frame)
    const epoch = this.strategies.epochOf(strategy)
    if (epoch === 0) return
    if (request.after < 0) return this.timers.remove(strategy, request.id)
    this.timers.add({ ...request, strategy, epoch, due: this.now + request.after })
  }

  /** Something that a venue said, in the sequence as a VenueReport. @param position of that frame. */
  report(venue: DeskVenue, event: VenueEvent, position: number): void {
    this.cause = position
    this.venueEvent(venue, event, position)
    this.proceedWithPairs()
  }

  /** Sends an order that has passed risk, is in the book and is reserved; or lets it wait for the venue's limits. */
  leave(order: LiveOrder, venue: DeskVenue): void {
    this.departures.submit(order, venue)
  }

  /** Asks the venue what became of an order. */
  ask(order: LiveOrder): void {
    this.reconciliation.askAbout(order)
  }

  /** An order has changed in a way that no venue has said. */
  orderChanged(order: LiveOrder): void {
    if (order.inPair) this.pairing.changed(order)
  }

  /** Books and reports an event that the gateway itself makes. */
  ownEvent(venue: DeskVenue, event: VenueEvent, cause: number): void {
    this.venueEvent(venue, event, cause)
  }

  /** Sends what was decided and must be in the sequence before it leaves. */
  send(): void {
    this.venues.send(this.now)
  }

  /** Asks for the end of an order. False when it has not left, and now never will. */
  requestCancel(order: LiveOrder): boolean {
    return this.requests.requestCancel(order)
  }

  /** Pairs act on what has changed, once the input itself is dealt with. */
  private proceedWithPairs(): void {
    if (this.pairing.hasChanged) this.pairing.proceed()
  }

  /** Cancels an order that its strategy has not cancelled. @param reason an index into REASONS: its reports will say it. */
  private cancelFor(order: LiveOrder, reason: number): void {
    order.cancelledFor = reason
    this.requestCancel(order)
  }

  /** The dead-man switch: cancels the orders of strategies that have been gone for too long. */
  private cancelForGone(): void {
    for (;;) {
      const strategy = this.deadMan.take(this.now)
      if (strategy === undefined) return
      const open = this.orders.ofStrategy(strategy)
      if (open.size === 0) {
        this.deadMan.returned(strategy)
        continue
      }
      this.outcomes.deadMan(strategy, open.size, this.cause)
      for (const order of open) this.cancelFor(order, GONE)
    }
  }

  /** A venue acts on no request after this, by its own clock. A simulated one has the desk's time. */
  deadlineAt(venue: DeskVenue): number {
    return venue.deadline(venue.venue.deterministic ? this.now : this.clock)
  }

  private venueEvent(venue: DeskVenue, event: VenueEvent, position: number): void {
    const { orders, outcomes, risk } = this
    const changed = orders.apply(event, this.now)
    const { order } = orders
    const isForgotten = (changed & Changed.FORGOTTEN) !== 0
    // Only a fill is lost with its order: its position is the venue's alone now.
    if ((changed & Changed.INVALID) !== 0 || (isForgotten && event.kind === 'fill'))
      this.onIgnored(venue, event, isForgotten)
    if ((changed & Changed.FOREIGN) !== 0 && orders.foreign.isNew) this.onSurprise('foreign-order', venue, event)
    if (order === undefined) return this.reconciliation.accountEvent(venue, event)
    if ((changed & Changed.ORPHAN) !== 0) this.onSurprise('orphan', venue, event)
    if ((changed & Changed.UNASKED) !== 0) this.onSurprise('unasked-amend', venue, event)
    if ((changed & Changed.ORPHAN) !== 0 && order.unknownSince >= 0) this.reconciliation.awaitAgain(order)
    risk.apply(order, changed, event, this.clock)
    if (order.inPair) this.pairing.changed(order)
    if ((changed & Changed.MISSING) !== 0 && order.missingSteps > 0) this.reconciliation.awaitFills(order)
    if ((changed & Changed.FILL) !== 0) outcomes.fill(order, event, position)
    if ((changed & REPORTED) === 0) return
    const refusal = event.kind === 'amend-rejected' || event.kind === 'cancel-rejected' || event.kind === 'not-sent'
    let reason = refusal && event.request !== 0 ? event.reason : order.reason
    // The venue only knows that it was asked to.
    if (order.cancelledFor !== 0 && order.word === Word.CANCELLED && reason === REQUESTED) reason = order.cancelledFor
    if ((changed & Changed.OVERFILL) !== 0) {
      // More than was asked for: the venue's numbers or ours are wrong. The operator decides when the strategy may continue.
      risk.pause(order.strategy, true)
      reason = OVERFILL
    }
    outcomes.report(order, event.request, reason, event.venueTime, position)
    if (this.flatten.isWaiting) this.flatten.proceed()
  }
}

/** The changes that the strategy gets a report of. */
const REPORTED = Changed.STATE | Changed.TERMS | Changed.REQUEST | Changed.FILL | Changed.REVISED
