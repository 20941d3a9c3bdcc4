import { Wide } from '../exact/wide.js'
import { BUY, LIMIT, MARKET, STOP } from '../messages/order-terms.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { Word } from '../orders/life/words.js'
import type { Desk } from './desk.js'
import type { Market } from './market.js'
import type { Scope } from './scope.js'
import { refine } from './totals.js'

/**
 * Counts an order with its owners as it now is: what it may still fill, its notional, whether it is open, unanswered,
 * unknown. To be called after every change of an order; what was counted before is replaced.
 *
 * While an amend is not answered, the worse of the terms counts, for quantity and for notional separately. A final order
 * counts with the fills that its venue has not reported yet.
 */
export function updateReserve(desk: Desk, order: LiveOrder): void {
  const { market, strategy, account, all, own, ofStrategy, ofAccount, ofDesk } = desk.scope(order)
  const { reserve, side, isFinal } = order

  const steps = setOpen(order, market, isFinal)
  const moreSteps = steps - reserve.steps
  change.copy(money)
  if (reserve.decimals !== market.quote.decimals) refineReserve(order, market.quote.decimals)
  change.subtract(reserve.money)
  if (moreSteps !== 0 || change.high !== 0) {
    ofStrategy.reserve(side, moreSteps, change)
    ofAccount.reserve(side, moreSteps, change)
    ofDesk.reserve(side, moreSteps, change)
    reserve.steps = steps
    reserve.money.copy(money)
  }

  if (reserve.isOpen === isFinal) {
    reserve.isOpen = !isFinal
    const one = isFinal ? -1 : 1
    strategy.openOrders += one
    account.openOrders += one
    all.openOrders += one
    market.openOrders += one
    if (own !== undefined) own.openOrders += one
  }
  const isUnknown = !isFinal && (order.orphan || order.unknownSince >= 0)
  if (reserve.isUnknown !== isUnknown) {
    reserve.isUnknown = isUnknown
    market.unknown += isUnknown ? 1 : -1
  }

  const crossTicks = isFinal ? 0 : crossTicksOf(order)
  const before = reserve.crossTicks
  if (crossTicks !== before) {
    reserve.crossTicks = crossTicks
    if (crossTicks === 0) ofAccount.resting.remove(order)
    else ofAccount.resting.add(order)
    if (before !== 0) ofAccount.removeResting(side, before)
    if (crossTicks !== 0) ofAccount.addResting(side, crossTicks)
  }
  if (!isFinal && order.submitPending) ofStrategy.unanswered.add(order)
  else ofStrategy.unanswered.remove(order)
  if (isFinal && steps === 0) reserve.marketTicks = 0
}

/**
 * The same for an order that was just submitted: nothing was counted for it, nothing is filled and nothing but the submit was
 * asked. Most calls are this one.
 */
export function reserveNew(scope: Scope, order: LiveOrder): void {
  const { market, strategy, account, all, own, ofStrategy, ofAccount, ofDesk } = scope
  const { reserve, side, steps, ticks } = order
  const price = notionalTicks(order, ticks, market)
  if (ticks === 0) reserve.marketTicks = price
  money.setProduct(steps, market.stepNotional(price))
  reserve.steps = steps
  reserve.money.copy(money)
  reserve.decimals = market.quote.decimals
  ofStrategy.reserve(side, steps, money)
  ofAccount.reserve(side, steps, money)
  ofDesk.reserve(side, steps, money)
  reserve.isOpen = true
  strategy.openOrders++
  account.openOrders++
  all.openOrders++
  market.openOrders++
  if (own !== undefined) own.openOrders++
  if (order.type === LIMIT) {
    reserve.crossTicks = ticks
    ofAccount.resting.add(order)
    ofAccount.addResting(side, ticks)
  }
  ofStrategy.unanswered.add(order)
}

/** Whether `reserveNew` is right for an order. */
export function isNew({
  reserve,
  requests,
  submitPending,
  filledSteps,
  word,
  orphan,
  unknownSince,
}: LiveOrder): boolean {
  const isUntouched = !reserve.isOpen && reserve.steps === 0 && reserve.crossTicks === 0 && reserve.marketTicks === 0
  return (
    isUntouched &&
    submitPending &&
    requests.size === 0 &&
    filledSteps === 0 &&
    word === Word.NOTHING &&
    !orphan &&
    unknownSince < 0
  )
}

/** The price that an order's notional is counted with: its own, else its stop price, else the last quote's ask. */
export function notionalTicks(order: LiveOrder, ticks: number, market: Market): number {
  if (order.type === STOP) return order.stopTicks
  if (ticks > 0 && order.type !== MARKET) return ticks
  if (order.reserve.marketTicks > 0) return order.reserve.marketTicks
  const last = market.ask > 0 ? market.ask : market.middle2 / 2
  return last > 0 ? last : 0
}

/**
 * Returns the steps that can still be filled, and sets `money` to the largest notional of them, over all terms that may
 * be in effect.
 */
function setOpen(order: LiveOrder, market: Market, isFinal: boolean): number {
  const { filledSteps, missingSteps, requests } = order
  const own = notionalTicks(order, order.ticks, market)
  // The price of a market order stays the one with which it was counted first.
  if (order.ticks === 0 && order.reserve.marketTicks === 0) order.reserve.marketTicks = own
  const open = order.steps - filledSteps
  let most = isFinal || open < missingSteps ? missingSteps : open
  money.setProduct(most, market.stepNotional(own))
  if (isFinal || requests.amends === 0) return most
  for (let i = 0; i < requests.size; i++) {
    const request = requests.at(i)
    const steps = request.steps - filledSteps
    if (request.isCancel || steps <= 0) continue
    if (steps > most) most = steps
    const ticks = notionalTicks(order, request.ticks, market)
    other.setProduct(steps, market.stepNotional(ticks))
    if (other.isAbove(money)) money.copy(other)
  }
  return most
}

/** The price that comes nearest to the other side, over all terms that may be in effect; 0 for an order without one. */
function crossTicksOf(order: LiveOrder): number {
  // A stop is not in the venue's book until it is triggered, which the venue may not report.
  if (order.type !== LIMIT) return 0
  let { ticks } = order
  const { requests, side } = order
  for (let i = 0; i < requests.size; i++) {
    const request = requests.at(i)
    if (!request.isCancel && (side === BUY ? request.ticks > ticks : request.ticks < ticks)) ticks = request.ticks
  }
  return ticks
}

function refineReserve(order: LiveOrder, decimals: number): void {
  const { reserve } = order
  if (reserve.money.high !== 0) refine(reserve.money, decimals - reserve.decimals)
  reserve.decimals = decimals
}

const money = new Wide()
const change = new Wide()
const other = new Wide()
