import type { Currency } from './currency.js'
import type { Holding } from './holding.js'
import type { Limits } from './limits.js'
import { RateWindow } from './rate-window.js'
import { type Breaches, Totals } from './totals.js'

export type OwnerKind = 'desk' | 'strategy' | 'instrument' | 'account'

/** Who limits apply to: the whole desk, a strategy, an instrument, an account. */
export class Owner implements Breaches {
  limits: Limits = {}
  openOrders = 0
  /** Rejections in a row. */
  errors = 0
  /** Currencies in which the loss of the day, or the drawdown, is above its limit. */
  dailyLosses = 0
  drawdowns = 0
  /** Of a strategy: it may send nothing for now. */
  paused = false
  /** Of a strategy: it may never send again. */
  fenced = false
  /** Of an account: its open orders, fills and positions are known. */
  reconciled = false
  rate: RateWindow | undefined = undefined
  maxOpenOrders = Number.POSITIVE_INFINITY
  maxErrors = Number.POSITIVE_INFINITY
  priceBand = Number.POSITIVE_INFINITY
  staleAfterNs = Number.POSITIVE_INFINITY
  /** By the instrument's number. */
  readonly holdings: (Holding | undefined)[] = []
  /** By the currency's index. */
  readonly totals: (Totals | undefined)[] = []
  /** The same without gaps. */
  readonly allTotals: Totals[] = []

  constructor(
    readonly kind: OwnerKind,
    /** The strategy's, the instrument's or the account's; 0 for the desk. */
    readonly number: number,
    /** The strategy's id, the instrument's or the account's name; '' until it is known. */
    public name: string,
  ) {}

  /** Whether profit has to be kept up to date with the quotes. */
  get watchesProfit(): boolean {
    return this.limits.maxDailyLoss !== undefined || this.limits.maxDrawdown !== undefined
  }

  setLimits(limits: Limits): void {
    this.limits = limits
    this.maxOpenOrders = limits.maxOpenOrders ?? Number.POSITIVE_INFINITY
    this.maxErrors = limits.maxConsecutiveErrors ?? Number.POSITIVE_INFINITY
    this.priceBand = limits.priceBand ?? Number.POSITIVE_INFINITY
    this.staleAfterNs = (limits.staleAfterMs ?? Number.POSITIVE_INFINITY) * 1e6
    const most = limits.maxOrdersPerSecond
    if (most === undefined) this.rate = undefined
    else if (this.rate?.most !== most) {
      const window = new RateWindow(most)
      window.load(this.rate?.save() ?? [])
      this.rate = window
    }
    for (const totals of this.allTotals) this.limit(totals)
  }

  totalsIn(currency: Currency): Totals {
    const known = this.totals[currency.index]
    if (known !== undefined) return known
    const totals = new Totals(currency, this)
    this.totals[currency.index] = totals
    this.allTotals.push(totals)
    this.limit(totals)
    return totals
  }

  /** Turns the limits of money into units of a currency's grid. */
  limit(totals: Totals): void {
    const { maxExposure, maxDailyLoss, maxDrawdown } = this.limits
    const { currency } = totals
    totals.maxExposure = maxExposure === undefined ? undefined : currency.wideOf(maxExposure)
    totals.maxDailyLoss = maxDailyLoss === undefined ? undefined : currency.wideOf(maxDailyLoss)
    // Drawdown counts from where profit is when it is limited.
    if (totals.maxDrawdown === undefined) totals.peak.copy(totals.profit)
    totals.maxDrawdown = maxDrawdown === undefined ? undefined : currency.wideOf(maxDrawdown)
    totals.setFloors()
    totals.judge()
  }
}
