import { InvalidOptionError } from '../../../base/errors.js'
import type { Amount } from '../../exact/amount.js'
import { readDecimal } from '../../exact/decimal.js'
import type { Instrument } from '../../instruments/instrument.js'
import { BUY } from '../../messages/order-terms.js'
import { reasonCode } from '../../messages/reasons.js'
import type { Orders } from '../book/orders.js'
import { PriceLevels } from '../book/price-levels.js'
import { RecordedSide } from '../book/recorded-side.js'
import type { FeeRates } from '../options/options.js'
import type { Currencies, Currency } from './currencies.js'

/**
 * One instrument: its book, what is recorded of its market, and its arithmetic.
 *
 * Value. A quantity at a price has a value in whole units. Linear contracts and spot: ticks times steps. Inverse contracts:
 * steps times the contract's size divided by the price, rounded to `settlementDecimals` of the settlement currency, half
 * up. `valueFactor` units of the currency are one unit of value.
 */
export class Market {
  readonly index: number
  readonly instrument: Instrument
  readonly isSpot: boolean
  readonly inverse: boolean
  readonly bids: PriceLevels
  readonly asks: PriceLevels
  /** Stops that wait: a buy stop is triggered at its price or above, a sell stop at its price or below. */
  buyStops: PriceLevels | undefined = undefined
  sellStops: PriceLevels | undefined = undefined
  /** What is recorded of the buyers and of the sellers. */
  readonly recordedBid = new RecordedSide()
  readonly recordedAsk = new RecordedSide()
  /** The price of the last trade, 0 before the first. */
  lastTicks = 0
  /**
   * The price that triggers stops: of the last trade, moved into the recorded quote when a later quote shows that the
   * market has left it. 0 before the first trade.
   */
  triggerTicks = 0
  /** The mark price that was set; 0 if none was set. */
  setMarkTicks = 0
  /** Whether the mark price may have changed since margins were checked. */
  markMoved = false
  /**
   * Between these mark prices no account with this position alone in its margin pool is below its maintenance margin, as the
   * accounts were at the last check: none of them has to be checked again.
   */
  safeAbove = Number.POSITIVE_INFINITY
  safeBelow = Number.NEGATIVE_INFINITY
  /** Whether it was settled for the last time. */
  settled = false
  /** The currency of its values and fees: quote (spot) or settlement. */
  readonly currency: Currency
  readonly baseCurrency: Currency
  /** Units of the currency in one unit of value. */
  valueFactor = 0
  /** Units of the currency that the fee on one unit of value is. */
  makerFactor = 0
  takerFactor = 0
  /** Units of the base currency in one step (spot). */
  baseFactor = 0
  /** Value of one step times ticks of an inverse contract: `steps * inverseNumerator / (ticks * inverseDenominator)`. */
  private readonly inverseNumerator: bigint
  private readonly inverseDenominator: bigint
  private readonly fastNumerator: number
  private readonly fastDenominator: number
  /** Least and most value of an order: units of ticks times steps; steps of an inverse contract, whose size is fixed. */
  private readonly minNotional: number
  private readonly maxNotional: number
  private readonly orders: Orders
  private readonly valueUnit: { numerator: bigint; decimals: number }
  private readonly baseUnit: { numerator: bigint; decimals: number }
  private readonly rates: { maker: DecimalRate; taker: DecimalRate }

