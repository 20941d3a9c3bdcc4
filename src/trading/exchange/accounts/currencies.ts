import { InvalidOptionError } from '../../../base/errors.js'

/** A currency. Amounts of it are whole numbers of its smallest unit, `10^-decimals`, so that every sum is exact. */
export interface Currency {
  readonly index: number
  readonly name: string
  /** It grows when an instrument needs more; all amounts are scaled with it. */
  decimals: number
}

/** The currencies of all instruments and balances. */
export class Currencies {
  readonly all: Currency[] = []
  private readonly byName = new Map<string, Currency>()
  /** Called when a currency has got `more` decimals. */
  private readonly onFiner: (currency: Currency, more: number) => void

  constructor(onFiner: (currency: Currency, more: number) => void) {
    this.onFiner = onFiner
  }

  find(name: string): Currency | undefined {
    return this.byName.get(name)
  }

  /** The currency of this name, with at least so many decimals. @throws {InvalidOptionError} above 22 */
  need(name: string, decimals: number): Currency {
    if (decimals > MAX_DECIMALS) {
      throw new InvalidOptionError(
        `amounts of ${name} would need ${decimals} decimals, from the price tick, quantity step, multiplier and fee rates of an instrument; at most ${MAX_DECIMALS} are possible`,
      )
    }
    let currency = this.byName.get(name)
    if (currency === undefined) {
      currency = { index: this.all.length, name, decimals: 0 }
      this.byName.set(name, currency)
      this.all.push(currency)
    }
    if (decimals > currency.decimals) {
      const more = decimals - currency.decimals
      currency.decimals = decimals
      this.onFiner(currency, more)
    }
    return currency
  }
}

/** As many as powers of ten that a double holds exactly. */
const MAX_DECIMALS = 22
