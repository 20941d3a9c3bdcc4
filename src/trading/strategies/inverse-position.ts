import type { Instrument } from '../instruments/instrument.js'

/** Money is counted in whole units of 10^-18 of the settlement currency. */
const DECIMALS = 18

/** An inverse position as JSON has it: whole numbers as text. */
export type SavedInversePosition = readonly [steps: string, cost: string, realised: string]

/**
 * A position in an inverse contract. A quantity of 1 is `multiplier` units of the quote currency; what it is worth in the
 * settlement currency is quantity times multiplier divided by the price. A long position gains what it cost less what it is
 * worth. Each fill, and each part that is closed, is rounded once to 10^-18, halves away from 0.
 */
export class InversePosition {
  /** Whole steps, below 0 when short. */
  private steps = 0n
  /** What the open position was worth when it was opened, with its sign. */
  private cost = 0n
  private realisedUnits = 0n
  /** The value of steps at ticks is `steps * numerator / (ticks * denominator)`, in units. */
  private readonly numerator: bigint
  private readonly denominator: bigint

  constructor(private readonly instrument: Instrument) {
    const { price, quantity, multiplier } = instrument
    const shift = DECIMALS + price.decimals - quantity.decimals - multiplier.decimals
    const perStep = BigInt(quantity.numerator) * BigInt(multiplier.numerator)
    this.numerator = perStep * 10n ** BigInt(Math.max(0, shift))
    this.denominator = BigInt(price.numerator) * 10n ** BigInt(Math.max(0, -shift))
  }

  save(): SavedInversePosition {
    return [String(this.steps), String(this.cost), String(this.realisedUnits)]
  }

  load(saved: SavedInversePosition): void {
    const [steps, cost, realised] = saved.map(BigInt)
    this.steps = steps
    this.cost = cost
    this.realisedUnits = realised
  }

  /** @param price in units of the instrument, and quantity too; both above 0. */
  fill(isBuy: boolean, price: number, quantity: number): void {
    const ticks = BigInt(this.instrument.price.nearest(price))
    const all = BigInt(this.instrument.quantity.nearest(quantity))
    const signed = isBuy ? all : -all
    const isClosing = this.steps !== 0n && this.steps > 0n !== isBuy
    const open = this.steps < 0n ? -this.steps : this.steps
    const closed = isClosing ? (all < open ? all : open) : 0n
    if (closed > 0n) {
      const part = nearest(this.cost * closed, open)
      const leaving = this.steps > 0n ? closed : -closed
      this.realisedUnits += part - this.valueOf(leaving, ticks)
      this.cost -= part
      this.steps -= leaving
    }
    const opened = isBuy ? signed - closed : signed + closed
    this.steps += opened
    this.cost += this.valueOf(opened, ticks)
  }

  get quantity(): number {
    return this.instrument.quantity.valueOf(Number(this.steps))
  }

  /** The price at which the open quantity is worth what it cost: the harmonic mean of its fills. 0 without a position. */
  get averagePrice(): number {
    if (this.steps === 0n) return 0
    return this.contractValue / toNumber(this.cost)
  }

  get realised(): number {
    return toNumber(this.realisedUnits)
  }

  /** Profit of closing the position in the middle between two prices, in ticks above 0. Rounded once to 10^-18. */
  unrealised(bid: number, ask: number): number {
    const worth = nearest(2n * this.steps * this.numerator, BigInt(bid + ask) * this.denominator)
    return toNumber(this.cost - worth)
  }

  /** What the open quantity is worth in the quote currency, whatever the price. */
  private get contractValue(): number {
    return this.quantity * this.instrument.multiplier.valueOf(1)
  }

  private valueOf(steps: bigint, ticks: bigint): bigint {
    return ticks === 0n ? 0n : nearest(steps * this.numerator, ticks * this.denominator)
  }
}

/** The whole number nearest to a quotient, halves away from 0; the divisor is above 0. */
function nearest(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + (dividend < 0n ? -divisor : divisor)) / (2n * divisor)
}

function toNumber(units: bigint): number {
  return Number(`${units}e-${DECIMALS}`)
}
