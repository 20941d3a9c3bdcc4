import type { FramePointer } from '../../frames/pointer.js'
import { FIRST_CLOSING, PAIR_IDS } from '../messages/pair-frames.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { nextStep } from '../pairs/next-step.js'
import { type Leg, Pair, PairStates } from '../pairs/pair.js'
import { Pairs } from '../pairs/pairs.js'
import { loadPairs, type PairsData, savePairs } from '../pairs/saved.js'
import type { DeskVenue } from './desk-venues.js'
import { closingOrder, mayPassLater, reasonOfRest } from './pair-closing.js'
import { enterOrder, type PairDesk } from './pair-desk.js'
import { PairEntry } from './pair-entry.js'
import { readPair } from './pair-fields.js'

const OUTSIDE = reasonCode('outside-slippage')

/**
 * Acts for pairs: sends both legs or none, follows their orders, and does what next-step.ts says. Everything it knows comes
 * from the sequence, so it goes on after a restart, and when the strategy is gone.
 *
 * Orders may change inside a call to a venue; what follows from that waits until `proceed`.
 */
export class Pairing {
  readonly pairs = new Pairs()
  private readonly changedPairs: Pair[] = []
  private readonly entry: PairEntry

  constructor(private readonly desk: PairDesk) {
    this.entry = new PairEntry(desk)
  }

  /** When a pair is due by time alone; Infinity for none. */
  get nextAt(): number {
    return this.pairs.nextAt
  }

  /** Everything as plain data. */
  save(): PairsData {
    return savePairs(this.pairs)
  }

  /** Takes over what `save` gave. The orders are in the book, the instruments are known. */
  load(data: PairsData): void {
    loadPairs(this.pairs, data, this.desk.instruments)
  }

  /** A copy of a Pair frame. @param strategy the number of the strategy from whose journal it comes. */
  request(frame: FramePointer, strategy: number): void {
    const { now } = this.desk
    const fields = readPair(frame)
    const legs = this.entry.enter(fields, strategy)
    if (legs === undefined) return
    const [first, second] = legs
    const { idHigh, idLow, settleNs } = fields
    const pair = new Pair(idHigh, idLow, strategy, [legOf(first), legOf(second)], fields, now + settleNs)
    this.pairs.add(pair, now)
    this.say(pair)
    this.send(first)
    this.send(second)
    this.changedPairs.push(pair)
  }

  /** An order of a pair has changed. */
  changed(order: LiveOrder): void {
    const pair = this.pairs.find(order.idHigh, order.idLow)
    if (pair === undefined) return
    this.observe(pair, order)
    if (!this.changedPairs.includes(pair)) this.changedPairs.push(pair)
  }

  /** The strategy ends a pair: what is open is cancelled, and the excess closed at once. False for an id that is no pair's. */
  end(idHigh: number, idLow: number): boolean {
    const pair = idLow % PAIR_IDS === 0 ? this.pairs.find(idHigh, idLow) : undefined
    if (pair === undefined) return false
    pair.isEnding = true
    if (pair.isEnded) this.say(pair)
    else this.changedPairs.push(pair)
    return true
  }

  /** No pair closes anything any more: what is unequal is reported. @param reason an index into REASONS. */
  giveUp(reason: number): void {
    for (const pair of this.pairs.all) {
      pair.isRefused = true
      pair.lastReason = reason
      if (!pair.isEnded) this.changedPairs.push(pair)
    }
  }

  /** Whether an amend of a pair's order is against its rules: the quantities are its ratio, and closing is its own affair. */
  refusesAmend(order: LiveOrder, steps: number): boolean {
    return order.inPair && (steps !== order.steps || order.idLow % PAIR_IDS >= FIRST_CLOSING)
  }

  /** Does what is due by time. */
  advance(): void {
    for (;;) {
      const pair = this.pairs.take(this.desk.now)
      if (pair === undefined) return
      this.changedPairs.push(pair)
    }
  }

  /** Whether `proceed` has anything to do. */
  get hasChanged(): boolean {
    return this.changedPairs.length > 0
  }

  /** Does what follows from what has changed. To be called at the end of each input, never from inside a venue's call. */
  proceed(): void {
    for (let pair = this.changedPairs.shift(); pair !== undefined; pair = this.changedPairs.shift())
      this.advancePair(pair)
  }

