import type { FrameView, WriteView } from '../../frames/view.js'
import { ExactSum } from '../exact/exact-sum.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Fill } from '../messages/order-frames.js'
import { strategyOfOrder } from '../messages/order-id.js'
import type { MarketListener } from './event-buffer.js'
import type { Samples } from './samples.js'

/** What one strategy has in one instrument. */
export class Line {
  /** Steps, below 0 when short. */
  position = 0
  /** Of a linear instrument: ticks times steps that fills brought in less what they cost. Exact. */
  readonly cash = new ExactSum()
  /** Of an inverse one: what fills of it cost, in the settlement currency. */
  inverseCash = 0
  fills = 0
  boughtSteps = 0
  soldSteps = 0
  /** In the quote currency. */
  turnover = 0
  readonly fees = new Map<string, number>()
  /** Profit without fees as it is counted in its currency. */
  counted = 0

  constructor(
    readonly strategy: number,
    readonly instrument: Instrument,
    readonly currency: CurrencyLine,
    private readonly tickValue: number,
    private readonly stepUnits: number,
  ) {}

  /** What fills brought in and the position is worth at a price: the profit without fees. */
  profitAt(price: number): number {
    const { instrument, position, inverseCash } = this
    if (instrument.inverse) return inverseCash - (position === 0 ? 0 : (position * this.stepUnits) / price)
    const inTicks = this.cash.toNumber() + position * (price / instrument.price.valueOf(1))
    return inTicks * this.tickValue
  }

  book(isBuy: boolean, ticks: number, steps: number, price: number): void {
    const signed = isBuy ? steps : -steps
    this.fills++
    this.position += signed
    if (isBuy) this.boughtSteps += steps
    else this.soldSteps += steps
    if (this.instrument.inverse) {
      this.inverseCash += (signed * this.stepUnits) / price
      this.turnover += steps * this.stepUnits
    } else {
      this.cash.addProduct(-ticks, signed)
      this.turnover += steps * ticks * this.tickValue
    }
  }

  charge(currency: string, fee: number): void {
    if (fee !== 0) this.fees.set(currency, (this.fees.get(currency) ?? 0) + fee)
  }
}

/** Profit in one currency, over all strategies, and how far it fell. */
export class CurrencyLine {
  /** Profit, fees included, at the last prices. */
  equity = 0
  fees = 0
  private peak = 0
  private peakAt = 0
  /** The largest fall from a peak, and when: ns since the first event. */
  drawdown = { amount: 0, from: 0, to: 0 }
  readonly lines: Line[] = []

  constructor(readonly name: string) {}

  /** @param at ns since the first event. */
  change(by: number, at: number): void {
    const equity = this.equity + by
    this.equity = equity
    if (equity >= this.peak) {
      this.peak = equity
      this.peakAt = at
    } else if (this.peak - equity > this.drawdown.amount) {
      this.drawdown = { amount: this.peak - equity, from: this.peakAt, to: at }
    }
  }

  /** Sums up again, so that the rounding errors of many small changes do not add up. */
  sum(): void {
    let profit = 0
    for (const line of this.lines) profit += line.counted
    this.equity = profit - this.fees
  }
}

interface Priced {
  readonly instrument: Instrument
  /** The middle of the last quote; of an instrument without quotes its last trade. 0 before. */
  price: number
  hasQuote: boolean
  readonly lines: Line[]
}

/**
 * Positions, profit and fees of a backtest: every fill, valued at every quote. Its own count, from fills and market data
 * alone; risk and the exchange have others.
 */
export class Ledger implements MarketListener {
  readonly currencies = new Map<string, CurrencyLine>()
  /** ns since the first event. */
  now = 0
  private readonly bySymbol: (Priced | undefined)[] = []
  private readonly byInstrument: (Priced | undefined)[] = []
  private nextSampleAt = 0

  /** @param instrumentOf the instrument of a symbol's index; makes one when the symbol is new. */
  constructor(
    private readonly instrumentOf: (symbol: number, price: number) => Instrument,
    private readonly samples: Samples,
  ) {}

  get lines(): readonly Line[] {
    return this.byInstrument.flatMap(priced => priced?.lines ?? [])
  }

  /** All instruments that had market data or fills, with the price at which they are valued. */
  get instruments(): readonly {
    readonly instrument: Instrument
    readonly price: number
    readonly lines: readonly Line[]
  }[] {
    return this.byInstrument.flatMap(priced => (priced === undefined ? [] : [priced]))
  }

  quoted(symbol: number, at: number, bid: number, ask: number): void {
    if (at >= this.nextSampleAt) this.sample(at)
    this.now = at
    const priced = this.bySymbol[symbol] ?? this.meet(symbol, ask > 0 ? ask : bid)
    if (!(bid > 0 && ask > 0)) return
    priced.price = (bid + ask) / 2
    priced.hasQuote = true
    if (priced.lines.length > 0) this.value(priced, at)
  }

  traded(symbol: number, at: number, price: number): void {
    if (at >= this.nextSampleAt) this.sample(at)
    this.now = at
    const priced = this.bySymbol[symbol] ?? this.meet(symbol, price)
    if (priced.hasQuote) return
    priced.price = price
    if (priced.lines.length > 0) this.value(priced, at)
  }

  fill(fill: WriteView<typeof Fill> | FrameView<typeof Fill>, instrument: Instrument): void {
    const { orderId, price, quantity, side, fee, feeCurrency } = fill
    const priced = this.pricedOf(instrument)
    if (priced.price === 0) priced.price = price
    const line = this.lineOf(priced, strategyOfOrder(orderId))
    line.book(side === 'buy', instrument.price.nearest(price), instrument.quantity.nearest(quantity), price)
    if (fee !== 0) {
      const currency = this.currencyOf(feeCurrency === '' ? instrument.settlement : feeCurrency)
      line.charge(currency.name, fee)
      currency.fees += fee
      currency.change(-fee, this.now)
    }
    this.value(priced, this.now)
  }

  /** The last samples. @param at ns since the first event. */
  end(at: number): void {
    this.now = Math.max(this.now, at)
    this.sample(this.now)
  }

  private value({ lines, price }: Priced, at: number): void {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]
      const profit = line.profitAt(price)
      if (profit === line.counted) continue
      line.currency.change(profit - line.counted, at)
      line.counted = profit
    }
  }

  private sample(at: number): void {
    for (const currency of this.currencies.values()) currency.sum()
    this.nextSampleAt = this.samples.take(at, this.currencies.values())
  }

  private meet(symbol: number, price: number): Priced {
    const priced = this.pricedOf(this.instrumentOf(symbol, price))
    this.bySymbol[symbol] = priced
    return priced
  }

  private pricedOf(instrument: Instrument): Priced {
    return (this.byInstrument[instrument.number] ??= { instrument, price: 0, hasQuote: false, lines: [] })
  }

  private lineOf(priced: Priced, strategy: number): Line {
    const known = priced.lines.find(line => line.strategy === strategy)
    if (known !== undefined) return known
    const { instrument } = priced
    const units = instrument.quantity.valueOf(1) * instrument.multiplier.valueOf(1)
    const currency = this.currencyOf(instrument.settlement)
    const line = new Line(strategy, instrument, currency, instrument.price.valueOf(1) * units, units)
    priced.lines.push(line)
    currency.lines.push(line)
    return line
  }

  private currencyOf(name: string): CurrencyLine {
    let currency = this.currencies.get(name)
    if (currency === undefined) this.currencies.set(name, (currency = new CurrencyLine(name)))
    return currency
  }
}
