import type { Wide } from '../exact/wide.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Currency } from './currency.js'

const NONE = Number.NaN
/** A new ceiling is so much above the price, and is replaced when it is so much above it. */
const ROOM = 1.0625
const LOOSE = 1.25
/** More than the rounding of two products of doubles. */
const ROUNDING = 1 + 2 ** -50

/** A holding, as far as the price of its market changes it. */
export interface PriceFollower {
  readonly position: number
  readonly isExposed: boolean
  readonly isEarning: boolean
  readonly isStale: boolean
  countProfit(): void
  revalue(): void
  markStale(): void
}

/**
 * An instrument as risk sees it: its last quote, what is known of it, and how its prices become money.
 *
 * A linear instrument: money is price times quantity times multiplier, exact.
 *
 * An inverse contract: a quantity of 1 is `multiplier` units of the quote currency, so its notional needs no price. Its
 * profit is in the settlement currency: the value of a quantity at a price is quantity times multiplier divided by price,
 * rounded to the nearest unit of the currency's grid (`Currency.decimals`, 10^-9 or finer), halves away from 0. Each fill
 * is rounded once, and the position at the last quote once, so the error of a profit is below the number of fills times
 * half a unit.
 */
export class Market {
  /** The last quote, in ticks; NaN before the first. A side that is missing has the other side's price. */
  bid = NONE
  ask = NONE
  quotedAt = Number.NEGATIVE_INFINITY
  /** Twice the price at which positions are valued for exposure: bid + ask; without a quote twice the last fill's price. */
  middle2 = NONE
  tradable = true
  openOrders = 0
  /** Open orders whose outcome is unknown, and orphans. */
  unknown = 0
  /** Holdings in it whose exposure or profit has a limit. */
  readonly followers: PriceFollower[] = []
  /** Whether its price has changed since exposures were counted. */
  isDirty = false
  /** Twice the price at which positions count in bounds of exposure: at least `middle2`, and not much above. */
  private ceiling2 = 0
  /** Limits of the desk and of the instrument together, in whole steps and in money. */
  maxOrderSteps = Number.POSITIVE_INFINITY
  maxPositionSteps = Number.POSITIVE_INFINITY
  maxOrderMoney: Wide | undefined = undefined
  maxExposure: Wide | undefined = undefined
  priceBand = Number.POSITIVE_INFINITY
  staleAfterNs = Number.POSITIVE_INFINITY
  /** Money per tick and step, in units of the grids of the quote and the settlement currency; inverse: per step. */
  notionalFactor = 0
  profitFactor = 0
  minNotional: Wide | undefined = undefined
  maxNotional: Wide | undefined = undefined
  private inverseNumerator = 0
  private inverseDenominator = 0

  constructor(
    readonly instrument: Instrument,
    readonly quote: Currency,
    readonly settlement: Currency,
  ) {
    this.setFactors()
  }

  /** The decimals that a tick times a step has. */
  static decimalsOf(instrument: Instrument): number {
    const { price, quantity, multiplier, inverse } = instrument
    return (inverse ? 0 : price.decimals) + quantity.decimals + multiplier.decimals
  }

  /** To be called when the grid of a currency has changed. */
  setFactors(): void {
    const factors = factorsOf(this.instrument, this.quote.decimals, this.settlement.decimals)
    if (factors === undefined) return
    this.notionalFactor = factors.notional
    this.profitFactor = factors.profit
    this.inverseNumerator = factors.numerator
    this.inverseDenominator = factors.denominator
  }

  /** Takes a quote. False when neither side is a price. */
  setQuote(bid: number, ask: number, now: number): boolean {
    const hasBid = bid > 0
    const hasAsk = ask > 0
    if (!hasBid && !hasAsk) return false
    this.bid = hasBid ? bid : ask
    this.ask = hasAsk ? ask : bid
    this.middle2 = this.bid + this.ask
    this.quotedAt = now
    return true
  }

  /** Follows the price with the one that bounds are made with. Returns whether that one has changed. */
  moveCeiling(): boolean {
    const { middle2, ceiling2 } = this
    if (!(middle2 > 0) || (middle2 <= ceiling2 && ceiling2 <= middle2 * LOOSE)) return false
    this.ceiling2 = Math.ceil(middle2 * ROOM)
    return this.ceiling2 !== ceiling2
  }

  /** The price at which a position would be closed now: the bid for a long one, the ask for a short one. */
  closingTicks(position: number): number {
    const ticks = position > 0 ? this.bid : this.ask
    return ticks > 0 ? ticks : this.middle2 / 2
  }

  /** The notional of one step at a price, in units of the quote currency's grid. */
  stepNotional(ticks: number): number {
    return this.instrument.inverse ? this.notionalFactor : ticks * this.notionalFactor
  }

  /** Sets `target` to what a position is worth, at the middle of the last quote, in the quote currency. */
  setMiddleValue(target: Wide, steps: number): void {
    // The factor of a linear instrument is even: the grid has one decimal more than the money needs.
    if (this.instrument.inverse) target.setProduct(steps, this.notionalFactor)
    else if (this.middle2 > 0) target.setProduct(steps, (this.middle2 * this.notionalFactor) / 2)
    else target.set(0)
  }

  /** Sets `target` to a whole number that the size of a position's value is not above, as long as the ceiling stays. */
  setCeilingValue(target: Wide, steps: number): void {
    const size = steps < 0 ? -steps : steps
    const each = this.instrument.inverse ? this.notionalFactor : (this.ceiling2 * this.notionalFactor) / 2
    target.set(Math.ceil(size * each * ROUNDING))
  }

  /**
   * Adds the value of steps at a price to `target`, in the settlement currency. What is bought has a value that rises
   * with the price: an inverse contract's is negative.
   */
  addValue(target: Wide, steps: number, ticks: number): void {
    if (!(ticks > 0)) return
    if (!this.instrument.inverse) target.addProduct(steps, ticks * this.profitFactor)
    else target.subtractQuotient(steps, this.inverseNumerator, ticks * this.inverseDenominator)
  }
}

export interface Factors {
  readonly notional: number
  readonly profit: number
  readonly numerator: number
  readonly denominator: number
}

/** How prices become money on grids of so many decimals; undefined if a number cannot hold it exactly. */
export function factorsOf(instrument: Instrument, quote: number, settlement: number): Factors | undefined {
  const { price, quantity, multiplier, inverse } = instrument
  const decimals = Market.decimalsOf(instrument)
  const perStep = BigInt(quantity.numerator) * BigInt(multiplier.numerator)
  const unit = inverse ? perStep : perStep * BigInt(price.numerator)
  const notional = unit * 10n ** BigInt(quote - decimals)
  const profit = inverse ? 0n : unit * 10n ** BigInt(settlement - decimals)
  const shift = inverse ? settlement + price.decimals - decimals : 0
  const numerator = perStep * 10n ** BigInt(Math.max(0, shift))
  const denominator = BigInt(price.numerator) * 10n ** BigInt(Math.max(0, -shift))
  const divisor = greatestCommonDivisor(numerator, denominator)
  const all = [notional, profit, numerator / divisor, denominator / divisor]
  if (all.some(value => value > MAX)) return undefined
  return { notional: Number(all[0]), profit: Number(all[1]), numerator: Number(all[2]), denominator: Number(all[3]) }
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER)

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}