  /** @throws {InvalidOptionError} when its amounts need more decimals than are possible */
  constructor(
    index: number,
    instrument: Instrument,
    orders: Orders,
    currencies: Currencies,
    fees: FeeRates,
    settlementDecimals: number,
  ) {
    this.index = index
    this.instrument = instrument
    this.orders = orders
    this.isSpot = instrument.spec.kind === 'spot'
    this.inverse = instrument.inverse && !this.isSpot
    this.bids = new PriceLevels(orders, 1)
    this.asks = new PriceLevels(orders, -1)
    const { price, quantity, multiplier } = instrument
    const size = BigInt(quantity.numerator) * BigInt(multiplier.numerator)
    const sizeDecimals = quantity.decimals + multiplier.decimals
    const notional = this.inverse
      ? { numerator: size, decimals: sizeDecimals }
      : { numerator: size * BigInt(price.numerator), decimals: sizeDecimals + price.decimals }
    this.minNotional = unitsIn(instrument.spec.minNotional, notional, true) ?? 0
    this.maxNotional = unitsIn(instrument.spec.maxNotional, notional, false) ?? Number.POSITIVE_INFINITY
    this.baseUnit = reduced(size, sizeDecimals)
    this.valueUnit = this.inverse
      ? { numerator: 1n, decimals: settlementDecimals }
      : reduced(size * BigInt(price.numerator), sizeDecimals + price.decimals)
    const above = size * 10n ** BigInt(settlementDecimals + price.decimals)
    const below = BigInt(price.numerator) * 10n ** BigInt(sizeDecimals)
    const common = greatestCommonDivisor(above, below)
    this.inverseNumerator = above / common
    this.inverseDenominator = below / common
    this.fastNumerator = Number(this.inverseNumerator)
    this.fastDenominator = Number(this.inverseDenominator)
    this.rates = { maker: rateOf(fees.maker), taker: rateOf(fees.taker) }
    const feeDecimals = Math.max(this.rates.maker.decimals, this.rates.taker.decimals)
    const name = this.isSpot ? instrument.quote : instrument.settlement
    this.currency = currencies.need(name, this.valueUnit.decimals + feeDecimals)
    this.baseCurrency = this.isSpot ? currencies.need(instrument.base, this.baseUnit.decimals) : this.currency
    this.setFactors()
  }

  /** To be called when one of its currencies has got more decimals. */
  setFactors(): void {
    const { decimals, numerator } = this.valueUnit
    const { maker, taker } = this.rates
    const unit = numerator * 10n ** BigInt(this.currency.decimals - decimals)
    const what = `the price tick, quantity step and multiplier of ${this.instrument.name} together`
    this.valueFactor = exactNumber(unit, what)
    this.makerFactor = exactNumber((unit * maker.numerator) / 10n ** BigInt(maker.decimals), what)
    this.takerFactor = exactNumber((unit * taker.numerator) / 10n ** BigInt(taker.decimals), what)
    if (!this.isSpot) return
    this.baseFactor = exactNumber(
      this.baseUnit.numerator * 10n ** BigInt(this.baseCurrency.decimals - this.baseUnit.decimals),
      what,
    )
  }

  /** There was a trade at this price. */
  traded(ticks: number): void {
    this.lastTicks = ticks
    this.triggerTicks = ticks
    this.markMoved = true
  }

  /** There was a quote: a last price outside of it is not the market's any more. */
  quoted(): void {
    if (this.triggerTicks === 0) return
    const bid = this.recordedBid.ticks
    const ask = this.recordedAsk.ticks
    if (this.triggerTicks < bid) this.triggerTicks = bid
    else if (ask > 0 && this.triggerTicks > ask) this.triggerTicks = ask
  }

  side(side: number): PriceLevels {
    return side === BUY ? this.bids : this.asks
  }

  recorded(side: number): RecordedSide {
    return side === BUY ? this.recordedBid : this.recordedAsk
  }

  /** The best price that an order of a side would meet, in ticks; 0 when there is none. What of it is left does not count. */
  bestAgainst(side: number): number {
    return Math.max(this.side(1 - side).bestTicks, this.recorded(1 - side).ticks)
  }

  stops(side: number): PriceLevels {
    if (side === BUY) return (this.buyStops ??= new PriceLevels(this.orders, -1))
    return (this.sellStops ??= new PriceLevels(this.orders, 1))
  }

  /**
   * The price at which positions are valued: the one that was set, else the middle of the recorded quote (rounded down),
   * else the last trade. 0 when there is none of them.
   */
  get markTicks(): number {
    if (this.setMarkTicks !== 0) return this.setMarkTicks
    const bid = this.recordedBid.ticks
    const ask = this.recordedAsk.ticks
    return bid > 0 && ask > 0 ? Math.floor((bid + ask) / 2) : this.lastTicks
  }

