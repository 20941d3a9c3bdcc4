import type { FrameView } from '../../frames/view.js'
import { decimalText, parseDecimal } from '../exact/decimal.js'
import type { Grid } from '../exact/grid.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { Fill } from '../messages/order-frames.js'
import type { Position } from '../positions/book.js'
import { Positions } from '../positions/positions.js'
import { InversePosition, type SavedInversePosition } from './inverse-position.js'

/**
 * A strategy's position in one instrument, in units of the instrument and of its settlement currency. Each number is the double
 * nearest to the exact decimal; of inverse contracts money is rounded to 10^-18 before.
 */
export interface OwnPosition {
  /** Above 0 long, below 0 short. */
  readonly quantity: number
  /** 0 without a position. */
  readonly averagePrice: number
  /** Profit of what was closed, without fees. */
  readonly realised: number
  /** Profit of closing the rest at the middle of the last quote; 0 before the first quote. */
  readonly unrealised: number
}

/** A position as JSON has it: the symbol with its venue, and whole numbers as text. */
export type SavedPosition = readonly [symbol: string, quantity: string, cost: string, realised: string, fees: string]

/** All positions of a strategy as JSON has them. */
export interface SavedPositions {
  readonly positions: readonly SavedPosition[]
  /** Those in inverse contracts, by the instrument's number. */
  readonly inverse: readonly { readonly number: number; readonly saved: SavedInversePosition }[]
}

/** All positions here are of one strategy. */
const OWN = 'own'

/** The strategy's own positions, from its fills. */
export class OwnPositions {
  private readonly positions = new Positions({ scale: { price: 18, quantity: 18 } })
  /** By the instrument's number. */
  private readonly inverse: (InversePosition | undefined)[] = []
  private readonly bids: number[] = []
  private readonly asks: number[] = []

  constructor(private readonly instruments: Instruments) {}

  filled(fill: FrameView<typeof Fill>): void {
    const instrument = this.instruments.get(fill.instrument)
    if (instrument === undefined) return
    if (instrument.inverse) return this.inverseOf(instrument).fill(fill.side === 'buy', fill.price, fill.quantity)
    this.positions.apply({
      strategy: OWN,
      symbol: instrument.name,
      side: fill.side,
      price: instrument.price.textOf(instrument.price.nearest(fill.price)),
      quantity: instrument.quantity.textOf(instrument.quantity.nearest(fill.quantity)),
    })
  }

  quoted(instrument: number, bid: number, ask: number): void {
    this.bids[instrument] = bid
    this.asks[instrument] = ask
  }

  save(): SavedPositions {
    const positions: SavedPosition[] = []
    for (const { kind, symbol, state } of this.positions.entries())
      if (kind === 'strategy')
        positions.push([symbol, String(state.quantity), String(state.cost), String(state.realised), String(state.fees)])
    const inverse = this.inverse.flatMap((position, number) =>
      position === undefined ? [] : [{ number, saved: position.save() }],
    )
    return { positions, inverse }
  }

  /** Takes over what `save` gave. The instruments are known. */
  load({ positions, inverse }: SavedPositions): void {
    for (const [symbol, ...numbers] of positions) {
      const [quantity, cost, realised, fees] = numbers.map(BigInt)
      this.positions.bookOf('strategy', OWN, symbol).restore({ quantity, cost, realised, fees })
    }
    for (const { number, saved } of inverse) {
      const instrument = this.instruments.get(number)
      if (instrument !== undefined) this.inverseOf(instrument).load(saved)
    }
  }

  /** @param instrument undefined for one of which nothing is known yet: there is no position in it. */
  of(instrument: Instrument | undefined): OwnPosition {
    if (instrument === undefined) return { quantity: 0, averagePrice: 0, realised: 0, unrealised: 0 }
    const { price, multiplier } = instrument
    const bid = price.nearest(this.bids[instrument.number] ?? 0)
    const ask = price.nearest(this.asks[instrument.number] ?? 0)
    const isQuoted = bid > 0 && ask > 0
    if (instrument.inverse) {
      const position = this.inverseOf(instrument)
      const { quantity, averagePrice, realised } = position
      return { quantity, averagePrice, realised, unrealised: isQuoted ? position.unrealised(bid, ask) : 0 }
    }
    const position = this.positions.get(OWN, instrument.name)
    return {
      quantity: Number(position.quantity),
      averagePrice: Number(position.averagePrice),
      realised: moneyOf(multiplier, 2n * unitsOf(position.realised)),
      unrealised: isQuoted ? moneyOf(multiplier, twiceUnrealised(position, price, bid, ask)) : 0,
    }
  }

  private inverseOf(instrument: Instrument): InversePosition {
    return (this.inverse[instrument.number] ??= new InversePosition(instrument))
  }
}

/** Decimals enough for any money of `Positions`. */
const MONEY_DECIMALS = 60

/** Profit at the bid and at the ask, added: exact, whatever the decimals of a tick. */
function twiceUnrealised(position: Position, price: Grid, bid: number, ask: number): bigint {
  return unitsOf(position.unrealised(price.textOf(bid))) + unitsOf(position.unrealised(price.textOf(ask)))
}

function unitsOf(money: string): bigint {
  return parseDecimal(money, MONEY_DECIMALS) ?? 0n
}

/** Half of an amount, times the multiplier: the nearest double. */
function moneyOf(multiplier: Grid, twice: bigint): number {
  const units = 5n * twice * BigInt(multiplier.numerator)
  return Number(decimalText(units, MONEY_DECIMALS + 1 + multiplier.decimals))
}
