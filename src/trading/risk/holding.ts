import { Wide } from '../exact/wide.js'
import { BUY } from '../messages/order-terms.js'
import { ListKind, OrderList } from '../orders/life/order-list.js'
import type { Market, PriceFollower } from './market.js'
import type { StaleHoldings } from './stale-holdings.js'
import { refine, type Totals } from './totals.js'

/**
 * What one owner has in one instrument: its position, what its pending orders may add, and the money of both.
 *
 * The worst that pending orders can do is that all buys are filled and no sell, or all sells and no buy. So a position is
 * within a limit if `position + buys` and `sells - position` are. Exposure is the largest of three values: of the
 * position as it is, at the middle of the last quote; of that plus the notional of the buys, if they make it long; and
 * of the notional of the sells less the position's value, if they make it short.
 *
 * Exposure is counted when it is needed, that is near a limit. Far below one a bound is enough, which changes with each order by
 * one addition, and with a quote hardly ever: the notional of all buys and sells, and the position at a price that is somewhat
 * above the market's.
 */
export class Holding implements PriceFollower {
  /** Steps, below 0 when short. */
  position = 0
  /** Steps that pending orders may buy and sell. */
  buys = 0
  sells = 0
  readonly buyMoney = new Wide()
  readonly sellMoney = new Wide()
  /** What fills brought in less what they cost, in the settlement currency. With the position's value it is the profit. */
  readonly cash = new Wide()
  /** The value of the position at the middle of the last quote, in the quote currency, when exposure was counted last. */
  readonly middleValue = new Wide()
  /** Both as they are counted in `exposed` and `earned`. */
  readonly exposure = new Wide()
  readonly profit = new Wide()
  /** The most that the position counts for in the bound: see `Market.setCeilingValue`. */
  readonly ceiling = new Wide()
  /** Whether its exposure has to be counted before it is read. */
  isStale = false

  /** Limits in whole steps and in money; Infinity and undefined without one. */
  maxOrderSteps = Number.POSITIVE_INFINITY
  maxPositionSteps = Number.POSITIVE_INFINITY
  maxOrderMoney: Wide | undefined = undefined
  /** Whether its exposure is followed, because its owner's or its instrument's is limited. */
  isExposed = false
  /** The same for its profit. */
  isEarning = false

  /** For an account: its open orders with a price, for self-trade; for a strategy: orders that are not answered yet. */
  readonly resting = new OrderList(ListKind.RESTING)
  readonly unanswered = new OrderList(ListKind.UNANSWERED)
  /** The best prices of the resting orders; 0 when there is none, UNKNOWN when they have to be found again. */
  private bestBuy = 0
  private bestSell = 0

  constructor(
    readonly market: Market,
    /** The owner's sums in the quote and in the settlement currency. */
    readonly exposed: Totals,
    readonly earned: Totals,
    private readonly stale: StaleHoldings,
  ) {}

  /** Of the desk's holding: the sums of the instrument's own owner, if it has limits of its own. */
  alsoEarned: Totals | undefined = undefined

  /** Changes what is reserved. Money in units of the quote currency's grid. */
  reserve(side: number, steps: number, money: Wide): void {
    if (side === BUY) {
      this.buys += steps
      this.buyMoney.add(money)
    } else {
      this.sells += steps
      this.sellMoney.add(money)
    }
    if (!this.isExposed) return
    this.exposed.bound.add(money)
    if (!this.isStale) this.markStale()
  }

  /** Books a fill: steps below 0 when sold, and the value of what was bought, fee included, in the settlement currency. */
  fill(steps: number, cost: Wide): void {
    this.position += steps
    this.cash.subtract(cost)
    if (this.isExposed) this.revalue()
    this.countProfit()
  }

  /** Begins or ends to follow its exposure. */
  follow(isExposed: boolean): void {
    if (isExposed === this.isExposed) return
    const { bound } = this.exposed
    this.isExposed = isExposed
    if (isExposed) {
      this.ceiling.set(0)
      bound.add(this.buyMoney)
      bound.add(this.sellMoney)
      this.revalue()
    } else for (const part of [this.buyMoney, this.sellMoney, this.ceiling]) bound.subtract(part)
  }

