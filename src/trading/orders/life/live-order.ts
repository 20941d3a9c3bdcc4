import { ExactSum } from '../../exact/exact-sum.js'
import { Wide } from '../../exact/wide.js'
import type { Instrument } from '../../instruments/instrument.js'
import type { VenueOrder } from '../../venues/async-venue.js'
import { PendingRequests } from './requests.js'
import { TradeIds } from './trade-ids.js'
import { isFinalWord, Word } from './words.js'

/**
 * One order, as the four facts that are known of it. They are independent: the answer to a request is not the state of
 * the order, and a fill says nothing about what else may come. The state that a strategy sees is derived from them
 * (life/state). Only `Orders` changes them.
 *
 * Objects are used again once an order was forgotten (life/orders says when): keep ids, not orders.
 */
export class LiveOrder implements VenueOrder {
  idHigh = 0
  idLow = 0
  instrument: Instrument = undefined as unknown as Instrument
  /** The index of the account among the venue's accounts. */
  account = 0
  /** The number of the account on the desk, over all venues. */
  accountNumber = 0
  /** The number of the strategy. */
  strategy = 0
  /** Indexes into SIDES, ORDER_TYPES and TIMES_IN_FORCE. */
  side = 0
  type = 0
  timeInForce = 0
  /** The price in effect; 0 in market and stop orders. */
  ticks = 0
  /** The total quantity in effect, the filled part included; 0 when it is not known (an orphan). */
  steps = 0
  stopTicks = 0
  /** ns; 0 without. */
  expireAt = 0
  postOnly = false
  reduceOnly = false
  /** When the submit may no longer act, ns; 0 without a limit. */
  deadline = 0
  /** The user's own name for it. It is never sent. */
  label = ''
  /** Adopted from the venue: no journal of this home knows it. */
  orphan = false
  /** Sent by the operator, such as the orders of a flatten. */
  operator = false
  /** Why we asked for its cancel, if its strategy did not: an index into REASONS. */
  cancelledFor = 0
  /** It belongs to a pair (trading/pairs). */
  inPair = false
  /** It waits in the gateway for the venue's limits: nothing has left yet. */
  isHeld = false

  /** 1. What the venue last said: one of Word. */
  word: number = Word.NOTHING
  /** The venue's name of it: a number above 0, or a text. */
  venueOrderNumber = 0
  venueOrderText = ''
  /** Why, for a final word: an index into REASONS. */
  reason = 0
  /** The latest venue time of what it said about the state, ns; 0 when it does not say. */
  saidAt = 0
  /** The number of the amend whose terms are in effect; 0: none. And the venue's time of the terms. */
  termsRequest = 0
  termsAt = 0

  /** 2. What was asked and not answered. */
  submitPending = false
  /** The adapter has sent the submit, or may have. */
  sent = false
  readonly requests = new PendingRequests()
  /** The number of the last request. */
  lastRequest = 0

  /** 3. Since when its outcome is unknown, ns; -1: it is known. */
  unknownSince = -1

  /** Whether the venue is asked about it again and again (desk/reconciliation). */
  isAsked = false

  /** 4. Its fills: their ids, the sum of their steps, and of ticks times steps. */
  readonly tradeIds = new TradeIds()
  filledSteps = 0
  readonly paid = new ExactSum()
  /** The venue's own sum of the filled steps; -1 when it has not said. */
  saidFilled = -1
  /** Missing fills that were given up: they will never be reported one by one. */
  writtenOff = 0

  /** Links of the lists that it is in (life/order-list): one pair for each kind of list. */
  readonly next: (LiveOrder | undefined)[] = [undefined, undefined, undefined, undefined, undefined]
  readonly previous: (LiveOrder | undefined)[] = [undefined, undefined, undefined, undefined, undefined]
  /** @internal Orders the open orders by the time at which they became open. */
  sequence = 0
  /** @internal The kinds of lists that it is in, as bits. */
  listed = 0
  /** @internal When it was last heard of after it had become final, ns. */
  endedAt = 0
  /** @internal Whether it is among the final orders (life/final-orders). */
  queued = false

  /** What risk has counted for it (trading/risk/reserves). Only risk changes it. */
  readonly reserve = new Reserve()

  /** The venue's name of it; '' when it has not said one. */
  get venueOrderId(): string {
    return this.venueOrderNumber === 0 ? this.venueOrderText : String(this.venueOrderNumber)
  }

  set venueOrderId(id: string) {
    this.venueOrderNumber = 0
    this.venueOrderText = id
  }

  /** Whether nothing but late fills can come. */
  get isFinal(): boolean {
    return isFinalWord(this.word) || this.isFilled
  }

  /** Whether its fills add up to its quantity, and no unanswered amend can make it larger. */
  get isFilled(): boolean {
    const { steps, filledSteps } = this
    return this.word === Word.FILLED || (steps > 0 && filledSteps >= steps && this.requests.mostSteps <= filledSteps)
  }

  get isOverfilled(): boolean {
    const { steps, filledSteps } = this
    return steps > 0 && filledSteps > steps && filledSteps > this.requests.mostSteps
  }

  /** Steps that the venue counts as filled, and has not reported one by one. */
  get missingSteps(): number {
    const said = this.word === Word.FILLED && this.saidFilled < 0 ? this.steps : this.saidFilled
    const missing = said - this.filledSteps - this.writtenOff
    return missing > 0 ? missing : 0
  }

  /** Steps that may still be filled, if everything goes the way that fills most. */
  get openSteps(): number {
    const missing = this.missingSteps
    if (this.isFinal) return missing
    const amended = this.requests.mostSteps
    const open = (amended > this.steps ? amended : this.steps) - this.filledSteps
    return open > missing ? open : missing
  }

  get pendingCancel(): boolean {
    return this.requests.cancels > 0 && !this.isFinal
  }

  get pendingAmend(): boolean {
    return this.requests.amends > 0 && !this.isFinal
  }

  /** The average price of the fills, in units of the instrument; 0 without fills. Rounded once, to a double. */
  get averagePrice(): number {
    return this.filledSteps === 0 ? 0 : this.instrument.price.valueOf(this.paid.toNumber() / this.filledSteps)
  }

  /** @internal Sets everything to what it is at first. */
  reset(): void {
    this.type = 0
    this.timeInForce = 0
    this.ticks = 0
    this.steps = 0
    this.stopTicks = 0
    this.expireAt = 0
    this.postOnly = false
    this.reduceOnly = false
    this.deadline = 0
    this.label = ''
    this.orphan = false
    this.operator = false
    this.cancelledFor = 0
    this.inPair = false
    this.isHeld = false
    this.word = Word.NOTHING
    this.venueOrderId = ''
    this.reason = 0
    this.saidAt = 0
    this.termsRequest = 0
    this.termsAt = 0
    this.submitPending = false
    this.sent = false
    this.requests.clear()
    this.lastRequest = 0
    this.unknownSince = -1
    this.isAsked = false
    this.tradeIds.clear()
    this.filledSteps = 0
    this.paid.clear()
    this.saidFilled = -1
    this.writtenOff = 0
    this.endedAt = 0
  }
}

/** What risk has counted for an order: see trading/risk/reserves. */
export class Reserve {
  isOpen = false
  isUnknown = false
  steps = 0
  /** Money on the quote currency's grid, and the decimals of that grid. */
  readonly money = new Wide()
  decimals = 0
  /** The price that its notional is counted with, if it has none itself; 0 until it is known. */
  marketTicks = 0
  /** The price at which it may meet an own order; 0 when it cannot. */
  crossTicks = 0
}
