import { decimalText, divide, parseDecimal, power } from '../exact/decimal.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Position } from './book.js'
import { Positions } from './positions.js'

/** Whose positions: those of each strategy, of each account, or of the whole desk. */
export const POSITION_OWNERS = ['strategy', 'account', 'desk'] as const
export type PositionOwner = (typeof POSITION_OWNERS)[number]

/** Decimals of prices, quantities and fees. A price of an inverse contract is 1 divided by it, rounded to so many decimals. */
const DECIMALS = 18

/** A fill, in units of its instrument. */
export interface DeskFill {
  readonly strategy: number
  /** The index of the account at the instrument's venue. */
  readonly account: number
  readonly isBuy: boolean
  readonly price: number
  readonly quantity: number
  readonly fee: number
  readonly feeCurrency: string
  /** ns since 1970. */
  readonly time: bigint
  /** In the sequence. */
  readonly position: number
}

/** The fills of one owner in one instrument. */
export interface Filled {
  readonly by: PositionOwner
  /** The number of the strategy or of the account; 0 for the desk. */
  readonly owner: number
  readonly instrument: Instrument
  /** By currency, in units of 10^-18; below 0 for rebates. */
  readonly fees: Map<string, bigint>
  fills: number
  /** Of the last fill: its time, ns since 1970, and its position in the sequence. */
  changedAt: bigint
  position: number
}

/** What one owner has in one instrument, as plain data. Whole numbers of any size are text. */
export type SavedFilled = readonly [
  by: PositionOwner,
  owner: number,
  instrument: number,
  quantity: string,
  cost: string,
  realised: string,
  fees: readonly (readonly [currency: string, fee: string])[],
  fills: number,
  changedAt: string,
  position: number,
]

/**
 * The positions of a desk, from its fills alone. Average cost, counted exactly (see Positions). Fees are counted beside them, and
 * never lower a quantity. Funding is not in it: the venue pays it.
 *
 * An inverse contract is a fixed amount of its quote currency, so its profit is linear in 1/price: it is counted as the
 * opposite position at 1/price.
 */
export class DeskPositions {
  private readonly positions = new Positions({ scale: { price: DECIMALS, quantity: DECIMALS } })
  private readonly filled = new Map<string, Filled>()

  apply(instrument: Instrument, fill: DeskFill): void {
    const price = instrument.price.textOf(instrument.price.nearest(fill.price))
    this.positions.apply({
      strategy: String(fill.strategy),
      account: String(fill.account),
      symbol: instrument.name,
      side: fill.isBuy === instrument.inverse ? 'sell' : 'buy',
      price: instrument.inverse ? reciprocal(price) : price,
      quantity: instrument.quantity.textOf(instrument.quantity.nearest(fill.quantity)),
    })
    this.count(this.of('strategy', fill.strategy, instrument), fill)
    this.count(this.of('account', fill.account, instrument), fill)
    this.count(this.of('desk', 0, instrument), fill)
  }

  /** Those of one kind of owner. */
  all(by: PositionOwner): Filled[] {
    return [...this.filled.values()].filter(filled => filled.by === by)
  }

  /** What an owner has in an instrument; it has had none before. */
  of(by: PositionOwner, owner: number, instrument: Instrument): Filled {
    const key = `${by} ${owner} ${instrument.number}`
    let filled = this.filled.get(key)
    if (filled === undefined) {
      filled = { by, owner, instrument, fees: new Map(), fills: 0, changedAt: 0n, position: 0 }
      this.filled.set(key, filled)
    }
    return filled
  }

  /**
   * The position as decimals, with all their digits.
   *
   * @param middle of the last quote; undefined before the first.
   */
  decimals({ by, owner, instrument }: Filled, middle: number | undefined): PositionDecimals {
    const { inverse, multiplier } = instrument
    const position = this.positionOf(by, owner, instrument)
    const money = (text: string): string => times(text, multiplier.step)
    return {
      quantity: inverse ? negated(position.quantity) : position.quantity,
      averagePrice: inverse ? reciprocal(position.averagePrice) : position.averagePrice,
      realised: money(position.realised),
      unrealised:
        middle === undefined ? undefined : money(position.unrealised(inverse ? reciprocal(String(middle)) : middle)),
    }
  }

