import { Amount } from '../../exact/amount.js'
import { BUY } from '../../messages/order-terms.js'
import { DOUBLES, FILLED, type Orders, STEPS, TICKS } from '../book/orders.js'
import type { Account, Holding } from './account.js'
import type { Currency } from './currencies.js'
import type { Market } from './market.js'

export interface MarginTerms {
  /** Value of a position for one unit of margin. */
  readonly leverage: number
  /** The share of a position's value below which its account is liquidated. */
  readonly maintenance: number
}

/**
 * What accounts with limits may do. Spot orders reserve what they may cost. Contracts need margin: one pool for each
 * settlement currency.
 *
 * Reservations are exact. Margins are compared as doubles in the smallest units of the currency: exact up to 2^53 of them,
 * and always the same on every machine.
 */
export class Margin {
  private readonly orders: Orders
  readonly terms: MarginTerms
  private readonly scratch = new Amount()

  constructor(orders: Orders, terms: MarginTerms) {
    this.orders = orders
    this.terms = terms
  }

  /** Adds (`sign` 1) or takes away (-1) what an order with a limit price holds for its open quantity. */
  hold(holding: Holding, side: number, order: number, sign: number): void {
    const { doubles } = this.orders
    const at = order * DOUBLES
    const ticks = doubles[at + TICKS]
    if (ticks === 0) return
    this.holdSteps(holding, side, ticks, doubles[at + STEPS] - doubles[at + FILLED], sign)
  }

  holdSteps(holding: Holding, side: number, ticks: number, steps: number, sign: number): void {
    const { market } = holding
    if (!market.isSpot) {
      const value = market.value(this.scratch, ticks, steps, sign)
      if (side === BUY) holding.openBuys.addAmount(value)
      else holding.openSells.addAmount(value)
    } else if (side === BUY) {
      holding.wallet.reserved.addProducts(steps, ticks, sign * (market.valueFactor + worstFee(market)))
    } else holding.baseWallet.reserved.addProduct(steps, sign * market.baseFactor)
  }

  /** Whether a spot account has enough for an order of this value (buy, in units of value) or quantity (sell). */
  canPay(holding: Holding, side: number, value: Amount, steps: number): boolean {
    const { market } = holding
    const wallet = side === BUY ? holding.wallet : holding.baseWallet
    const free = this.scratch.copy(wallet.total)
    free.subtractAmount(wallet.reserved)
    if (side === BUY) free.addScaled(value, -(market.valueFactor + worstFee(market)))
    else free.addProduct(-steps, market.baseFactor)
    return free.sign >= 0
  }

  /**
   * Whether an account has the margin for one more order. An order that makes the account's largest possible exposure no
   * larger always has.
   */
  canCarry(holding: Holding, side: number, ticks: number, steps: number): boolean {
    const { market, account } = holding
    const before = this.exposureOf(holding, 0, 0)
    const value = market.valueNumber(ticks, steps)
    const after = side === BUY ? this.exposureOf(holding, value, 0) : this.exposureOf(holding, 0, value)
    if (after <= before) return true
    const fee = Math.max(0, (value / market.valueFactor) * market.takerFactor)
    const needed = this.initialMargin(account, market.currency) + this.marginOn(after) - this.marginOn(before) + fee
    return this.equity(account, market.currency, true) >= needed
  }

  /** Balance and unrealised profit of one pool. `free`: without what spot orders reserve. */
  equity(account: Account, currency: Currency, free = false): number {
    const wallet = account.walletOf(currency)
    const sum = this.scratch.copy(wallet.total)
    if (free) sum.subtractAmount(wallet.reserved)
    let equity = sum.toNumber()
    for (const holding of account.holdings)
      if (holding !== undefined && isIn(holding, currency)) equity += this.unrealised(holding)
    return equity
  }

  initialMargin(account: Account, currency: Currency): number {
    let margin = 0
    for (const holding of account.holdings)
      if (holding !== undefined && isIn(holding, currency)) margin += this.marginOn(this.exposureOf(holding, 0, 0))
    return margin
  }

  maintenanceMargin(account: Account, currency: Currency): number {
    let margin = 0
    for (const holding of account.holdings) {
      if (holding === undefined || holding.position === 0 || !isIn(holding, currency)) continue
      const value = holding.market.valueNumber(holding.market.markTicks, Math.abs(holding.position))
      margin += Math.ceil(value * this.terms.maintenance)
    }
    return margin
  }

  /**
   * Sets the bounds between which the mark price of an account's only position may move before its margin of `slack` above
   * the maintenance margin is used up. Half a tick and rounding are on the safe side.
   */
  narrow(holding: Holding, slack: number): void {
    const { market, position } = holding
    const mark = market.markTicks
    const value = market.valueNumber(mark, Math.abs(position))
    const { maintenance } = this.terms
    const isLong = position > 0
    // The share of the value that may be lost, counting the maintenance margin that changes with it.
    const share = Math.max(0, slack - 2) / (value * (market.inverse && !isLong ? 1 - maintenance : 1 + maintenance))
    const limit = market.inverse
      ? isLong
        ? mark / (1 + share)
        : mark / Math.max(0, 1 - share)
      : isLong
        ? mark * (1 - share)
        : mark * (1 + share)
    if (isLong) market.safeBelow = Math.max(market.safeBelow, Math.ceil(limit) + 1)
    else market.safeAbove = Math.min(market.safeAbove, Math.floor(limit) - 1)
  }

  unrealised(holding: Holding): number {
    const { market, position, cost } = holding
    if (position === 0) return 0
    const worth = market.valueNumber(market.markTicks, Math.abs(position)) * Math.sign(position)
    const profit = worth - cost.toNumber() * market.valueFactor
    return market.inverse ? -profit : profit
  }

  /** The largest value the position can get, when all open orders of one side and `buys` or `sells` more are filled. */
  private exposureOf(holding: Holding, buys: number, sells: number): number {
    const { market, position } = holding
    const factor = market.valueFactor
    const worth = position === 0 ? 0 : market.valueNumber(market.markTicks, Math.abs(position)) * Math.sign(position)
    const long = worth + holding.openBuys.toNumber() * factor + buys
    const short = holding.openSells.toNumber() * factor + sells - worth
    return Math.max(Math.abs(worth), long, short)
  }

  private marginOn(exposure: number): number {
    return Math.ceil(exposure / this.terms.leverage)
  }
}

function isIn(holding: Holding, currency: Currency): boolean {
  return holding.market.currency === currency && !holding.market.isSpot
}

/** Buyers reserve the larger of both fees; a rebate is not counted before it is earned. */
function worstFee(market: Market): number {
  return Math.max(0, market.makerFactor, market.takerFactor)
}
