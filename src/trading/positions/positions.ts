import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { FieldValueError } from '../../frames/errors.js'
import { Book, type BookState, type Charge, formatMoney, moneyScale, Position, type Scale } from './book.js'
import { parseDecimal, power } from './decimal.js'

/**
 * A text, or a number, that fits the scale: nothing is rounded in silence. Of a number only what is behind its 15th digit, which a
 * calculation in doubles left there (0.1 + 0.2), is left out.
 */
export type DecimalInput = string | number

export interface Fill {
  readonly strategy: string
  /** Default ''. */
  readonly account?: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: DecimalInput
  /** Above 0. */
  readonly quantity: DecimalInput
  /** Paid above 0, earned below; with as many decimals as price and quantity together, or as the quantity in its own currency. Default 0. */
  readonly fee?: DecimalInput
  /** What is bought and sold, and what it is paid with: 'BTC' and 'USDT'. Both or none; the same in all fills of a symbol. */
  readonly base?: string
  readonly quote?: string
  /** What the fee is paid in. Default: `quote`. In `base` it lowers the position. */
  readonly feeCurrency?: string
}

export interface PositionsOptions {
  /** Decimals of prices and quantities. Default 8 each. */
  readonly scale?: Scale
}

/** Whose position: a strategy's, an account's, or all together. */
export type Owner = { readonly strategy: string } | { readonly account: string } | 'total'

/** Sums over an owner's symbols, in one currency. */
export interface PnlSummary {
  readonly realised: string
  /** Without those that were taken from a position: they are in `realised`. */
  readonly fees: string
  /** Realised less fees. */
  readonly net: string
}

/** A fill as integers, checked. */
export interface ExactFill {
  readonly strategy: string
  readonly account: string
  readonly symbol: string
  /** Above 0 bought, below 0 sold. */
  readonly quantity: bigint
  readonly price: bigint
  /** In the currency of the price. */
  readonly fee: bigint
  /** What the fee took of the quantity. */
  readonly taken: bigint
  /** A fee in another currency than the price's. */
  readonly charge: Charge | undefined
  readonly currencies: Currencies | undefined
}

/** What a symbol's quantities and prices are in. */
export interface Currencies {
  readonly base: string
  readonly quote: string
}

/** One book, by whose it is. `kind` with `name` is the owner. */
export interface BookEntry {
  readonly kind: 'strategy' | 'account' | 'total'
  readonly name: string
  readonly symbol: string
  readonly state: BookState
  readonly charges: ReadonlyMap<string, bigint>
}

/**
 * Positions from fills: exact, whatever the order of additions.
 *
 *     const positions = new Positions({ scale: { price: 8, quantity: 8 } })
 *     positions.apply({ strategy: 'momentum', symbol: 'BTC-USDT', side: 'buy', price: '61800.2', quantity: '0.003', fee: '0.01' })
 *     positions.get('momentum', 'BTC-USDT').averagePrice       // '61800.2'
 *
 * Average cost: opening adds to the cost what it paid, closing takes away the closed share of it, and the difference to what closing
 * brought is realised. A fill through zero closes all, then opens the rest at its own price. Quantities and prices are integers inside,
 * and only the share is ever rounded, sixteen decimals behind the last one shown.
 *
 * Every fill counts in three books: its strategy's, its account's and the total's, each netted by itself. So what strategies realised
 * against each other is realised in their books and not in the total's; quantities and fees add up, and P&L does once all are closed.
 */
export class Positions {
  readonly scale: Scale
  private readonly strategies = new Map<string, Map<string, Book>>()
  private readonly accounts = new Map<string, Map<string, Book>>()
  private readonly all = new Map<string, Book>()
  private readonly known = new Map<string, Currencies>()

  constructor(options: PositionsOptions = {}) {
    checkOptions('Positions', options, { scale: kinds.object })
    const scale = options.scale ?? { price: 8, quantity: 8 }
    checkOptions("Positions' 'scale'", scale, { price: kinds.integer(0, 18), quantity: kinds.integer(0, 18) })
    this.scale = { price: scale.price ?? 8, quantity: scale.quantity ?? 8 }
  }

  /**
   * Counts a fill.
   *
   * @throws {FieldValueError} for a missing or unknown property, what is no decimal or has more decimals than the scale, a quantity not
   * above 0, currencies that are not the symbol's: nothing is counted.
   */
  apply(fill: Fill): void {
    this.applyExact(this.exact(fill))
  }

  /** A strategy's position in a symbol: zeros when it never had one. */
  get(strategy: string, symbol: string): Position {
    return this.view(this.strategies.get(strategy)?.get(symbol), symbol)
  }

  /** An account's position in a symbol. */
  account(account: string, symbol: string): Position {
    return this.view(this.accounts.get(account)?.get(symbol), symbol)
  }

  /** The position of all together in a symbol. */
  total(symbol: string): Position {
    return this.view(this.all.get(symbol), symbol)
  }

  /** What a strategy's position in a symbol would realise at this price. */
  unrealised(strategy: string, symbol: string, price: DecimalInput): string {
    return this.get(strategy, symbol).unrealised(price)
  }

