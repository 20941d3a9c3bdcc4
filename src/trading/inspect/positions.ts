import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import type { Grid } from '../exact/grid.js'
import type { Instrument } from '../instruments/instrument.js'
import { BookTop } from '../messages/market-frames.js'
import { Fill } from '../messages/order-frames.js'
import type { Position } from '../positions/book.js'
import { divide, formatDecimal, parseDecimal, power } from '../positions/decimal.js'
import { Positions } from '../positions/positions.js'
import { Names } from './names.js'

/** Whose positions are shown: those of each strategy, of each account, or of the whole desk. */
export const POSITION_OWNERS = ['strategy', 'account', 'desk'] as const
export type PositionOwner = (typeof POSITION_OWNERS)[number]

/** One position, as decimals. */
export interface PositionLine {
  /** The strategy or the account; 'desk' for the whole desk. */
  readonly owner: string
  readonly instrument: string
  /** Above 0 long, below 0 short. */
  readonly quantity: string
  /** '0' without a position. */
  readonly averagePrice: string
  /** Profit of what was closed, without fees, in `currency`. */
  readonly realised: string
  /** Profit of closing the rest at `price`; undefined before the first quote. */
  readonly unrealised: string | undefined
  /** The middle of the last quote. */
  readonly price: number | undefined
  /** The instrument's settlement currency. */
  readonly currency: string
  /** What was paid, by currency; below 0 for rebates. */
  readonly fees: Readonly<Record<string, string>>
  readonly fills: number
  /** Of the last fill: its time, ns since 1970, and its position in the sequence. */
  readonly changedAt: bigint
  readonly position: number
}

/** Decimals of prices, quantities and fees. A price of an inverse contract is 1 divided by it, rounded to so many decimals. */
const DECIMALS = 18

interface Filled {
  readonly owner: string
  readonly instrument: Instrument
  readonly fees: Map<string, bigint>
  fills: number
  changedAt: bigint
  position: number
}

/**
 * The positions of a home, from the fills in its sequence alone, read forward once. Average cost, counted exactly (see
 * Positions). Fees are counted beside them, and never lower a quantity. Funding is not in it: the venue pays it.
 *
 * An inverse contract is a fixed amount of its quote currency, so its profit is linear in 1/price: it is counted as the
 * opposite position at 1/price.
 */
export class PositionTable {
  readonly names = new Names()
  readonly handlers: Handlers
  private readonly positions = new Positions({ scale: { price: DECIMALS, quantity: DECIMALS } })
  private readonly filled = new Map<string, Filled>()
  /** Of the last quote, by the instrument's number. */
  private readonly middles: number[] = []

  /** @param onChange is called after each fill. */
  constructor(
    private readonly by: PositionOwner,
    private readonly wants: (strategy: string, instrument: number) => boolean = () => true,
    private readonly onChange: (line: PositionLine) => void = () => {},
  ) {
    this.handlers = this.names.learnBy(on(Fill, frame => this.fill(frame))).on(BookTop, ({ instrument, bid, ask }) => {
      if (bid > 0 && ask > 0) this.middles[instrument] = (bid + ask) / 2
    })
  }

  /** By owner, then by instrument. */
  get lines(): PositionLine[] {
    return [...this.filled.values()]
      .map(filled => this.lineOf(filled))
      .sort((a, b) => compare(a.owner, b.owner) || compare(a.instrument, b.instrument))
  }

  private fill(frame: FrameView<typeof Fill>): void {
    const instrument = this.names.instruments.get(frame.instrument)
    const strategy = this.names.strategy(frame.dest ?? 0)
    if (instrument === undefined || !this.wants(strategy, frame.instrument)) return
    const price = decimalOf(instrument.price, frame.price)
    const quantity = decimalOf(instrument.quantity, frame.quantity)
    const account = this.names.account(frame.instrument, frame.account)
    const isBuy = (frame.side === 'buy') !== instrument.inverse
    this.positions.apply({
      strategy,
      account,
      symbol: instrument.name,
      side: isBuy ? 'buy' : 'sell',
      price: instrument.inverse ? reciprocal(price) : price,
      quantity,
    })
    const owner = { strategy, account, desk: 'desk' }[this.by]
    const key = `${owner}\0${instrument.name}`
    let filled = this.filled.get(key)
    if (filled === undefined) {
      filled = { owner, instrument, fees: new Map(), fills: 0, changedAt: 0n, position: 0 }
      this.filled.set(key, filled)
    }
    const { feeCurrency, fee } = frame
    if (fee !== 0) filled.fees.set(feeCurrency, (filled.fees.get(feeCurrency) ?? 0n) + feeOf(fee))
    filled.fills++
    filled.changedAt = frame.time
    filled.position = frame.position
    this.onChange(this.lineOf(filled))
  }

  private lineOf({ owner, instrument, fees, fills, changedAt, position }: Filled): PositionLine {
    const { name, inverse, settlement, multiplier } = instrument
    const book = this.bookOf(owner, name)
    const middle = this.middles[instrument.number]
    const money = (text: string): string => times(text, multiplier.step)
    return {
      owner,
      instrument: name,
      quantity: inverse ? negated(book.quantity) : book.quantity,
      averagePrice: inverse ? reciprocal(book.averagePrice) : book.averagePrice,
      realised: money(book.realised),
      unrealised:
        middle === undefined ? undefined : money(book.unrealised(inverse ? reciprocal(String(middle)) : middle)),
      price: middle,
      currency: settlement,
      fees: Object.fromEntries([...fees].map(([currency, fee]) => [currency, formatDecimal(fee, DECIMALS)])),
      fills,
      changedAt,
      position,
    }
  }

  private bookOf(owner: string, symbol: string): Position {
    if (this.by === 'desk') return this.positions.total(symbol)
    return this.by === 'account' ? this.positions.account(owner, symbol) : this.positions.get(owner, symbol)
  }
}

/** The exact decimal of a multiple of a step. */
function decimalOf(grid: Grid, value: number): string {
  return formatDecimal(BigInt(grid.nearest(value)) * BigInt(grid.numerator), grid.decimals)
}

/** 1 / price; '0' of '0'. */
function reciprocal(price: string): string {
  const value = parseDecimal(price, DECIMALS) ?? 0n
  return value === 0n ? '0' : formatDecimal(divide(power(2 * DECIMALS), value), DECIMALS)
}

/** Decimals enough for any money of `Positions`, and for a multiplier. */
const MONEY_DECIMALS = 60

function times(money: string, multiplier: string): string {
  const value = parseDecimal(money, MONEY_DECIMALS) ?? 0n
  return formatDecimal(value * (parseDecimal(multiplier, DECIMALS) ?? 1n), MONEY_DECIMALS + DECIMALS)
}

function negated(decimal: string): string {
  if (decimal === '0') return decimal
  return decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`
}

function feeOf(fee: number): bigint {
  return parseDecimal(String(fee), DECIMALS) ?? parseDecimal(fee.toFixed(DECIMALS), DECIMALS) ?? 0n
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
