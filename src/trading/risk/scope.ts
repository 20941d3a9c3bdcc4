import type { Wide } from '../exact/wide.js'
import type { Holding } from './holding.js'
import type { Market } from './market.js'
import type { Owner } from './owner.js'
import type { RateWindow } from './rate-window.js'

/** A price band is a share in units of 10^-9. */
export const BAND_UNIT = 1e9

/**
 * What all orders of one strategy, one account and one instrument have in common: the owners that limit them, what each of
 * these holds in the instrument, and the limits of all of them merged. So an order is compared with the smallest limit only,
 * and its owners are found by three loads.
 */
export class Scope {
  /** The size of one order, in steps, and its notional. */
  minSteps = 0
  maxSteps = Number.POSITIVE_INFINITY
  minMoney: Wide | undefined = undefined
  maxMoney: Wide | undefined = undefined
  /** Whether an order's notional has to be known. */
  needsPrice = false
  /** The age of a quote, ns. */
  staleAfterNs = Number.POSITIVE_INFINITY
  /** The price band, in units of 10^-9; -1 without one. */
  band = -1
  /** The rate windows of all owners that have a limit of the rate. */
  readonly rates: RateWindow[] = []

  constructor(
    readonly market: Market,
    readonly strategy: Owner,
    readonly account: Owner,
    /** The whole desk. */
    readonly all: Owner,
    readonly ofStrategy: Holding,
    readonly ofAccount: Holding,
    readonly ofDesk: Holding,
    /** The owner of the instrument's own limits, if it has any. */
    public own: Owner | undefined,
  ) {
    this.merge(own)
  }

  /** To be called when a limit has changed, with the owner of the instrument's own limits. */
  merge(own: Owner | undefined): void {
    const { market, strategy, account, all, ofStrategy, ofAccount, ofDesk } = this
    const { instrument } = market
    this.own = own
    this.minSteps = instrument.minSteps
    this.maxSteps = Math.min(
      instrument.maxSteps,
      market.maxOrderSteps,
      ofStrategy.maxOrderSteps,
      ofAccount.maxOrderSteps,
    )
    this.minMoney = market.minNotional
    this.maxMoney = [
      market.maxNotional,
      market.maxOrderMoney,
      ofStrategy.maxOrderMoney,
      ofAccount.maxOrderMoney,
    ].reduce(smaller, undefined)
    const isMoneyLimited = this.minMoney !== undefined || this.maxMoney !== undefined
    this.needsPrice = isMoneyLimited || ofStrategy.isExposed || ofAccount.isExposed || ofDesk.isExposed
    this.staleAfterNs = Math.min(strategy.staleAfterNs, account.staleAfterNs, market.staleAfterNs)
    const band = Math.min(strategy.priceBand, account.priceBand, market.priceBand)
    this.band = band === Number.POSITIVE_INFINITY ? -1 : Math.round(band * BAND_UNIT)
    this.rates.length = 0
    for (const { rate } of [strategy, account, all, ...(own === undefined ? [] : [own])])
      if (rate !== undefined) this.rates.push(rate)
  }
}

function smaller(a: Wide | undefined, b: Wide | undefined): Wide | undefined {
  return a === undefined || b?.isBelow(a) === true ? b : a
}