  /**
   * Realised P&L and fees over all symbols of an owner that are paid in one currency.
   *
   * @param currency may be left out while all of them are paid in the same: fees in others are not in it.
   * @throws {InvalidOptionError} when it is left out and there are several: they are never added up.
   */
  summary(owner: Owner = 'total', currency?: string): PnlSummary {
    const summaries = this.summaries(owner)
    const quotes = [...new Set(this.symbols(owner).map(symbol => this.quoteOf(symbol)))]
    if (currency === undefined && quotes.length > 1) {
      const names = quotes.map(quote => (quote === '' ? 'one that no fill named' : `'${quote}'`)).join(', ')
      throw new InvalidOptionError(
        `these positions are in several currencies: ${names}; say which: summary(owner, 'USDT'), or take summaries(owner)`,
      )
    }
    return summaries.get(currency ?? quotes[0] ?? '') ?? { realised: '0', fees: '0', net: '0' }
  }

  /** Realised P&L and fees of an owner, by currency; '' is that of fills that named none. */
  summaries(owner: Owner = 'total'): ReadonlyMap<string, PnlSummary> {
    const sums = new Map<string, { realised: bigint; fees: bigint }>()
    const add = (currency: string, realised: bigint, fees: bigint): void => {
      const sum = sums.get(currency) ?? { realised: 0n, fees: 0n }
      sums.set(currency, { realised: sum.realised + realised, fees: sum.fees + fees })
    }
    for (const [symbol, book] of this.booksOf(owner) ?? []) {
      add(this.quoteOf(symbol), book.realised, book.fees)
      const base = this.known.get(symbol)?.base
      for (const [currency, fee] of book.charges) if (currency !== base) add(currency, 0n, fee)
    }
    const text = (money: bigint): string => formatMoney(money, this.scale)
    return new Map(
      [...sums].map(([currency, { realised, fees }]) => [
        currency,
        { realised: text(realised), fees: text(fees), net: text(realised - fees) },
      ]),
    )
  }

  /** What a symbol is bought and paid with; undefined while no fill has said so. */
  currencies(symbol: string): Currencies | undefined {
    return this.known.get(symbol)
  }

  /** The symbols an owner has, or had, a position in. */
  symbols(owner: Owner = 'total'): string[] {
    return [...(this.booksOf(owner)?.keys() ?? [])]
  }

  /** The names there are positions of. */
  owners(kind: 'strategy' | 'account'): string[] {
    return [...(kind === 'strategy' ? this.strategies : this.accounts).keys()]
  }

  /** Closes every position in a symbol at its settlement price: a binary market pays 1 or 0. Returns how many were open, the total's aside. */
  settle(symbol: string, price: DecimalInput): number {
    return this.settleExact(symbol, this.price(price))
  }

  /** @internal Checks a fill and makes it integers. */
  exact(fill: Fill): ExactFill {
    if (typeof fill !== 'object' || fill === null)
      throw new FieldValueError(`a fill is an object, not ${formatValue(fill)}`)
    for (const key in fill)
      if (!FILL_KEYS.has(key)) throw new FieldValueError(`a fill has no '${key}'; it has ${[...FILL_KEYS].join(', ')}`)
    const { side, account = '', fee = 0, strategy, symbol } = fill
    checkText('strategy', strategy)
    checkText('symbol', symbol)
    if (typeof account !== 'string')
      throw new FieldValueError(`a fill's account is a string, not ${formatValue(account)}`)
    if (side !== 'buy' && side !== 'sell')
      throw new FieldValueError(`a fill's side is 'buy' or 'sell', not ${formatValue(side)}`)
    const quantity = decimal('quantity', fill.quantity, this.scale.quantity)
    if (quantity <= 0n)
      throw new FieldValueError(
        `a fill's quantity is above 0, not ${formatValue(fill.quantity)}; 'side' says which way`,
      )
    const currencies = this.currenciesOf(fill)
    return {
      strategy,
      account,
      symbol,
      quantity: side === 'buy' ? quantity : -quantity,
      price: this.price(fill.price),
      ...this.exactFee(fee, fill.feeCurrency, currencies, symbol),
      currencies,
    }
  }

  private exactFee(
    fee: DecimalInput,
    currency: string | undefined,
    currencies: Currencies | undefined,
    symbol: string,
  ): Pick<ExactFill, 'fee' | 'taken' | 'charge'> {
    if (currency !== undefined) checkText('feeCurrency', currency)
    if (currency !== undefined && currencies === undefined)
      throw new FieldValueError(
        `a fee in ${formatValue(currency)} needs the fill's 'base' and 'quote': what ${formatValue(symbol)} is in`,
      )
    const { price, quantity } = this.scale
    const inMoney = power(moneyScale(this.scale) - price - quantity)
    if (currency !== undefined && currency === currencies?.base) {
      const taken = decimal("fee in the fill's base currency", fee, quantity)
      return { fee: 0n, taken, charge: { currency, amount: taken * power(price) * inMoney } }
    }
    const amount = decimal('fee', fee, price + quantity) * inMoney
    if (currency === undefined || currency === currencies?.quote) return { fee: amount, taken: 0n, charge: undefined }
    return { fee: 0n, taken: 0n, charge: { currency, amount } }
  }

