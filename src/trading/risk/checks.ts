import { isProductLarger, Wide } from '../exact/wide.js'
import { BUY, FOK, GTD, IOC, LIMIT, MARKET, SELL, STOP, STOP_LIMIT } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { ListKind } from '../orders/life/order-list.js'
import type { Desk } from './desk.js'
import type { Holding } from './holding.js'
import type { Market } from './market.js'
import { notionalTicks } from './reserves.js'
import { BAND_UNIT, type Scope } from './scope.js'

/** What the desk may do. */
export const DeskState = {
  ACTIVE: 0,
  /** Only what makes a position smaller. */
  REDUCING: 1,
  /** Only cancels, and the operator's orders that make a position smaller. */
  HALTED: 2,
} as const

const OK = 0
const HALTED = reasonCode('halted')
const REDUCING = reasonCode('reducing')
const STRATEGY_FENCED = reasonCode('strategy-fenced')
const STRATEGY_PAUSED = reasonCode('strategy-paused')
const BAD_PRICE = reasonCode('bad-price')
const BAD_QUANTITY = reasonCode('bad-quantity')
const BAD_TERMS = reasonCode('bad-terms')
const NOT_TRADABLE = reasonCode('not-tradable')
const NOT_RECONCILED = reasonCode('not-reconciled')
const UNKNOWN_OUTCOME = reasonCode('unknown-outcome')
const TOO_SMALL = reasonCode('order-too-small')
const TOO_LARGE = reasonCode('order-too-large')
const AMOUNT_TOO_LARGE = reasonCode('amount-too-large')
const NOTIONAL_TOO_SMALL = reasonCode('notional-too-small')
const NOTIONAL_TOO_LARGE = reasonCode('notional-too-large')
const STALE = reasonCode('stale-market-data')
const PRICE_BAND = reasonCode('price-band')
const SELF_TRADE = reasonCode('self-trade')
const DUPLICATE = reasonCode('duplicate-in-flight')
const ORDER_RATE = reasonCode('order-rate-limit')
const OPEN_ORDERS = reasonCode('open-orders-limit')
const POSITION = reasonCode('position-limit')
const EXPOSURE = reasonCode('exposure-limit')
const DAILY_LOSS = reasonCode('daily-loss')
const DRAWDOWN = reasonCode('drawdown')
const ERROR_STREAK = reasonCode('error-streak')

/** Money on a currency's grid above this is refused: sums of it would not be exact. */
const MOST_MONEY = 2 ** 96

/** One and more than the rounding of a few sums of doubles. */
const FAR = 1 + 2 ** -40

const money = new Wide()
const moreMoney = new Wide()
const exposure = new Wide()
const NOTHING = new Wide()

/**
 * The one pass over an order, or over an order with new terms, before anything leaves. 0 passes; else the code of the
 * first reason against it. Changes nothing.
 *
 * @param steps the total quantity, and `ticks` the price, as they would be in effect.
 * @param isAmend whether the order is in the book already, with other terms.
 */
export function checkTerms(
  desk: Desk,
  state: number,
  order: LiveOrder,
  ticks: number,
  steps: number,
  isAmend: boolean,
  now: number,
): number {
  const { side, operator } = order
  const fault = faultOf(order, ticks, steps, now)
  if (fault !== OK) return fault
  const scope = desk.scope(order)
  const { market, ofStrategy, ofAccount } = scope

  const price = notionalTicks(order, ticks, market)
  const stepMoney = market.stepNotional(price)
  money.setProduct(steps, stepMoney)
  if (!(stepMoney <= Number.MAX_SAFE_INTEGER && money.high <= MOST_MONEY)) return AMOUNT_TOO_LARGE
  const moreSteps = isAmend ? growth(order, steps, stepMoney) : steps
  if (!isAmend) moreMoney.copy(money)

  // What makes a position smaller, with all that is pending; an amend that asks for no more does too.
  const basis = operator ? ofAccount : ofStrategy
  const isReducing = (isAmend && moreSteps === 0 && moreMoney.high === 0) || reduces(basis, side, moreSteps)
  const isFlatten = operator && order.reduceOnly && isReducing

  // In three parts, because V8 compiles each of them well, and not all in one.
  const byState = checkState(state, operator, scope, isReducing, isFlatten)
  if (byState !== OK) return byState
  const byOrder = checkOrder(order, ticks, steps, price, scope, now)
  if (byOrder !== OK) return byOrder
  if (desk.deniesDuplicates && !isAmend && isDuplicate(order, ofStrategy)) return DUPLICATE
  if (!isAmend && !isFlatten && isOverOpenOrders(scope)) return OPEN_ORDERS
  const bySums = checkSums(desk, side, moreSteps, scope)
  if (bySums !== OK) return bySums
  // The rate is last, so that what is denied for another reason does not look like too many.
  return !isFlatten && isOverRate(scope, desk) ? ORDER_RATE : OK
}

