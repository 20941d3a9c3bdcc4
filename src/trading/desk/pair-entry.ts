import { epochOfHigh, MAX_COUNTER, strategyOfHigh } from '../messages/order-id.js'
import { FOK, LIMIT, MARKET, SELL } from '../messages/order-terms.js'
import { FIRST_LEG, MOST_CLOSINGS, PAIR_IDS } from '../messages/pair-frames.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { setTerms } from '../risk/terms.js'
import { enterOrder, type PairDesk } from './pair-desk.js'
import type { LegFields, PairFields } from './pair-fields.js'

const BAD_TERMS = reasonCode('bad-terms')
const LOST_CAUSE = reasonCode('lost-cause')
const UNKNOWN_ORDER = reasonCode('unknown-order')
const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const UNKNOWN_VENUE = reasonCode('unknown-venue')
const UNKNOWN_ACCOUNT = reasonCode('unknown-account')
const FENCED = reasonCode('strategy-fenced')
const OTHER_LEG = reasonCode('other-leg-denied')

/** Lets both legs of a pair into the book, or neither: the terms are checked, then risk checks both. */
export class PairEntry {
  constructor(private readonly desk: PairDesk) {}

  /** The orders of both legs, reserved and not sent; undefined when they were denied, which is reported. */
  enter(fields: PairFields, strategy: number): readonly [LiveOrder, LiveOrder] | undefined {
    const { orders, risk } = this.desk
    const { idHigh, idLow } = fields
    const misfit = this.misfitOf(fields, strategy)
    if (misfit !== 0) return this.deny(fields, strategy, misfit, misfit, misfit)
    // A pair keeps its ids also when it is denied.
    orders.use(idHigh, idLow + PAIR_IDS - 1)
    const first = this.newLeg(fields, 0)
    const second = this.newLeg(fields, 1)
    const reasons = [this.reasonAgainst(first), this.reasonAgainst(second)] as const
    if (reasons[0] !== 0 || reasons[1] !== 0 || !isOrder(first) || !isOrder(second)) {
      for (const leg of [first, second]) if (isOrder(leg)) orders.discard(leg)
      return this.deny(fields, strategy, reasons[0] || OTHER_LEG, reasons[1] || OTHER_LEG, reasons[0] || reasons[1])
    }
    enterOrder(this.desk, first)
    // Checked again, now with what the first leg reserves.
    const together = risk.check(second, this.desk.clock)
    if (together !== 0) return this.denyTogether(fields, first, second, together)
    enterOrder(this.desk, second)
    return [first, second]
  }

  /** What is wrong with a pair: an index into REASONS; 0 for a valid one. */
  private misfitOf({ idHigh, idLow, attempts, maxSlippage, settleNs, retryNs }: PairFields, strategy: number): number {
    if (strategyOfHigh(idHigh) !== strategy) return UNKNOWN_ORDER
    if (this.desk.strategies.hasLost(strategy)) return LOST_CAUSE
    if (this.desk.strategies.epochOf(strategy) !== epochOfHigh(idHigh)) return FENCED
    const hasIds = idLow > 0 && idLow % PAIR_IDS === 0 && idLow + PAIR_IDS - 1 <= MAX_COUNTER
    if (!hasIds || this.desk.orders.wasUsed(idHigh, idLow)) return BAD_TERMS
    const isSound = attempts >= 1 && attempts <= MOST_CLOSINGS && maxSlippage >= 0 && maxSlippage < 1
    return isSound && settleNs >= 0 && retryNs > 0 ? 0 : BAD_TERMS
  }

  /** The order of a leg, which is not in the book yet; or the reason why the leg is invalid. */
  private newLeg({ idHigh, idLow, legs }: PairFields, index: 0 | 1): LiveOrder | number {
    const { instruments, venues, orders } = this.desk
    const leg = legs[index]
    const instrument = instruments.get(leg.instrument)
    if (instrument === undefined) return UNKNOWN_INSTRUMENT
    const venue = venues.of(instrument)
    if (venue === undefined) return UNKNOWN_VENUE
    if (leg.account >= venue.accounts.length) return UNKNOWN_ACCOUNT
    if (!hasSoundTerms(leg)) return BAD_TERMS
    const order = orders.create(idHigh, idLow + FIRST_LEG + index)
    order.instrument = instrument
    order.account = leg.account
    order.accountNumber = venue.firstAccount + leg.account
    order.side = leg.side
    order.type = leg.type
    order.timeInForce = leg.timeInForce
    order.expireAt = 0
    order.postOnly = leg.postOnly
    order.reduceOnly = leg.reduceOnly
    order.label = leg.label
    order.deadline = this.desk.deadlineAt(venue)
    const misfit = setTerms(order, leg.price, leg.quantity, 0)
    if (misfit === 0) return order
    orders.discard(order)
    return misfit
  }

  private reasonAgainst(leg: LiveOrder | number): number {
    return isOrder(leg) ? this.desk.risk.check(leg, this.desk.clock) : leg
  }

  /** Risk refused the second leg together with the first one: the first one, which has not been sent, ends too. */
  private denyTogether(fields: PairFields, first: LiveOrder, second: LiveOrder, reason: number): undefined {
    const { orders, risk, outcomes, now, cause } = this.desk
    first.inPair = false
    orders.deny(first, OTHER_LEG, now)
    risk.update(first)
    outcomes.report(first, 0, OTHER_LEG, 0, cause)
    const { strategy } = second
    orders.discard(second)
    this.denyLeg(fields, 1, strategy, reason)
    outcomes.pairDenial(fields, strategy, reason, cause)
  }

  private deny(fields: PairFields, strategy: number, first: number, second: number, reason: number): undefined {
    this.denyLeg(fields, 0, strategy, first)
    this.denyLeg(fields, 1, strategy, second)
    this.desk.outcomes.pairDenial(fields, strategy, reason, this.desk.cause)
  }

  private denyLeg({ idHigh, idLow, legs }: PairFields, index: 0 | 1, strategy: number, reason: number): void {
    const { instrument, side, price, quantity } = legs[index]
    const denied = { idHigh, idLow: idLow + FIRST_LEG + index, strategy, instrument, request: 0, side, price, quantity }
    this.desk.outcomes.denial(denied, reason, this.desk.cause)
  }
}

function isOrder(leg: LiveOrder | number): leg is LiveOrder {
  return typeof leg !== 'number'
}

/** A leg is a limit or a market order, that is sent at once and can be cancelled. The strategy's context checks the same. */
function hasSoundTerms({ side, type, timeInForce, price, postOnly }: LegFields): boolean {
  return side <= SELL && type <= MARKET && timeInForce <= FOK && (type === LIMIT || (price === 0 && !postOnly))
}
