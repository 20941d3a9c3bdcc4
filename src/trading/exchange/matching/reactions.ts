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
      else if (market.markMoved) {
        market.markMoved = false
        if (this.hasLimits && !market.isSpot) this.checkMargins(market)
      } else return
    }
  }

  /** Liquidates every account in a market that has less than its maintenance margin. */
  checkMargins(market: Market): void {
    const { margin } = this.state
    for (const holding of market.holdings) {
      const { account } = holding
      if (!account.limited || holding.position === 0) continue
      if (margin.equity(account, market.currency) < margin.maintenanceMargin(account, market.currency))
        this.liquidate(account, market.currency)
    }
  }

  private liquidate(account: Account, currency: Currency): void {
    const inPool = account.holdings.filter(
      (holding): holding is Holding => holding !== undefined && isInPool(holding, currency),
    )
    for (const holding of inPool) this.cancelAll(holding, LIQUIDATED)
    for (const holding of inPool) {
      const { market, position } = holding
      // Without anybody to trade with, it is tried again when the market moves.
      if (position === 0 || !this.matcher.wouldTrade(market, position > 0 ? 1 : 0, 0)) continue
      this.requests.liquidate(holding)
      if (market.currency === currency) this.to(market)
    }
    const wallet = account.walletOf(currency)
    if (inPool.every(({ position }) => position === 0) && wallet.total.sign < 0) {
      // Nobody owes the exchange: it pays what the account has lost beyond its balance.
      const house = this.state.house.walletOf(currency)
      house.total.addWide(wallet.total)
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