/** The state of the desk, of the strategy, of the account and of the instrument. */
function checkState(state: number, isOperator: boolean, scope: Scope, isReducing: boolean, isFlatten: boolean): number {
  const { strategy, account, all, own, market } = scope
  if (state === DeskState.HALTED && !isFlatten) return HALTED
  if (!isOperator) {
    if (strategy.fenced) return STRATEGY_FENCED
    if (strategy.paused) return STRATEGY_PAUSED
  }
  if (!isFlatten && hasErrorStreak(scope)) return ERROR_STREAK
  if (state === DeskState.REDUCING && !isReducing) return REDUCING
  if (!isReducing) {
    if (strategy.dailyLosses + account.dailyLosses + all.dailyLosses > 0) return DAILY_LOSS
    if (strategy.drawdowns + account.drawdowns + all.drawdowns > 0) return DRAWDOWN
    if (own !== undefined && own.dailyLosses > 0) return DAILY_LOSS
    if (own !== undefined && own.drawdowns > 0) return DRAWDOWN
  }
  if (!market.tradable) return NOT_TRADABLE
  if (!account.reconciled) return NOT_RECONCILED
  return market.unknown > 0 ? UNKNOWN_OUTCOME : OK
}

/** The order by itself: its size, its price, and the own orders that it could meet. */
function checkOrder(order: LiveOrder, ticks: number, steps: number, price: number, scope: Scope, now: number): number {
  const { market, staleAfterNs } = scope
  if (steps < scope.minSteps) return TOO_SMALL
  if (steps > scope.maxSteps) return TOO_LARGE
  // A quote from the future, of a clock that jumped, is as little worth as an old one.
  if (staleAfterNs !== Infinity && !(Math.abs(now - market.quotedAt) <= staleAfterNs)) return STALE
  const priced = checkMoney(price, scope)
  if (priced !== OK) return priced
  const outside = checkBand(order, ticks, scope)
  if (outside !== OK) return outside
  return crossesOwn(order, ticks, market, scope.ofAccount) ? SELF_TRADE : OK
}

function isOverOpenOrders({ strategy, account, all, own }: Scope): boolean {
  if (strategy.openOrders >= strategy.maxOpenOrders || account.openOrders >= account.maxOpenOrders) return true
  return all.openOrders >= all.maxOpenOrders || (own !== undefined && own.openOrders >= own.maxOpenOrders)
}

/** Positions and exposures, with all that is pending and this order. */
function checkSums(desk: Desk, side: number, moreSteps: number, scope: Scope): number {
  const { market, ofStrategy, ofAccount, ofDesk } = scope
  if (moreSteps > 0) {
    if (worstPosition(ofStrategy, side, moreSteps) > ofStrategy.maxPositionSteps) return POSITION
    if (worstPosition(ofAccount, side, moreSteps) > ofAccount.maxPositionSteps) return POSITION
    if (worstPosition(ofDesk, side, moreSteps) > market.maxPositionSteps) return POSITION
  }
  if (isNearExposure(ofStrategy) && isOverExposure(desk, ofStrategy, side, moreSteps)) return EXPOSURE
  if (isNearExposure(ofAccount) && isOverExposure(desk, ofAccount, side, moreSteps)) return EXPOSURE
  if (isNearExposure(ofDesk) && isOverExposure(desk, ofDesk, side, moreSteps)) return EXPOSURE
  const { maxExposure } = market
  if (maxExposure === undefined || !isNearOwnExposure(ofDesk, maxExposure)) return OK
  return isOverOwnExposure(desk, ofDesk, maxExposure, side, moreSteps) ? EXPOSURE : OK
}

/** What is wrong with the terms themselves. */
function faultOf(order: LiveOrder, ticks: number, steps: number, now: number): number {
  const { type, timeInForce, stopTicks, expireAt, postOnly } = order
  if (!(steps >= 1 && Number.isSafeInteger(steps))) return BAD_QUANTITY
  const hasPrice = type === LIMIT || type === STOP_LIMIT
  if (hasPrice ? !(ticks >= 1 && Number.isSafeInteger(ticks)) : ticks !== 0) return hasPrice ? BAD_PRICE : BAD_TERMS
  const hasStop = type === STOP || type === STOP_LIMIT
  if (hasStop ? !(stopTicks >= 1 && Number.isSafeInteger(stopTicks)) : stopTicks !== 0)
    return hasStop ? BAD_PRICE : BAD_TERMS
  if (timeInForce === GTD ? !(expireAt > now) : expireAt !== 0) return BAD_TERMS
  if (postOnly && (!hasPrice || timeInForce === IOC || timeInForce === FOK)) return BAD_TERMS
  return OK
}

/** By how many steps an amend makes the reserve larger; sets `moreMoney` to its notional. */
function growth(order: LiveOrder, steps: number, stepMoney: number): number {
  const { reserve, filledSteps } = order
  const open = steps > filledSteps ? steps - filledSteps : 0
  moreMoney.setProduct(open, stepMoney)
  moreMoney.subtract(reserve.money)
  if (moreMoney.high < 0) moreMoney.set(0)
  return open > reserve.steps ? open - reserve.steps : 0
}