  private currenciesOf({ symbol, base, quote }: Fill): Currencies | undefined {
    const known = this.known.get(symbol)
    if (base === undefined && quote === undefined) return known
    checkText('base', base)
    checkText('quote', quote)
    if (base === quote)
      throw new FieldValueError(`a fill's base and quote are two currencies, not both ${formatValue(base)}`)
    if (known !== undefined && (known.base !== base || known.quote !== quote))
      throw new FieldValueError(
        `${formatValue(symbol)} is ${known.base} paid with ${known.quote}, not ${base} with ${quote}; give another market another symbol`,
      )
    return { base, quote }
  }

  /** @internal */
  price(price: DecimalInput): bigint {
    return decimal('price', price, this.scale.price)
  }

  /** @internal */
  applyExact(fill: ExactFill): void {
    const { strategy, account, symbol, quantity, price, fee, taken, charge, currencies } = fill
    if (currencies !== undefined) this.learn(symbol, currencies)
    const books = [
      this.bookOf('strategy', strategy, symbol),
      this.bookOf('account', account, symbol),
      this.bookOf('total', '', symbol),
    ]
    for (const book of books) {
      book.apply(quantity, price, fee, taken)
      if (charge !== undefined) book.charge(charge)
    }
  }

  /** @internal */
  learn(symbol: string, currencies: Currencies): void {
    this.known.set(symbol, currencies)
  }

  /** @internal Symbols whose currencies are known. */
  markets(): Iterable<readonly [symbol: string, currencies: Currencies]> {
    return this.known
  }

  /** @internal */
  settleExact(symbol: string, price: bigint): number {
    let settled = 0
    for (const books of [...this.strategies.values(), ...this.accounts.values()]) {
      const book = books.get(symbol)
      if (book === undefined) continue
      if (book.quantity !== 0n) settled++
      book.settle(price)
    }
    this.all.get(symbol)?.settle(price)
    return settled
  }

  /** @internal */
  bookOf(kind: BookEntry['kind'], name: string, symbol: string): Book {
    const books = kind === 'total' ? this.all : bookMap(kind === 'strategy' ? this.strategies : this.accounts, name)
    let book = books.get(symbol)
    if (book === undefined) books.set(symbol, (book = new Book(this.scale)))
    return book
  }

  /** @internal Every book there is. */
  *entries(): Generator<BookEntry> {
    for (const [name, books] of this.strategies)
      for (const [symbol, { state, charges }] of books) yield { kind: 'strategy', name, symbol, state, charges }
    for (const [name, books] of this.accounts)
      for (const [symbol, { state, charges }] of books) yield { kind: 'account', name, symbol, state, charges }
    for (const [symbol, { state, charges }] of this.all) yield { kind: 'total', name: '', symbol, state, charges }
  }

  private view(book: Book | undefined, symbol: string): Position {
    return new Position(book ?? new Book(this.scale), this.quoteOf(symbol), price => this.price(price))
  }

  private quoteOf(symbol: string): string {
    return this.known.get(symbol)?.quote ?? ''
  }

  private booksOf(owner: Owner): Map<string, Book> | undefined {
    if (owner === 'total') return this.all
    if (typeof owner === 'object' && owner !== null) {
      if ('strategy' in owner) return this.strategies.get(owner.strategy)
      if ('account' in owner) return this.accounts.get(owner.account)
    }
    throw new InvalidOptionError(`positions are { strategy }, { account } or 'total', not ${formatValue(owner)}`)
  }
}

const FILL_KEYS = new Set([
  'strategy',
  'account',
  'symbol',
  'side',
  'price',
  'quantity',
  'fee',
  'base',
  'quote',
  'feeCurrency',
])

function bookMap(owners: Map<string, Map<string, Book>>, name: string): Map<string, Book> {
  let books = owners.get(name)
  if (books === undefined) owners.set(name, (books = new Map()))
  return books
}

function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value === '')
    throw new FieldValueError(`a fill's ${name} is a non-empty string, not ${formatValue(value)}`)
}

/** What has more decimals than the scale is refused: rounding it is for who knows what it means. */
function decimal(name: string, value: DecimalInput, scale: number): bigint {
  const parsed =
    typeof value === 'number'
      ? parseNumber(value, scale)
      : typeof value === 'string'
        ? parseDecimal(value, scale)
        : undefined
  if (parsed !== undefined) return parsed
  const wanted = `${name} takes a decimal with at most ${scale} decimals, as text or number, not ${formatValue(value)}`
  throw new FieldValueError(
    typeof value === 'number' && Number.isFinite(value)
      ? `${wanted}; round it, or make the positions with a larger scale`
      : wanted,
  )
}

/** As JavaScript writes it; or to 15 digits, as many as a number is always good for, when what is behind them is of a calculation. */
function parseNumber(value: number, scale: number): bigint | undefined {
  return Number.isFinite(value)
    ? (parseDecimal(String(value), scale) ?? parseDecimal(value.toPrecision(15), scale))
    : undefined
}
