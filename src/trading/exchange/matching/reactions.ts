import { reasonCode } from '../../messages/reasons.js'
import type { Account, Holding } from '../accounts/account.js'
import type { Currency } from '../accounts/currencies.js'
import type { Market } from '../accounts/market.js'
import { NEXT_OF_HOLDING, WORDS } from '../book/orders.js'
import type { Answers } from './answers.js'
import type { Matcher } from './matcher.js'
import type { Requests } from './requests.js'
import { nextTriggered } from './triggers.js'
import type { VenueState } from './venue-state.js'

/** What follows when a market has moved: stops are triggered, and accounts without enough margin are liquidated. */
export class Reactions {
  private readonly state: VenueState
  private readonly answers: Answers
  private readonly matcher: Matcher
  private readonly requests: Requests
  private readonly hasLimits: boolean

  constructor(state: VenueState, answers: Answers, matcher: Matcher, requests: Requests) {
    this.state = state
    this.answers = answers
    this.matcher = matcher
    this.requests = requests
    this.hasLimits = state.accounts.some(({ limited }) => limited)
  }

  /** To be called after everything that may have changed a market's prices. Ends when nothing follows any more. */
  to(market: Market): void {
    for (;;) {
      const order = nextTriggered(market)
      if (order !== 0) this.requests.trigger(order, this.answers.holdingOf(order))
      else if (this.state.touched.length > 0) this.checkTouched()
      else if (market.markMoved) {
        market.markMoved = false
        if (this.hasLimits && !market.isSpot) this.checkMark(market)
      } else return
    }
  }

  /** Checks every account with a position in a market, and finds the prices between which none needs to be checked. */
  checkAll(market: Market): void {
    market.safeAbove = Number.POSITIVE_INFINITY
    market.safeBelow = Number.NEGATIVE_INFINITY
    for (const { account, position } of this.state.holdings.of(market))
      if (account.limited && position !== 0) this.check(account, market.currency)
  }

  private checkMark(market: Market): void {
    const mark = market.markTicks
    if (mark <= market.safeBelow || mark >= market.safeAbove) this.checkAll(market)
    else for (const account of this.state.spread) this.check(account, market.currency)
  }

  private checkTouched(): void {
    const account = this.state.touched.pop() as Account
    account.touched = false
    for (const wallet of account.wallets) if (wallet !== undefined) this.check(account, wallet.currency)
  }

  /** Liquidates an account that has less than its maintenance margin in a pool. */
  private check(account: Account, currency: Currency): void {
    let positions = 0
    let held: Holding | undefined
    for (const holding of account.holdings) {
      if (holding === undefined || holding.position === 0 || !isInPool(holding, currency)) continue
      positions++
      held = holding
    }
    if (held === undefined) return
    const { margin } = this.state
    const slack = margin.equity(account, currency) - margin.maintenanceMargin(account, currency)
    if (slack < 0) this.liquidate(account, currency)
    else if (positions === 1) margin.narrow(held, slack)
    // With several positions the prices of one market do not say whether it is safe: it is checked each time.
    else this.state.spread.add(account)
  }

  private liquidate(account: Account, currency: Currency): void {
    // Whatever becomes of it, the markets' bounds no longer count on it: an account that stays is found at the next price.
    const inPool = account.holdings.filter(
      (holding): holding is Holding => holding !== undefined && isInPool(holding, currency),
    )
    for (const holding of inPool) {
      this.cancelAll(holding, LIQUIDATED)
      holding.market.safeBelow = Number.POSITIVE_INFINITY
    }
    for (const holding of inPool) {
      const { market, position } = holding
      // Without anybody to trade with, it is tried again when the market moves.
      if (position === 0 || !this.matcher.wouldTrade(market, position > 0 ? 1 : 0, 0)) continue
      this.requests.liquidate(holding)
      if (market.currency === currency) this.to(market)
    }
    const wallet = account.walletOf(currency)
    if (inPool.every(({ position }) => position === 0) && wallet.total.sign < 0) {
      // No account owes the exchange: the exchange pays what the account has lost beyond its balance.
      const house = this.state.house.walletOf(currency)
      house.total.addAmount(wallet.total)
      wallet.total.clear()
      this.answers.balance(account, wallet)
    }
  }

  cancelAll(holding: Holding, reason: number): void {
    const { orders } = this.state
    let order = holding.firstOrder
    while (order !== 0) {
      const next = orders.words[order * WORDS + NEXT_OF_HOLDING]
      this.answers.cancelled(order, holding, reason)
      order = next
    }
  }
}

function isInPool(holding: Holding, currency: Currency): boolean {
  return holding.market.currency === currency && !holding.market.isSpot
}

const LIQUIDATED = reasonCode('liquidated')