/** Whether a position becomes smaller, if all that is pending on this side and so many steps more are filled. */
export function reduces(holding: Holding, side: number, steps: number): boolean {
  return side === BUY ? holding.position + holding.buys + steps <= 0 : holding.sells + steps <= holding.position
}

function hasErrorStreak({ strategy, account, all, own }: Scope): boolean {
  if (strategy.errors >= strategy.maxErrors || account.errors >= account.maxErrors) return true
  return all.errors >= all.maxErrors || (own !== undefined && own.errors >= own.maxErrors)
}

function checkMoney(price: number, { market, minMoney, maxMoney, needsPrice }: Scope): number {
  // Without any price, a market order's notional is not known.
  if (price === 0 && !market.instrument.inverse) return needsPrice ? STALE : OK
  if (minMoney !== undefined && money.isBelow(minMoney)) return NOTIONAL_TOO_SMALL
  return maxMoney !== undefined && money.isAbove(maxMoney) ? NOTIONAL_TOO_LARGE : OK
}

/**
 * A limit price must be within the band around the last quote: from the bid less the share to the ask plus the share.
 * A stop-limit's must be within the band around its own stop price, which may be anywhere.
 */
function checkBand(order: LiveOrder, ticks: number, { market, band }: Scope): number {
  const { type, stopTicks } = order
  if (band < 0 || type === MARKET || type === STOP) return OK
  const isStop = type === STOP_LIMIT
  const low = isStop ? stopTicks : market.bid
  const high = isStop ? stopTicks : market.ask
  if (!(low > 0)) return STALE
  if (isProductLarger(ticks, BAND_UNIT, high, BAND_UNIT + band)) return PRICE_BAND
  return band < BAND_UNIT && isProductLarger(low, BAND_UNIT - band, ticks, BAND_UNIT) ? PRICE_BAND : OK
}

/** Whether the order could trade with an open order of its own account. A market order reaches to the last quote. */
function crossesOwn(order: LiveOrder, ticks: number, market: Market, ofAccount: Holding): boolean {
  if (order.type === STOP || order.type === STOP_LIMIT) return false
  if (order.side === BUY) {
    const best = ofAccount.bestResting(SELL)
    if (best === 0) return false
    return order.type === LIMIT ? best <= ticks : !(best > market.ask)
  }
  const best = ofAccount.bestResting(BUY)
  if (best === 0) return false
  return order.type === LIMIT ? best >= ticks : !(best < market.bid)
}

/** Whether an order with the same side, type, price and quantity is not answered yet. */
function isDuplicate(order: LiveOrder, ofStrategy: Holding): boolean {
  const { side, type, ticks, steps, stopTicks } = order
  for (let one = ofStrategy.unanswered.first; one !== undefined; one = one.next[ListKind.UNANSWERED]) {
    const isSame = one.side === side && one.ticks === ticks && one.steps === steps && one.type === type
    if (isSame && one.stopTicks === stopTicks) return true
  }
  return false
}

function worstPosition(holding: Holding, side: number, steps: number): number {
  return side === BUY ? holding.position + holding.buys + steps : holding.sells + steps - holding.position
}

/** Whether the bound of an owner's exposure, with this order, is so near the limit that exposure has to be counted. */
function isNearExposure({ exposed }: Holding): boolean {
  const { maxExposure, bound } = exposed
  return maxExposure !== undefined && (bound.high + moreMoney.high) * FAR >= maxExposure.high
}

/** The same for the limit of one instrument. */
function isNearOwnExposure({ ceiling, buyMoney, sellMoney }: Holding, maxExposure: Wide): boolean {
  return (ceiling.high + buyMoney.high + sellMoney.high + moreMoney.high) * FAR >= maxExposure.high
}

/** Only what makes exposure larger is refused: quotes may have brought it above the limit. */
function isOverExposure(desk: Desk, holding: Holding, side: number, steps: number): boolean {
  const { maxExposure, exposure: sum } = holding.exposed
  if (maxExposure === undefined) return false
  setExposure(desk, holding, side, steps)
  if (!exposure.isAbove(holding.exposure)) return false
  exposure.subtract(holding.exposure)
  exposure.add(sum)
  return exposure.isAbove(maxExposure)
}

/** The same for the limit of one instrument. */
function isOverOwnExposure(desk: Desk, holding: Holding, maxExposure: Wide, side: number, steps: number): boolean {
  setExposure(desk, holding, side, steps)
  return exposure.isAbove(holding.exposure) && exposure.isAbove(maxExposure)
}

/** Sets `exposure` to that of a holding with this order. */
function setExposure(desk: Desk, holding: Holding, side: number, steps: number): void {
  desk.refreshExposures()
  if (side === BUY) holding.setExposure(exposure, steps, moreMoney, 0, NOTHING)
  else holding.setExposure(exposure, 0, NOTHING, steps, moreMoney)
}

function isOverRate({ rates }: Scope, desk: Desk): boolean {
  for (let i = 0; i < rates.length; i++) if (!rates[i].allows(desk)) return true
  return false
}
