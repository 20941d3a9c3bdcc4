import { Amount } from '../../exact/amount.js'
import { readDecimal } from '../../exact/decimal.js'
import { reasonCode } from '../../messages/reasons.js'
import type { Market } from '../accounts/market.js'
import type { Reactions } from './reactions.js'
import type { VenueState } from './venue-state.js'

/** Funding payments, daily settlement and the final settlement of contracts. */
export class Settlement {
  private readonly state: VenueState
  private readonly reactions: Reactions
  private readonly value = new Amount()
  private readonly payment = new Amount()

  constructor(state: VenueState, reactions: Reactions) {
    this.state = state
    this.reactions = reactions
  }

  /** When the next funding payment of the option `funding` is due; Infinity when there is none. */
  get nextFundingAt(): number {
    return this.state.options.funding[this.state.nextFunding]?.at ?? Number.POSITIVE_INFINITY
  }

  fundNext(): void {
    const { symbol, rate } = this.state.options.funding[this.state.nextFunding++]
    const market = this.state.markets.find(({ instrument }) => instrument.symbol === symbol)
    if (market !== undefined) this.fund(market, rate)
  }

  /**
   * Each payment is rounded to the smallest unit of the currency, towards zero. All pay to the exchange, which pays all:
   * what rounding leaves is the exchange's.
   */
  fund(market: Market, rate: string | number): void {
    const ticks = market.markTicks
    const parts = readDecimal(rate)
    if (parts === undefined || market.isSpot || ticks === 0) return
    const { house } = this.state
    const houseWallet = house.walletOf(market.currency)
    const numerator = Number(parts.numerator)
    const isFast = Number.isSafeInteger(numerator)
    const divisor = 10n ** BigInt(parts.decimals)
    for (const holding of this.state.holdings.of(market)) {
      if (holding.position === 0) continue
      const value = market.value(this.value, ticks, Math.abs(holding.position), market.valueFactor)
      const payment = this.payment.clear()
      if (isFast) payment.addScaled(value, numerator)
      else payment.set(value.toBigInt() * parts.numerator)
      payment.divide(parts.decimals, divisor)
      if (holding.position > 0) payment.negate()
      this.state.ledger.pay(holding.wallet, houseWallet, payment)
    }
    this.afterPayments(market)
  }

  settle(market: Market, ticks: number, isFinal: boolean): void {
    const { ledger } = this.state
    if (isFinal) {
      for (const holding of this.state.holdings.of(market)) this.reactions.cancelAll(holding, INSTRUMENT_SETTLED)
      for (const holding of this.state.holdings.of(market)) ledger.closeAt(holding, ticks)
      market.settled = true
    } else for (const holding of this.state.holdings.of(market)) ledger.markToMarket(holding, ticks)
    this.afterPayments(market)
  }

  /** The money of all accounts in a market has changed. */
  private afterPayments(market: Market): void {
    // Below this bound every price is: all accounts are checked.
    market.safeBelow = Number.POSITIVE_INFINITY
    market.markMoved = true
    this.reactions.to(market)
  }
}

const INSTRUMENT_SETTLED = reasonCode('instrument-settled')
