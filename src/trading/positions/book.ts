import { divide, formatDecimal, power, reduce } from './decimal.js'

/** Decimals after the point of what is given. */
export interface Scale {
  /** Of prices. */
  readonly price: number
  /** Of quantities. */
  readonly quantity: number
}

/**
 * More decimals than a price times a quantity has, for what dividing leaves over: after a million fills that round, all of it together
 * is below 10^-9 of the last digit shown.
 */
const GUARD = 16

/**
 * Decimals beyond those shown that a value is rounded to first: half a unit, shared exactly, may have become a little less or more by
 * then, and is to be rounded as the half it is.
 */
const SETTLE = 8

/** Decimals of money as it is kept. */
export function moneyScale(scale: Scale): number {
  return scale.price + scale.quantity + GUARD
}

/** What a book holds, as integers: to be stored and taken up again exactly. */
export interface BookState {
  /** Above 0 long, below 0 short; of scale `quantity`. */
  readonly quantity: bigint
  /** These three of `moneyScale`. */
  readonly cost: bigint
  readonly realised: bigint
  readonly fees: bigint
}

/** A fee that is not paid in the currency of the price, so that it is no part of `fees`. */
export interface Charge {
  readonly currency: string
  /** Of `moneyScale`. */
  readonly amount: bigint
}

/** One position by the average cost method: what of the cost a closing fill takes away is its share of the quantity. */
export class Book {
  quantity = 0n
  cost = 0n
  realised = 0n
  fees = 0n
  /** By currency, of `moneyScale`: fees in other currencies than the price's. */
  readonly charges = new Map<string, bigint>()

  constructor(readonly scale: Scale) {}

  /**
   * @param quantity above 0 bought, below 0 sold.
   * @param taken what a fee took of the quantity itself: that much less is there, for the same money.
   */
  apply(quantity: bigint, price: bigint, fee: bigint, taken = 0n): void {
    this.fees += fee
    const paid = this.money(quantity, price)
    const change = quantity - taken
    if (change === 0n) {
      // Nothing is left of what was bought: what it cost is lost.
      this.realised -= paid
      return
    }
    const opening = this.quantity < 0n === change < 0n || this.quantity === 0n
    const closes = opening ? 0n : smaller(-change, this.quantity)
    // Exact whenever a price is: only after a fee in kind is the share of the money more than quantity times price.
    const paidToClose = divide(paid * -closes, change)
    if (closes !== 0n) this.close(closes, -paidToClose)
    this.quantity += change + closes
    this.cost += paid - paidToClose
  }

  /** Counts a fee in another currency than the price's. */
  charge({ currency, amount }: Charge): void {
    this.charges.set(currency, (this.charges.get(currency) ?? 0n) + amount)
  }

  /** Closes all of it at a price, as a market that settles does. */
  settle(price: bigint): void {
    if (this.quantity !== 0n) this.close(this.quantity, this.money(this.quantity, price))
  }

  /** What closing all of it at this price would realise. */
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

  /** Closes a part, of the same sign as the position. The last part takes all the cost there is: nothing is left of a closed position. */
  private close(part: bigint, brought: bigint): void {
    const cost = part === this.quantity ? this.cost : divide(this.cost * part, this.quantity)
    this.realised += brought - cost
    this.cost -= cost
    this.quantity -= part
  }

  private money(quantity: bigint, price: bigint): bigint {
    return quantity * price * power(GUARD)
  }
}

/** A position at one moment, as decimal texts. */
export class Position {
  /** Above 0 long, below 0 short. */
  readonly quantity: string
  /** What the open quantity cost: of a short one, below 0, what it brought in. */
  readonly costBasis: string
  /** Cost by quantity, rounded to the price's decimals; '0' when there is no quantity. */
  readonly averagePrice: string
  /** Profit above 0, loss below, of what was closed; without fees, but for those that were taken from the quantity. */
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
    this.quantity = formatDecimal(quantity, scale.quantity)
    this.costBasis = formatMoney(cost, scale)
    this.realised = formatMoney(realised, scale)
    this.fees = formatMoney(fees, scale)
    const all = fees === 0n ? [] : ([[quote, fees]] as const)
    this.#fees = new Map([...all, ...book.charges].map(([currency, fee]) => [currency, formatMoney(fee, scale)]))
    const average = quantity === 0n ? 0n : divide(cost * power(SETTLE), quantity * power(GUARD))
    this.averagePrice = formatDecimal(reduce(average, scale.price + SETTLE, scale.price), scale.price)
  }

  /** All fees paid, by currency; '' is that of the price where no fill said which. Those in the base currency have lowered the quantity. */
  get feesByCurrency(): ReadonlyMap<string, string> {
    return this.#fees
  }

  /** What closing it at this price would realise, without fees. */
  unrealised(price: string | number): string {
    return formatMoney(this.#book.unrealised(this.#parsePrice(price)), this.#book.scale)
  }
}

export function formatMoney(money: bigint, scale: Scale): string {
  const shown = scale.price + scale.quantity
  return formatDecimal(reduce(reduce(money, moneyScale(scale), shown + SETTLE), shown + SETTLE, shown), shown)
}

/** Of two numbers with the same sign, the one nearer to 0. */
function smaller(a: bigint, b: bigint): bigint {
  return (a < 0n ? a > b : a < b) ? a : b
}