  /** Sets `into` to the value of steps (0 or more) at a price, times `factor`. */
  value(into: Amount, ticks: number, steps: number, factor: number): Amount {
    into.clear()
    if (!this.inverse) {
      into.addProducts(ticks, steps, factor)
      return into
    }
    const value = this.inverseValue(ticks, steps)
    if (value <= Number.MAX_SAFE_INTEGER) into.addProduct(value, factor)
    else into.set(this.exactInverseValue(ticks, steps) * BigInt(factor))
    return into
  }

  /** The nearest double to a value in units of the currency. */
  valueNumber(ticks: number, steps: number): number {
    return (this.inverse ? this.inverseValue(ticks, steps) : ticks * steps) * this.valueFactor
  }

  /** Why a quantity at a price is refused: an index into REASONS, 0 when it is not. */
  notionalRefusal(ticks: number, steps: number): number {
    const units = this.inverse ? steps : ticks * steps
    if (units < this.minNotional) return NOTIONAL_TOO_SMALL
    return units > this.maxNotional ? NOTIONAL_TOO_LARGE : 0
  }

  /** Whether an order is worth more than the exchange can compute with exactly. `ticks`: 0 when it has no price. */
  isTooLarge(ticks: number, steps: number): boolean {
    const factor = Math.max(this.valueFactor, Math.abs(this.makerFactor), Math.abs(this.takerFactor))
    const units = this.inverse && ticks > 0 ? this.inverseValue(ticks, steps) : ticks * steps
    return !(units * factor <= MAX_AMOUNT && steps * this.baseFactor <= MAX_AMOUNT)
  }

  private inverseValue(ticks: number, steps: number): number {
    const above = steps * this.fastNumerator
    const below = ticks * this.fastDenominator
    if (above <= MAX_EXACT_HALF && below <= MAX_EXACT_HALF) {
      // The quotient may be one too large, because the division was rounded; the remainder is exact.
      let quotient = Math.floor(above / below)
      let rest = above - quotient * below
      if (rest < 0) {
        quotient--
        rest += below
      }
      return rest * 2 >= below ? quotient + 1 : quotient
    }
    return Number(this.exactInverseValue(ticks, steps))
  }

  private exactInverseValue(ticks: number, steps: number): bigint {
    const above = BigInt(steps) * this.inverseNumerator
    const below = BigInt(ticks) * this.inverseDenominator
    return (above * 2n + below) / (below * 2n)
  }
}

const NOTIONAL_TOO_SMALL = reasonCode('notional-too-small')
const NOTIONAL_TOO_LARGE = reasonCode('notional-too-large')

interface DecimalRate {
  readonly numerator: bigint
  readonly decimals: number
}

/** An amount is a number of 105 bits: some ten thousand orders of this value can be summed. */
const MAX_AMOUNT = 2 ** 90
/** More ticks or steps than this are no price and no quantity: as in Grid. */
const MAX_COUNT = 2 ** 50

/** Whether a number of ticks or steps is usable. */
export function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_COUNT
}

/** Half of 2^53: twice of it is still exact. */
const MAX_EXACT_HALF = 2 ** 52

function rateOf(rate: number | string): DecimalRate {
  const parts = readDecimal(rate)
  if (parts === undefined) throw new InvalidOptionError(`a fee rate is a decimal, such as '0.0002'; not ${rate}`)
  return parts
}

/** How many units of `numerator / 10^decimals` a decimal has, rounded up or down. */
function unitsIn(
  text: string | undefined,
  unit: { numerator: bigint; decimals: number },
  isUp: boolean,
): number | undefined {
  const parts = text === undefined || text === '' ? undefined : readDecimal(text)
  if (parts === undefined) return undefined
  const scale = 10n ** BigInt(Math.max(unit.decimals, parts.decimals))
  const amount = (parts.numerator * scale) / 10n ** BigInt(parts.decimals)
  const one = (unit.numerator * scale) / 10n ** BigInt(unit.decimals)
  return Number((amount + (isUp ? one - 1n : 0n)) / one)
}

function reduced(numerator: bigint, decimals: number): { numerator: bigint; decimals: number } {
  let above = numerator
  let left = decimals
  while (left > 0 && above % 10n === 0n) {
    above /= 10n
    left--
  }
  return { numerator: above, decimals: left }
}

function exactNumber(value: bigint, what: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw new InvalidOptionError(`${what} need more digits than the exchange can compute with exactly`)
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}
