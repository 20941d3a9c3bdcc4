import { InvalidOptionError } from '../../base/errors.js'
import { parseDecimal } from '../exact/decimal.js'
import { Wide } from '../exact/wide.js'

/** The fewest decimals of a grid: one more than needed, so that half a tick is a whole number. */
const LEAST_DECIMALS = 9
export const MOST_DECIMALS = 22

/** A currency, and the grid of its amounts: they are whole numbers of 10^-decimals. */
export class Currency {
  decimals = LEAST_DECIMALS
  private scale = 10 ** LEAST_DECIMALS

  constructor(
    /** Its index among the currencies of `Risk`. */
    readonly index: number,
    readonly name: string,
  ) {}

  /** Makes the grid fine enough for this many decimals. Returns how many decimals were added. */
  widen(decimals: number): number {
    const wanted = Math.max(this.decimals, decimals + 1)
    const more = wanted - this.decimals
    this.decimals = wanted
    this.scale = Number(`1e${wanted}`)
    return more
  }

  /** The units of an amount; decimals beyond the grid are dropped. */
  unitsOf(amount: number | string): bigint {
    const text = String(amount)
    const exact = parseDecimal(text, this.decimals + 340)
    if (exact === undefined) throw new InvalidOptionError(`an amount of ${this.name} is a decimal, not ${text}`)
    return exact / 10n ** 340n
  }

  /** Sets `target` to a fee, rounded to the grid. Allocates only for amounts above 2^53 units. */
  setFee(target: Wide, facts: { readonly fee: number }): void {
    const units = Math.round(facts.fee * this.scale)
    if (Math.abs(units) <= Number.MAX_SAFE_INTEGER) target.set(units)
    else target.setBigInt(this.unitsOf(facts.fee))
  }

  /** The same as a sum in two parts; undefined for Infinity. */
  wideOf(amount: number | string): Wide | undefined {
    if (amount === Number.POSITIVE_INFINITY) return undefined
    const wide = new Wide()
    wide.setBigInt(this.unitsOf(amount))
    return wide
  }
}
