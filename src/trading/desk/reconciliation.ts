import type { Instruments } from '../instruments/instruments.js'
import { BUY } from '../messages/order-terms.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import { Word } from '../orders/life/words.js'
import type { Risk } from '../risk/risk.js'
import type { VenueEvent } from '../venues/venue-event.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import { MissingFills } from './missing-fills.js'
import type { Moment } from './moment.js'
import type { WaitingData } from './order-queue.js'
import type { Outcomes } from './outcomes.js'
import { Unanswered, type UnansweredData } from './unanswered.js'

export interface ReconciliationData {
  readonly unanswered: UnansweredData
  readonly missing: WaitingData
  readonly connectedAt: readonly number[]
}

/**
 * Asks venues about what is not known: requests without an answer, fills that are missing, accounts after a connection. It
 * never concludes anything from silence.
 */
export class Reconciliation {
  private readonly unanswered = new Unanswered()
  private readonly missing = new MissingFills()
  /** By the account's number: when the venue says that the last connection began, ns. */
  private readonly connectedAt: number[] = []

  constructor(
    private readonly moment: Moment,
    private readonly instruments: Instruments,
    private readonly orders: Orders,
    private readonly risk: Risk,
    private readonly venues: DeskVenues,
    private readonly outcomes: Outcomes,
  ) {}

  /** When the next question is due; Infinity for none. */
  get nextAt(): number {
    return Math.min(this.unanswered.nextAt, this.missing.nextAt)
  }

  save(): ReconciliationData {
    return {
      unanswered: this.unanswered.save(),
      missing: this.missing.save(),
      connectedAt: Array.from(this.connectedAt, at => at ?? 0),
    }
  }

  load({ unanswered, missing, connectedAt }: ReconciliationData): void {
    this.unanswered.load(unanswered)
    this.missing.load(missing)
    this.connectedAt.splice(0, this.connectedAt.length, ...connectedAt)
  }

  /** Follows a request until its deadline; with 0, that is without one, the venue is never asked about it. */
  await({ idHigh, idLow }: LiveOrder, deadline: number): void {
    this.unanswered.add(idHigh, idLow, deadline)
  }

  /** Follows a request whose outcome is unknown already: the venue is asked soon. */
  awaitAgain(order: LiveOrder): void {
    order.isAsked = true
    this.unanswered.again(order.idHigh, order.idLow, 0, this.moment.now)
  }

  /** The venue counts more as filled than it has reported. */
  awaitFills(order: LiveOrder): void {
    this.missing.add(order, this.moment.now)
  }

  /** Asks about one order. */
  askAbout(order: LiveOrder): void {
    const venue = this.venues.of(order.instrument)
    if (venue !== undefined && !order.isHeld) this.query(venue, order)
  }

  /** Asks what is due. */
  ask(): void {
    this.askAboutUnanswered()
    this.askForFills()
  }

  /** At a gateway's start: requests of its last process without an answer may have been sent or not. */
  restart(): void {
    for (const venue of this.venues.all) {
      if (!venue.isVolatile) continue
      for (let account = 0; account < venue.accounts.length; account++) {
        const number = venue.firstAccount + account
        this.loseConnection(number)
        this.reconcile(venue, account)
      }
    }
  }

  /** After a power loss: any request may have been sent or not, whatever the sequence still says of it. */
  losePower(): void {
    for (const venue of this.venues.all) {
      if (venue.venue.deterministic) continue
      venue.dropAll()
      for (let account = 0; account < venue.accounts.length; account++)
        this.loseConnection(venue.firstAccount + account)
    }
  }

  /** What a venue says about an account. */
  accountEvent(venue: DeskVenue, event: VenueEvent): void {
    const account = venue.firstAccount + event.account
    if (event.kind === 'connected') {
      this.connectedAt[account] = event.venueTime
      this.risk.setReconciled(account, false)
      // An adapter that was killed had sent them, and could not receive the answers.
      for (const order of this.orders.ofAccount(account))
        if ((order.submitPending && order.sent) || order.requests.hasSent) this.becomeUnknown(order)
      this.reconcile(venue, event.account)
    } else if (event.kind === 'reconciled') {
      this.risk.setReconciled(account, true)
      // What the venue did not name may have ended while the connection was down.
      const since = this.connectedAt[account] ?? 0
      for (const order of this.orders.ofAccount(account))
        if (order.unknownSince >= 0 || (order.word === Word.WORKING && order.saidAt < since)) this.query(venue, order)
    } else if (event.kind === 'position') this.comparePosition(venue, account, event)
    else if (event.kind === 'suspended' || event.kind === 'resumed') {
      const instrument = this.instruments.get(event.instrument)
      if (instrument !== undefined) this.risk.setTradable(instrument, event.kind === 'resumed')
    } else if (event.kind === 'disconnected') this.loseConnection(account)
  }

