import { decimalText, divide, power, reduce } from '../exact/decimal.js'

/** Decimals after the point. */
export interface Scale {
  /** Of prices. */
  readonly price: number
  /** Of quantities. */
  readonly quantity: number
}

/**
 * Decimals beyond those of a price times a quantity, for the remainders of divisions: after a million fills that round,
 * the sum of all rounding errors is below 10^-9 of the last digit of the result.
 */
const GUARD = 16

/**
 * A value is first rounded to this many decimals more than the result has. Earlier roundings may have moved an exact
 * half of the last digit a little; this step makes it an exact half again, so that it is rounded as one.
 */
const HALF_GUARD = 8

/** Decimals of an amount of money, as it is stored. */
export function moneyScale(scale: Scale): number {
  return scale.price + scale.quantity + GUARD
}

/** The state of a book, as integers: stored and restored exactly. */
export interface BookState {
  /** Above 0 long, below 0 short; of scale `quantity`. */
  readonly quantity: bigint
  /** Cost, realised and fees have the scale `moneyScale`. */
  readonly cost: bigint
  readonly realised: bigint
  readonly fees: bigint
}

/** A fee that is not paid in the currency of the price and so is not part of `fees`. */
export interface Charge {
  readonly currency: string
  /** In the scale `moneyScale`. */
  readonly amount: bigint
}

/**
 * One position by the average cost method: a fill that closes a part of the quantity removes the same part of the cost.
 */
export class Book {
  quantity = 0n
  cost = 0n
  realised = 0n
  fees = 0n
  /** Fees in other currencies than the price's, by currency, in the scale `moneyScale`. */
  readonly charges = new Map<string, bigint>()

  constructor(readonly scale: Scale) {}

  /**
   * @param quantity above 0 bought, below 0 sold.
   * @param feeQuantity a fee in the base currency: it lowers the quantity, for the same money.
   */
  apply(quantity: bigint, price: bigint, fee: bigint, feeQuantity = 0n): void {
    this.fees += fee
    const paid = this.money(quantity, price)
    const change = quantity - feeQuantity
    if (change === 0n) {
      // The fee took the complete quantity: its cost is a loss.
      this.realised -= paid
      return
    }
    const opening = this.quantity < 0n === change < 0n || this.quantity === 0n
    const closes = opening ? 0n : smaller(-change, this.quantity)
    // Without a fee in the base currency this is exact: the closed quantity times the price. Only with such a fee is
    // the division rounded.
    const paidToClose = divide(paid * -closes, change)
    if (closes !== 0n) this.close(closes, -paidToClose)
    this.quantity += change + closes
    this.cost += paid - paidToClose
  }

  /** Counts a fee in another currency than the price's. */
  charge({ currency, amount }: Charge): void {
    this.charges.set(currency, (this.charges.get(currency) ?? 0n) + amount)
  }

  /** Closes the complete position at the market's final price. */
  settle(price: bigint): void {
    if (this.quantity !== 0n) this.close(this.quantity, this.money(this.quantity, price))
  }

  /** The profit or loss of closing the complete position at this price. */
  unrealised(price: bigint): bigint {
    return this.money(this.quantity, price) - this.cost
  }

  get state(): BookState {
    return { quantity: this.quantity, cost: this.cost, realised: this.realised, fees: this.fees }
  }

  restore(state: BookState): void {
    this.quantity = state.quantity
    this.cost = state.cost
    this.realised = state.realised
    this.fees = state.fees
  }

  /**
   * Closes a part, of the same sign as the position. The last part removes all remaining cost, so a closed position has
   * none.
   */
  private close(part: bigint, proceeds: bigint): void {
    const cost = part === this.quantity ? this.cost : divide(this.cost * part, this.quantity)
    this.realised += proceeds - cost
    this.cost -= cost
    this.quantity -= part
  }

  private money(quantity: bigint, price: bigint): bigint {
    return quantity * price * power(GUARD)
  }
}

/** A position at one moment, as decimal strings. */
export class Position {
  /** Above 0 long, below 0 short. */
  readonly quantity: string
  /** The cost of the open quantity. For a short position it is below 0: minus what the sale brought in. */
  readonly costBasis: string
  /** Cost divided by quantity, rounded to the price's decimals; '0' when there is no quantity. */
  readonly averagePrice: string
  /**
   * Profit (above 0) or loss (below 0) of what was closed. It includes only the fees that were taken from the quantity.
   */
  readonly realised: string
  /** In the currency of the price. */
  readonly fees: string
  readonly #book: Book
  readonly #parsePrice: (price: string | number) => bigint
  readonly #fees: ReadonlyMap<string, string>

  /** @internal */
  constructor(book: Book, quote: string, parsePrice: (price: string | number) => bigint) {
    const { scale, quantity, cost, realised, fees } = book
    this.#book = new Book(scale)
    this.#book.restore(book.state)
    this.#parsePrice = parsePrice
    this.quantity = decimalText(quantity, scale.quantity)
    this.costBasis = formatMoney(cost, scale)
    this.realised = formatMoney(realised, scale)
    this.fees = formatMoney(fees, scale)
    const all = fees === 0n ? [] : ([[quote, fees]] as const)
    this.#fees = new Map([...all, ...book.charges].map(([currency, fee]) => [currency, formatMoney(fee, scale)]))
    const average = quantity === 0n ? 0n : divide(cost * power(HALF_GUARD), quantity * power(GUARD))
    this.averagePrice = decimalText(reduce(average, scale.price + HALF_GUARD, scale.price), scale.price)
  }

  /**
   * All fees paid, by currency; '' is the price's currency if no fill named it. Fees in the base currency have lowered
   * the quantity.
   */
  get feesByCurrency(): ReadonlyMap<string, string> {
    return this.#fees
  }

  /** The profit or loss of closing it at this price, without fees. */
  unrealised(price: string | number): string {
    return formatMoney(this.#book.unrealised(this.#parsePrice(price)), this.#book.scale)
  }
}

export function formatMoney(money: bigint, scale: Scale): string {
  const decimals = scale.price + scale.quantity
  return decimalText(
    reduce(reduce(money, moneyScale(scale), decimals + HALF_GUARD), decimals + HALF_GUARD, decimals),
    decimals,
  )
}

/** Of two numbers with the same sign, the one nearer to 0. */
function smaller(a: bigint, b: bigint): bigint {
  return (a < 0n ? a > b : a < b) ? a : b
}
