import { Amount } from '../../exact/amount.js'
import { BUY, FOK, GTC, GTD, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../messages/order-terms.js'
import { reasonCode } from '../../messages/reasons.js'
import type { VenueOrder } from '../../venues/async-venue.js'
import type { Holding } from '../accounts/account.js'
import { isCount, type Market } from '../accounts/market.js'
import {
  ACCOUNT,
  ARRIVED,
  BYTES_OF_ORDER,
  DOUBLES,
  EXPIRE_AT,
  FILLED,
  LEVEL,
  MARKET_INDEX,
  NEW,
  NUMBER,
  POST_ONLY,
  REDUCE_ONLY,
  RESTING,
  SIDE,
  STATUS,
  STEPS,
  STOP_TICKS,
  TICKS,
  TIME_IN_FORCE,
  TRIGGERED,
  TYPE,
  WAITING,
  WORDS,
} from '../book/orders.js'
import type { Answers } from './answers.js'
import { type Matcher, reducible } from './matcher.js'
import type { Queue } from './queue.js'
import { isTriggered } from './triggers.js'
import type { VenueState } from './venue-state.js'

/** What the exchange does with an order, an amend and a cancel when it arrives. */
export class Requests {
  private readonly state: VenueState
  private readonly answers: Answers
  private readonly matcher: Matcher
  private readonly queue: Queue
  private cost = 0
  private readonly costWide = new Amount()
  private readonly addCost = (ticks: number, steps: number): void => {
    this.costWide.addProduct(ticks, steps)
    this.cost = ticks
  }

  constructor(state: VenueState, answers: Answers, matcher: Matcher, queue: Queue) {
    this.state = state
    this.answers = answers
    this.matcher = matcher
    this.queue = queue
  }

  submit(request: VenueOrder): void {
    const { state, answers } = this
    const known = state.orders.find(request.idHigh, request.idLow)
    if (known !== 0) {
      // An id is never used for a second order. The answer says what became of the first one.
      state.duplicates++
      answers.stateOf(known)
      return
    }
    const market = state.marketOf(request.instrument)
    const account = state.accounts[request.account]
    if (market === undefined || account === undefined) {
      const reason = market === undefined ? UNKNOWN_INSTRUMENT : UNKNOWN_ACCOUNT
      const event = answers.unknown('rejected', request.idHigh, request.idLow, 0, reason)
      event.instrument = request.instrument.number
      event.account = request.account
      event.side = request.side
      return
    }
    const order = this.enter(request, market)
    const holding = account.holdingOf(market)
    const refusal = this.refusal(request, holding) || this.fault()
    if (refusal !== 0) {
      this.dropNonsense(order)
      answers.rejected(order, refusal)
      return
    }
    answers.terms(order, 'accepted', 0)
    if (account.limited) state.margin.hold(holding, request.side, order, 1)
    if (isStop(request.type) && !isTriggered(market, request.side, request.stopTicks)) this.wait(order, holding)
    else this.work(order, holding)
  }

  /** An order of the exchange itself: it closes a position at any price. */
  liquidate(holding: Holding): void {
    const { state, answers } = this
    const order = state.orders.add(0, ++state.liquidations)
    const { doubles, words, bytes } = state.orders
    doubles[order * DOUBLES + STEPS] = Math.abs(holding.position)
    doubles[order * DOUBLES + NUMBER] = ++state.orderNumber
    doubles[order * DOUBLES + ARRIVED] = state.time
    words[order * WORDS + MARKET_INDEX] = holding.market.index
    words[order * WORDS + ACCOUNT] = holding.account.index
    const at = order * BYTES_OF_ORDER
    bytes[at + SIDE] = holding.position > 0 ? 1 : 0
    bytes[at + TYPE] = MARKET
    bytes[at + TIME_IN_FORCE] = IOC
    bytes[at + REDUCE_ONLY] = 1
    answers.terms(order, 'accepted', 0)
    this.work(order, holding)
  }

  /** A stop was triggered: from here on it is a market order or a limit order. */
  trigger(order: number, holding: Holding): void {
    const { answers, state } = this
    answers.takeOut(order, holding)
    const { bytes } = state.orders
    const at = order * BYTES_OF_ORDER
    bytes[at + TRIGGERED] = 1
    const side = bytes[at + SIDE]
    if (bytes[at + REDUCE_ONLY] === 1 && reducible(holding, side) === 0)
      answers.cancelled(order, holding, REDUCE_ONLY_REASON)
    else if (bytes[at + TYPE] === STOP) {
      const refusal = this.marketRefusal(holding, side, this.matcher.openSteps(order), bytes[at + REDUCE_ONLY] === 1)
      if (refusal === 0) this.work(order, holding)
      else answers.cancelled(order, holding, refusal)
    } else this.work(order, holding)
  }

  cancel(idHigh: number, idLow: number, request: number): void {
    const order = this.openOrder('cancel-rejected', idHigh, idLow, request)
    if (order !== 0) this.answers.cancelled(order, this.answers.holdingOf(order), REQUESTED, request)
  }

  amend(idHigh: number, idLow: number, request: number, ticks: number, steps: number): void {
    const order = this.openOrder('amend-rejected', idHigh, idLow, request)
    if (order === 0) return
    const { state, answers } = this
    const { doubles, bytes } = state.orders
    const holding = answers.holdingOf(order)
    const at = order * DOUBLES
    const oldTicks = doubles[at + TICKS]
    const newTicks = oldTicks === 0 ? 0 : ticks
    const refusal = this.amendRefusal(order, holding, newTicks, steps)
    if (refusal !== 0) {
      answers.refused(order, 'amend-rejected', request, refusal)
      return
    }
    if (steps <= doubles[at + FILLED]) {
      answers.cancelled(order, holding, REQUESTED, request)
      return
    }
    const isWaiting = bytes[order * BYTES_OF_ORDER + STATUS] === WAITING
    const keepsPriority = isWaiting || (newTicks === oldTicks && steps <= doubles[at + STEPS])
    if (!keepsPriority) answers.takeOut(order, holding)
    this.setTerms(order, holding, newTicks, steps)
    answers.terms(order, 'amended', request)
    if (!keepsPriority) this.work(order, holding)
  }

  query(idHigh: number, idLow: number, account: number, instrument: number): void {
    const order = this.state.orders.find(idHigh, idLow)
    if (order !== 0) this.answers.stateOf(order)
    else {
      const event = this.answers.unknown('not-found', idHigh, idLow, 0, 0, true)
      event.account = account
      event.instrument = instrument
    }
  }

  /** An order that is in no list is matched, and what is left rests or ends. */
  private work(order: number, holding: Holding): void {
    const { matcher, answers } = this
    const { doubles, bytes } = this.state.orders
    const at = order * BYTES_OF_ORDER
    const limit = doubles[order * DOUBLES + TICKS]
    if (matcher.mustBeKilled(order, holding, limit)) {
      answers.cancelled(order, holding, TIME_IN_FORCE_REASON)
      return
    }
    if (matcher.match(order, holding, limit)) return
    const timeInForce = bytes[at + TIME_IN_FORCE]
    if (limit === 0)
      answers.cancelled(order, holding, doubles[order * DOUBLES + FILLED] > 0 ? NOT_MARKETABLE : NO_MARKET)
    else if (timeInForce === IOC || timeInForce === FOK) answers.cancelled(order, holding, TIME_IN_FORCE_REASON)
    else this.rest(order, holding)
  }

  private rest(order: number, holding: Holding): void {
    const { orders } = this.state
    const { market } = holding
    const side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    orders.bytes[order * BYTES_OF_ORDER + STATUS] = RESTING
    market.side(side).append(order, orders.doubles[order * DOUBLES + TICKS])
    this.queue.join(order, market, side, orders.words[order * WORDS + LEVEL])
    this.keepOpen(order, holding)
    // A liquidation may be waiting for an order to trade with: this order may be it.
    if (market.safeBelow === Number.POSITIVE_INFINITY) market.markMoved = true
  }

  private wait(order: number, holding: Holding): void {
    const { orders } = this.state
    orders.bytes[order * BYTES_OF_ORDER + STATUS] = WAITING
    const side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    holding.market.stops(side).append(order, orders.doubles[order * DOUBLES + STOP_TICKS])
    this.keepOpen(order, holding)
  }

  private keepOpen(order: number, holding: Holding): void {
    this.answers.link(order, holding)
    if (this.state.orders.bytes[order * BYTES_OF_ORDER + TIME_IN_FORCE] === GTD) this.state.expiries.add(order)
  }

  /** A refused order stays on record. What is no number becomes 0 there, so that the record can be saved as text. */
  private dropNonsense(order: number): void {
    const { doubles } = this.state.orders
    // Adding 0 turns -0 into 0.
    for (const field of [TICKS, STEPS, STOP_TICKS, EXPIRE_AT])
      doubles[order * DOUBLES + field] = Number.isFinite(doubles[order * DOUBLES + field])
        ? doubles[order * DOUBLES + field] + 0
        : 0
  }

  private enter(request: VenueOrder, market: Market): number {
    const { state } = this
    const order = state.orders.add(request.idHigh, request.idLow)
    const { doubles, words, bytes } = state.orders
    const hasLimit = request.type === LIMIT || request.type === STOP_LIMIT
    let at = order * DOUBLES
    doubles[at + TICKS] = hasLimit ? request.ticks : 0
    doubles[at + STEPS] = request.steps
    doubles[at + STOP_TICKS] = isStop(request.type) ? request.stopTicks : 0
    doubles[at + EXPIRE_AT] = request.timeInForce === GTD ? request.expireAt : 0
    doubles[at + NUMBER] = ++state.orderNumber
    doubles[at + ARRIVED] = state.time
    at = order * WORDS
    words[at + MARKET_INDEX] = market.index
    words[at + ACCOUNT] = request.account
    at = order * BYTES_OF_ORDER
    bytes[at + SIDE] = request.side
    bytes[at + TYPE] = request.type
    bytes[at + TIME_IN_FORCE] = request.timeInForce
    bytes[at + POST_ONLY] = request.postOnly ? 1 : 0
    bytes[at + REDUCE_ONLY] = request.reduceOnly ? 1 : 0
    return order
  }

  /** Why an order is refused: an index into REASONS, 0 when it is not. */
  private refusal(request: VenueOrder, holding: Holding): number {
    const { state, matcher } = this
    const { market, account } = holding
    const { side, type, ticks, steps } = request
    if (market.settled) return INSTRUMENT_SETTLED
    if (request.deadline > 0 && state.time > request.deadline) return TOO_LATE
    const terms = termsRefusal(request) || sizeRefusal(market, type === MARKET || type === STOP ? 0 : ticks, steps)
    if (terms !== 0) return terms
    if (request.timeInForce === GTD && request.expireAt <= state.time) return TOO_LATE
    const waits = isStop(type) && !isTriggered(market, side, request.stopTicks)
    if (request.reduceOnly && !waits && reducible(holding, side) === 0) return REDUCE_ONLY_REASON
    if (type === MARKET || (type === STOP && !waits))
      return this.marketRefusal(holding, side, steps, request.reduceOnly)
    if (type === STOP) return 0
    if (request.postOnly && matcher.wouldTrade(market, side, ticks)) return POST_ONLY_REASON
    return account.limited && !request.reduceOnly ? this.fundsRefusal(holding, side, ticks, steps) : 0
  }

  /** Why an order without a limit is refused. */
  private marketRefusal(holding: Holding, side: number, steps: number, isReduceOnly: boolean): number {
    const { market, account } = holding
    this.costWide.clear()
    this.cost = 0
    if (!this.matcher.wouldTrade(market, side, 0)) return NO_MARKET
    if (market.isTooLarge(market.bestAgainst(side), steps)) return AMOUNT_TOO_LARGE
    if (!account.limited || isReduceOnly) return 0
    const found = this.matcher.liquidity(market, side, 0, steps, account.index, this.addCost)
    if (market.isSpot) return this.state.margin.canPay(holding, side, this.costWide, found) ? 0 : INSUFFICIENT_BALANCE
    return found === 0 || this.state.margin.canCarry(holding, side, this.cost, found) ? 0 : INSUFFICIENT_MARGIN
  }

  private fundsRefusal(holding: Holding, side: number, ticks: number, steps: number): number {
    const { margin } = this.state
    if (!holding.market.isSpot) return margin.canCarry(holding, side, ticks, steps) ? 0 : INSUFFICIENT_MARGIN
    this.costWide.clear().addProduct(ticks, steps)
    return margin.canPay(holding, side, this.costWide, steps) ? 0 : INSUFFICIENT_BALANCE
  }

  private amendRefusal(order: number, holding: Holding, ticks: number, steps: number): number {
    const { matcher, state } = this
    const { bytes, doubles } = state.orders
    const { market } = holding
    const at = order * BYTES_OF_ORDER
    if (!isCount(steps)) return BAD_QUANTITY
    if (doubles[order * DOUBLES + TICKS] !== 0 && !isCount(ticks)) return BAD_PRICE
    if (steps <= doubles[order * DOUBLES + FILLED]) return 0
    const size = sizeRefusal(market, ticks, steps)
    if (size !== 0) return size
    const side = bytes[at + SIDE]
    const isNewPrice = ticks !== doubles[order * DOUBLES + TICKS]
    if (bytes[at + POST_ONLY] === 1 && isNewPrice && matcher.wouldTrade(market, side, ticks)) return POST_ONLY_REASON
    if (!holding.account.limited || bytes[at + REDUCE_ONLY] === 1 || ticks === 0) return 0
    // The order's own reservation does not count against its new terms.
    const open = steps - doubles[order * DOUBLES + FILLED]
    state.margin.hold(holding, side, order, -1)
    const refusal = this.fundsRefusal(holding, side, ticks, open)
    state.margin.hold(holding, side, order, 1)
    return refusal
  }

  private setTerms(order: number, holding: Holding, ticks: number, steps: number): void {
    const { orders, margin } = this.state
    const side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    if (holding.account.limited) margin.hold(holding, side, order, -1)
    orders.doubles[order * DOUBLES + TICKS] = ticks
    orders.doubles[order * DOUBLES + STEPS] = steps
    if (holding.account.limited) margin.hold(holding, side, order, 1)
  }

  /** The open order of an id; 0 when there is none, which is answered. */
  private openOrder(
    refusal: 'cancel-rejected' | 'amend-rejected',
    idHigh: number,
    idLow: number,
    request: number,
  ): number {
    const { orders } = this.state
    const order = orders.find(idHigh, idLow)
    if (order === 0) {
      this.answers.unknown(refusal, idHigh, idLow, request, UNKNOWN_ORDER)
      return 0
    }
    const status = orders.bytes[order * BYTES_OF_ORDER + STATUS]
    if (status === NEW || status === RESTING || status === WAITING) return order
    this.answers.refused(order, refusal, request, ORDER_IS_FINAL)
    return 0
  }

  private fault(): number {
    const { faults } = this.state.options
    return faults.reject > 0 && this.state.random.next() < faults.reject ? VENUE_REJECTED : 0
  }
}

function isStop(type: number): boolean {
  return type === STOP || type === STOP_LIMIT
}

function termsRefusal(request: VenueOrder): number {
  const { side, type, timeInForce } = request
  if ((side !== BUY && side !== 1) || !(type >= 0 && type <= 3) || !(timeInForce >= 0 && timeInForce <= 3))
    return BAD_TERMS
  if (!isCount(request.steps)) return BAD_QUANTITY
  if ((type === LIMIT || type === STOP_LIMIT) && !isCount(request.ticks)) return BAD_PRICE
  if (isStop(type) && !isCount(request.stopTicks)) return BAD_PRICE
  if (type === MARKET && timeInForce === GTD) return BAD_TERMS
  if (request.postOnly && (type !== LIMIT || (timeInForce !== GTC && timeInForce !== GTD))) return BAD_TERMS
  return 0
}

function sizeRefusal(market: Market, ticks: number, steps: number): number {
  const { minSteps, maxSteps } = market.instrument
  if (steps < minSteps) return ORDER_TOO_SMALL
  if (steps > maxSteps) return ORDER_TOO_LARGE
  if (market.isTooLarge(ticks, steps)) return AMOUNT_TOO_LARGE
  return ticks === 0 ? 0 : market.notionalRefusal(ticks, steps)
}

const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const UNKNOWN_ACCOUNT = reasonCode('unknown-account')
const UNKNOWN_ORDER = reasonCode('unknown-order')
const BAD_TERMS = reasonCode('bad-terms')
const BAD_PRICE = reasonCode('bad-price')
const BAD_QUANTITY = reasonCode('bad-quantity')
const ORDER_TOO_SMALL = reasonCode('order-too-small')
const ORDER_TOO_LARGE = reasonCode('order-too-large')
const AMOUNT_TOO_LARGE = reasonCode('amount-too-large')
const VENUE_REJECTED = reasonCode('venue-rejected')
const INSUFFICIENT_BALANCE = reasonCode('insufficient-balance')
const INSUFFICIENT_MARGIN = reasonCode('insufficient-margin')
const POST_ONLY_REASON = reasonCode('post-only-would-trade')
const NOT_MARKETABLE = reasonCode('not-marketable')
const NO_MARKET = reasonCode('no-market')
const REDUCE_ONLY_REASON = reasonCode('reduce-only')
const ORDER_IS_FINAL = reasonCode('order-is-final')
const TOO_LATE = reasonCode('too-late')
const TIME_IN_FORCE_REASON = reasonCode('time-in-force')
const REQUESTED = reasonCode('requested')
const INSTRUMENT_SETTLED = reasonCode('instrument-settled')