  /** Requests without an answer may have arrived or not. */
  private loseConnection(account: number): void {
    this.risk.setReconciled(account, false)
    for (const order of this.orders.ofAccount(account))
      if ((order.submitPending && !order.isHeld) || order.requests.hasLeft) this.becomeUnknown(order)
  }

  /** Compares the venue's position with ours. A difference is recorded, and never booked as a trade. */
  private comparePosition(venue: DeskVenue, account: number, event: VenueEvent): void {
    const instrument = this.instruments.get(event.instrument)
    if (instrument === undefined) return
    const { position } = this.risk.ofAccount(account, instrument)
    if (position !== event.steps)
      this.outcomes.difference(instrument, venue.number, event.account, position, event.steps, this.moment.cause)
  }

  private reconcile(venue: DeskVenue, account: number): void {
    this.outcomes.reconcile(account, venue.number, this.moment.cause)
    venue.reconcile(account, this.moment.now)
  }

  private query(venue: DeskVenue, order: LiveOrder): void {
    this.outcomes.query(order, venue.number, this.moment.cause)
    venue.query(order, this.moment.now)
  }

  private becomeUnknown(order: LiveOrder): void {
    if (this.orders.markUnknown(order, this.moment.now) === 0) return
    this.risk.update(order)
    this.outcomes.report(order, 0, 0, 0, this.moment.cause)
  }

  /** Asks the venue about orders whose requests were not answered in time. */
  private askAboutUnanswered(): void {
    for (;;) {
      const waiting = this.unanswered.take(this.moment.now)
      if (waiting === undefined) return
      const { idHigh, idLow, tries } = waiting
      const order = this.orders.find(idHigh, idLow)
      if (order === undefined || order.isFinal) continue
      // Each request of an order has a deadline; the venue is asked about the order once at a time.
      if (tries === 0 && order.isAsked) continue
      order.isAsked = order.submitPending || order.unknownSince >= 0 || order.requests.hasLeft
      if (!order.isAsked) continue
      this.becomeUnknown(order)
      const venue = this.venues.of(order.instrument)
      if (venue !== undefined) this.query(venue, order)
      this.unanswered.again(idHigh, idLow, tries, this.moment.now)
    }
  }

  /**
   * Asks the venue for fills that it has counted and not reported: all of an account at once, and when that has not helped,
   * those of the order.
   */
  private askForFills(): void {
    const asked = new Set<number>()
    for (;;) {
      const waiting = this.missing.take(this.moment.now)
      if (waiting === undefined) return
      const order = this.orders.find(waiting.idHigh, waiting.idLow)
      if (order === undefined || order.missingSteps === 0) continue
      const venue = this.venues.of(order.instrument)
      if (venue !== undefined && waiting.tries > 0) this.query(venue, order)
      else if (venue !== undefined && !asked.has(order.accountNumber)) {
        asked.add(order.accountNumber)
        this.reconcile(venue, order.account)
      }
      if (!this.missing.again(waiting, this.moment.now)) this.giveUp(venue, order)
    }
  }

  /**
   * The venue was asked often enough for fills that it counts and does not report. They are not booked as a trade, because no one knows their
   * prices: the difference between its position and ours is on record, and what was reserved for them is released.
   */
  private giveUp(venue: DeskVenue | undefined, order: LiveOrder): void {
    const { instrument, account, accountNumber, missingSteps, side } = order
    const { position } = this.risk.ofAccount(accountNumber, instrument)
    const theirs = side === BUY ? position + missingSteps : position - missingSteps
    if (venue !== undefined)
      this.outcomes.difference(instrument, venue.number, account, position, theirs, this.moment.cause)
    this.orders.writeOffMissing(order, this.moment.now)
    this.risk.update(order)
  }
}