  save(): SavedFilled[] {
    return [...this.filled.values()].map(({ by, owner, instrument, fees, fills, changedAt, position }) => {
      const { quantity, cost, realised } = this.bookOf(by, owner, instrument).state
      return [
        by,
        owner,
        instrument.number,
        String(quantity),
        String(cost),
        String(realised),
        [...fees].map(([currency, fee]) => [currency, String(fee)] as const),
        fills,
        String(changedAt),
        position,
      ]
    })
  }

  /** Takes over what `save` gave. @param find the instrument of a number; undefined leaves it out. */
  load(all: readonly SavedFilled[], find: (number: number) => Instrument | undefined): void {
    for (const [by, owner, number, quantity, cost, realised, fees, fills, changedAt, position] of all) {
      const instrument = find(number)
      if (instrument === undefined) continue
      const state = { quantity: BigInt(quantity), cost: BigInt(cost), realised: BigInt(realised), fees: 0n }
      this.bookOf(by, owner, instrument).restore(state)
      const filled = this.of(by, owner, instrument)
      for (const [currency, fee] of fees) filled.fees.set(currency, BigInt(fee))
      Object.assign(filled, { fills, changedAt: BigInt(changedAt), position })
    }
  }

  private count(filled: Filled, { fee, feeCurrency, time, position }: DeskFill): void {
    if (fee !== 0) filled.fees.set(feeCurrency, (filled.fees.get(feeCurrency) ?? 0n) + feeOf(fee))
    filled.fills++
    filled.changedAt = time
    filled.position = position
  }

  private bookOf(by: PositionOwner, owner: number, { name }: Instrument): ReturnType<Positions['bookOf']> {
    return this.positions.bookOf(by === 'desk' ? 'total' : by, by === 'desk' ? '' : String(owner), name)
  }

  private positionOf(by: PositionOwner, owner: number, { name }: Instrument): Position {
    if (by === 'desk') return this.positions.total(name)
    const id = String(owner)
    return by === 'account' ? this.positions.account(id, name) : this.positions.get(id, name)
  }
}

export interface PositionDecimals {
  /** Above 0 long, below 0 short. */
  readonly quantity: string
  /** '0' without a position. */
  readonly averagePrice: string
  /** Profit of what was closed, without fees, in the settlement currency. */
  readonly realised: string
  /** Profit of closing the rest at the middle of the last quote; undefined before the first. */
  readonly unrealised: string | undefined
}

/** Fees as decimals. */
export function feeTexts({ fees }: Filled): Readonly<Record<string, string>> {
  return Object.fromEntries([...fees].map(([currency, fee]) => [currency, decimalText(fee, DECIMALS)]))
}

/** 1 / price; '0' of '0'. */
function reciprocal(price: string): string {
  const value = parseDecimal(price, DECIMALS) ?? 0n
  return value === 0n ? '0' : decimalText(divide(power(2 * DECIMALS), value), DECIMALS)
}

/** Decimals enough for any money of `Positions`, and for a multiplier. */
const MONEY_DECIMALS = 60

function times(money: string, multiplier: string): string {
  const value = parseDecimal(money, MONEY_DECIMALS) ?? 0n
  return decimalText(value * (parseDecimal(multiplier, DECIMALS) ?? 1n), MONEY_DECIMALS + DECIMALS)
}

function negated(decimal: string): string {
  if (decimal === '0') return decimal
  return decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`
}

function feeOf(fee: number): bigint {
  return parseDecimal(String(fee), DECIMALS) ?? parseDecimal(fee.toFixed(DECIMALS), DECIMALS) ?? 0n
}