  /** The position, or the price that it is bounded with, has changed. */
  revalue(): void {
    const { ceiling } = this
    const { bound } = this.exposed
    bound.subtract(ceiling)
    this.market.setCeilingValue(ceiling, this.position)
    bound.add(ceiling)
    if (!this.isStale) this.markStale()
  }

  /** What is reserved, the position or the quote has changed. Not to be called twice. */
  markStale(): void {
    this.isStale = true
    this.stale.add(this)
  }

  countExposure(): void {
    this.isStale = false
    const { exposure } = this
    const { exposure: sum } = this.exposed
    this.market.setMiddleValue(this.middleValue, this.position)
    sum.subtract(exposure)
    this.setExposure(exposure, 0, NOTHING, 0, NOTHING)
    sum.add(exposure)
  }

  /** Sets `target` to the exposure with so much more to buy and to sell. */
  setExposure(target: Wide, buySteps: number, buyMoney: Wide, sellSteps: number, sellMoney: Wide): void {
    const { middleValue, position } = this
    target.copy(middleValue)
    if (middleValue.high < 0) target.negate()
    if (position + this.buys + buySteps > 0) {
      worst.copy(this.buyMoney)
      worst.add(buyMoney)
      worst.add(middleValue)
      if (worst.isAbove(target)) target.copy(worst)
    }
    if (this.sells + sellSteps - position > 0) {
      worst.copy(this.sellMoney)
      worst.add(sellMoney)
      worst.subtract(middleValue)
      if (worst.isAbove(target)) target.copy(worst)
    }
  }

  /** Profit: what fills brought in, and the value of the position if it were closed at the last quote. */
  countProfit(): void {
    const { profit } = this
    const { profit: sum } = this.earned
    sum.subtract(profit)
    this.setProfit(profit)
    sum.add(profit)
    this.earned.judge()
    const { alsoEarned } = this
    if (alsoEarned === undefined) return
    alsoEarned.profit.copy(profit)
    alsoEarned.judge()
  }

  setProfit(target: Wide): void {
    const { position, market } = this
    target.copy(this.cash)
    if (position !== 0) market.addValue(target, position, market.closingTicks(position))
  }

  /** The best price of the resting orders of a side; 0 when there is none. */
  bestResting(side: number): number {
    const best = side === BUY ? this.bestBuy : this.bestSell
    return best === UNKNOWN ? this.findBest(side) : best
  }

  addResting(side: number, ticks: number): void {
    if (side === BUY) {
      if (this.bestBuy !== UNKNOWN && ticks > this.bestBuy) this.bestBuy = ticks
    } else if (this.bestSell !== UNKNOWN && (this.bestSell === 0 || ticks < this.bestSell)) this.bestSell = ticks
  }

  /** One at this price is gone. If it was the best, the best is found again when it is needed. */
  removeResting(side: number, ticks: number): void {
    if (side === BUY) {
      if (ticks === this.bestBuy) this.bestBuy = UNKNOWN
    } else if (ticks === this.bestSell) this.bestSell = UNKNOWN
  }

  private findBest(side: number): number {
    let best = 0
    for (let order = this.resting.first; order !== undefined; order = order.next[ListKind.RESTING]) {
      if (order.side !== side) continue
      const ticks = order.reserve.crossTicks
      if (best === 0 || (side === BUY ? ticks > best : ticks < best)) best = ticks
    }
    if (side === BUY) this.bestBuy = best
    else this.bestSell = best
    return best
  }

  /** The sums in a currency, for a grid that is finer by so many decimals. */
  refine(quote: number, settlement: number): void {
    for (const sum of [this.buyMoney, this.sellMoney, this.middleValue, this.exposure, this.ceiling]) refine(sum, quote)
    for (const sum of [this.cash, this.profit]) refine(sum, settlement)
  }
}

const UNKNOWN = -1
const NOTHING = new Wide()
const worst = new Wide()