  private advancePair(pair: Pair): void {
    const { now } = this.desk
    this.refresh(pair)
    for (;;) {
      const step = nextStep(pair, now)
      switch (step.kind) {
        case 'cancel':
          pair.repeatCancels(now)
          this.become(pair, step.state, step.reason)
          for (const id of step.ids) this.cancelOrder(pair, id)
          this.refresh(pair)
          break
        case 'close':
          this.close(pair, step.leg, step.steps)
          break
        case 'wait':
          this.become(pair, step.state, step.reason)
          this.pairs.schedule(pair, step.until)
          return
        default:
          this.become(pair, step.state, step.reason)
          this.pairs.schedule(pair, Number.POSITIVE_INFINITY)
          return
      }
    }
  }

  /** Sets what it waits for, or how it ended, and reports what is new. */
  private become(pair: Pair, state: number, reason: number): void {
    const isSame = pair.state === state && pair.reason === reason
    pair.state = state
    pair.reason = reason
    if (pair.isEnded) this.pairs.end(pair, this.desk.now)
    if (!isSame || (pair.isEnded && pair.isOutdated)) this.say(pair)
  }

  private close(pair: Pair, leg: 0 | 1, steps: number): void {
    const { orders, risk, now, clock } = this.desk
    pair.tried++
    const order = closingOrder(this.desk, pair, leg, steps)
    const reason = order.ticks === 0 ? OUTSIDE : risk.check(order, clock)
    if (reason !== 0) {
      orders.discard(order)
      pair.lastReason = reason
      pair.isRefused = !mayPassLater(reason)
      pair.retryAt = now + pair.terms.retryNs
      return
    }
    pair.closings.push({ leg, steps, filled: 0, over: false, unknown: false })
    pair.beginCancels(now)
    pair.state = PairStates.CLOSING
    pair.reason = 0
    this.say(pair)
    enterOrder(this.desk, order)
    this.send(order)
    // It may have ended inside the call.
    this.refresh(pair)
  }

  private send(order: LiveOrder): void {
    this.desk.leave(order, this.desk.venues.of(order.instrument) as DeskVenue)
  }

  /** Cancels an order of a pair. One that should have ended by itself, or by an earlier cancel, is asked about too. */
  private cancelOrder(pair: Pair, idLow: number): void {
    const { desk } = this
    const order = desk.orders.find(pair.idHigh, idLow)
    if (order === undefined || order.isFinal) return
    const isClosing = idLow >= pair.closingId(0)
    if (isClosing && order.isHeld) return
    if (isClosing || order.lastRequest > 0) desk.ask(order)
    desk.requestCancel(order)
  }

  /** Checks all its orders that have not ended: an outcome may have become unknown meanwhile. */
  private refresh(pair: Pair): void {
    for (let i = 0; i < pair.legs.length + pair.closings.length; i++) {
      const order = this.desk.orders.find(pair.idHigh, pair.legId(0) + i)
      if (order !== undefined) this.observe(pair, order)
    }
  }

  /** Takes over what is known of one of its orders. */
  private observe(pair: Pair, order: LiveOrder): void {
    const known = pair.orderOf(order.idLow)
    if (known === undefined) return
    const wasOver = known.over
    if (known.filled !== order.filledSteps) pair.isOutdated = true
    known.filled = order.filledSteps
    known.over = order.isFinal && order.openSteps === 0
    known.unknown = order.unknownSince >= 0
    if ('paid' in known) (known as Leg).paid = order.paid.toBigInt()
    else {
      pair.sumClosings()
      if (known.over && !wasOver) this.judge(pair, order)
    }
  }

  /** A closing order is over. */
  private judge(pair: Pair, order: LiveOrder): void {
    const isComplete = order.filledSteps >= order.steps
    if (!pair.isRefused) pair.lastReason = isComplete ? 0 : reasonOfRest(order)
    pair.retryAt = isComplete ? this.desk.now : this.desk.now + pair.terms.retryNs
  }

  private say(pair: Pair): void {
    pair.isOutdated = false
    this.desk.outcomes.pair(pair, this.desk.cause)
  }
}

function legOf({ instrument, account, side, steps }: LiveOrder): Leg {
  return { instrument, account, side, steps, filled: 0, paid: 0n, closed: 0, over: false, unknown: false }
}
