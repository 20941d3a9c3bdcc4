import { Wide } from '../exact/wide.js'
import type { Currency } from './currency.js'
import type { DayFollower } from './trading-days.js'
import { MOST_KEPT_DAYS } from './trading-days.js'

/** How many of an owner's totals are beyond a limit of profit. */
export interface Breaches {
  dailyLosses: number
  drawdowns: number
}

/** An owner's sums in one currency, over all its instruments, with their limits. */
export class Totals implements DayFollower {
  /** The sum of the holdings' exposures, as they were counted last. */
  readonly exposure = new Wide()
  /** An upper bound of the exposure: the sum of the notional of all orders, and of the positions at prices above the market's. */
  readonly bound = new Wide()
  /** Profit, realised and unrealised, less fees, since the beginning. */
  readonly profit = new Wide()
  /** The fees in it that no holding counts: of fills of instruments that settle in another currency. */
  readonly otherFees = new Wide()
  /** Its highest value since there is a limit of drawdown; without one it means nothing. */
  readonly peak = new Wide()
  /** The profit when the day began, and when earlier days began that a clock may be set back to. */
  readonly dayBase = new Wide()
  private readonly earlierBases: Wide[] = []

  /** Undefined without a limit. */
  maxExposure: Wide | undefined = undefined
  maxDailyLoss: Wide | undefined = undefined
  maxDrawdown: Wide | undefined = undefined
  /** Profit below these is a breach: the day's base and the peak, less the limits. */
  private readonly lossFloor = new Wide()
  private readonly drawdownFloor = new Wide()
  private isOverDailyLoss = false
  private isOverDrawdown = false

  constructor(
    readonly currency: Currency,
    private readonly breaches: Breaches,
  ) {}

  /** Checks the limits of profit. To be called when profit has changed. */
  judge(): void {
    const { profit } = this
    if (this.maxDrawdown !== undefined && profit.isAbove(this.peak)) {
      this.peak.copy(profit)
      this.setFloors()
    }
    const isOverDailyLoss = this.maxDailyLoss !== undefined && profit.isBelow(this.lossFloor)
    if (isOverDailyLoss !== this.isOverDailyLoss) {
      this.isOverDailyLoss = isOverDailyLoss
      this.breaches.dailyLosses += isOverDailyLoss ? 1 : -1
    }
    const isOverDrawdown = this.maxDrawdown !== undefined && profit.isBelow(this.drawdownFloor)
    if (isOverDrawdown !== this.isOverDrawdown) {
      this.isOverDrawdown = isOverDrawdown
      this.breaches.drawdowns += isOverDrawdown ? 1 : -1
    }
  }

  setFloors(): void {
    const { maxDailyLoss, maxDrawdown } = this
    this.lossFloor.copy(this.dayBase)
    if (maxDailyLoss !== undefined) this.lossFloor.subtract(maxDailyLoss)
    this.drawdownFloor.copy(this.peak)
    if (maxDrawdown !== undefined) this.drawdownFloor.subtract(maxDrawdown)
  }

  /** Starts the drawdown at 0: the present profit is the new peak. */
  resetPeak(): void {
    this.peak.copy(this.profit)
    this.setFloors()
    this.judge()
  }

  beginDay(keep: boolean): void {
    const { earlierBases } = this
    if (!keep) earlierBases.length = 0
    else {
      const base = new Wide()
      base.copy(this.dayBase)
      if (earlierBases.length === MOST_KEPT_DAYS) earlierBases.pop()
      earlierBases.push(base)
    }
    this.dayBase.copy(this.profit)
    this.setFloors()
    this.judge()
  }

  returnToDay(level: number): void {
    const base = this.earlierBases[level]
    if (base !== undefined) this.dayBase.copy(base)
    this.earlierBases.length = Math.min(level, this.earlierBases.length)
    this.setFloors()
    this.judge()
  }

  /** The sums that cannot be calculated from the holdings. */
  save(): TotalsData {
    return {
      currency: this.currency.name,
      otherFees: String(this.otherFees.toBigInt()),
      // Without a limit it means nothing, and depends on when profit was counted last.
      peak: this.maxDrawdown === undefined ? '0' : String(this.peak.toBigInt()),
      dayBase: String(this.dayBase.toBigInt()),
      earlierBases: this.earlierBases.map(base => String(base.toBigInt())),
    }
  }

  load(data: TotalsData): void {
    this.otherFees.setBigInt(BigInt(data.otherFees))
    this.profit.subtract(this.otherFees)
    this.peak.setBigInt(BigInt(data.peak))
    this.dayBase.setBigInt(BigInt(data.dayBase))
    this.earlierBases.length = 0
    for (const text of data.earlierBases) {
      const base = new Wide()
      base.setBigInt(BigInt(text))
      this.earlierBases.push(base)
    }
    this.setFloors()
  }

  /** Converts all sums to a grid with so many more decimals. */
  refine(decimals: number): void {
    for (const sum of [
      this.exposure,
      this.bound,
      this.profit,
      this.otherFees,
      this.peak,
      this.dayBase,
      ...this.earlierBases,
    ])
      refine(sum, decimals)
  }
}

export interface TotalsData {
  readonly currency: string
  readonly otherFees: string
  readonly peak: string
  readonly dayBase: string
  readonly earlierBases: readonly string[]
}

export function refine(sum: Wide, decimals: number): void {
  sum.setBigInt(sum.toBigInt() * 10n ** BigInt(decimals))
}
