import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { FieldValueError } from '../../frames/errors.js'
import { parseDecimal, power } from '../exact/decimal.js'
import { Book, type BookState, type Charge, formatMoney, moneyScale, Position, type Scale } from './book.js'

/**
 * A text or a number that fits the scale; one with more decimals is refused, not rounded. Only of a number, digits
 * after the 15th are ignored: they are rounding errors of a calculation in doubles (0.1 + 0.2).
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
  /**
   * Above 0 paid, below 0 earned. It may have as many decimals as price and quantity together; as the quantity, when it
   * is paid in `base`. Default 0.
   */
  readonly fee?: DecimalInput
  /**
   * The currency that is bought and sold, and the one that pays for it: 'BTC' and 'USDT'. Both or none; the same in all
   * fills of a symbol.
   */
  readonly base?: string
  readonly quote?: string
  /** The currency of the fee. Default: `quote`. A fee in `base` lowers the position. */
  readonly feeCurrency?: string
}

export interface PositionsOptions {
  /** Decimals of prices and quantities. Default 8 each. */
  readonly scale?: Scale
}

/** The owner of positions: a strategy, an account, or all together. */
export type Owner = { readonly strategy: string } | { readonly account: string } | 'total'

/** Sums over an owner's symbols, in one currency. */
export interface PnlSummary {
  readonly realised: string
  /** Without the fees that were taken from a position, which are in `realised`. */
  readonly fees: string
  /** Realised less fees. */
  readonly net: string
}

/** A checked fill, as integers. */
export interface ExactFill {
  readonly strategy: string
  readonly account: string
  readonly symbol: string
  /** Above 0 bought, below 0 sold. */
  readonly quantity: bigint
  readonly price: bigint
  /** In the currency of the price. */
  readonly fee: bigint
  /** The fee in the base currency, which lowers the quantity. */
  readonly feeQuantity: bigint
  /** A fee in another currency than the price's. */
  readonly charge: Charge | undefined
  readonly currencies: Currencies | undefined
}

/** The currencies of a symbol: of its quantities and of its prices. */
export interface Currencies {
  readonly base: string
  readonly quote: string
}

/** One book and its owner, which is `kind` and `name`. */
export interface BookEntry {
  readonly kind: 'strategy' | 'account' | 'total'
  readonly name: string
  readonly symbol: string
  readonly state: BookState
  readonly charges: ReadonlyMap<string, bigint>
}

/**
 * Positions from fills, calculated exactly, without the rounding errors of doubles.
 *
 *     const positions = new Positions({ scale: { price: 8, quantity: 8 } })
 *     positions.apply({ strategy: 'momentum', symbol: 'BTC-USDT', side: 'buy', price: '61800.2', quantity: '0.003', fee: '0.01' })
 *     positions.get('momentum', 'BTC-USDT').averagePrice       // '61800.2'
 *
 * Average cost: a fill that opens adds its money to the cost; a fill that closes removes the closed part's share of the
 * cost, and realises the difference to its money. A fill that crosses zero closes the position, then opens the rest at
 * its own price. Quantities and prices are integers inside; only the share is ever rounded, sixteen decimals after the
 * last one of the result.
 *
 * Every fill counts in three books: its strategy's, its account's and the total's, each netted separately. When two
 * strategies trade against each other, their books realise profit and loss, but the total's does not. Quantities and
 * fees of the strategies always add up to the total's; P&L does when all positions are closed.
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
   * @throws {FieldValueError} for a missing or unknown property, a value that is not a decimal or has more decimals
   * than the scale, a quantity not above 0, currencies that are not the symbol's. Then nothing is counted.
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

  /** The total position in a symbol. */
  total(symbol: string): Position {
    return this.view(this.all.get(symbol), symbol)
  }

  /** The profit or loss of closing a strategy's position in a symbol at this price. */
  unrealised(strategy: string, symbol: string, price: DecimalInput): string {
    return this.get(strategy, symbol).unrealised(price)
  }

  /**
   * Realised P&L and fees in one currency, over all symbols of an owner.
   *
   * @param currency may be left out if all symbols have the same quote currency. Fees in other currencies are not
   * included.
   * @throws {InvalidOptionError} when it is left out and there are several quote currencies, which are never added up.
   */
  summary(owner: Owner = 'total', currency?: string): PnlSummary {
    const summaries = this.summaries(owner)
    const quotes = [...new Set(this.symbols(owner).map(symbol => this.quoteOf(symbol)))]
    if (currency === undefined && quotes.length > 1) {
      const names = quotes.map(quote => (quote === '' ? 'one that no fill names' : `'${quote}'`)).join(', ')
      throw new InvalidOptionError(
        `these positions are in several currencies: ${names}; name one, summary(owner, 'USDT'), or call summaries(owner)`,
      )
    }
    return summaries.get(currency ?? quotes[0] ?? '') ?? { realised: '0', fees: '0', net: '0' }
  }

  /** Realised P&L and fees of an owner, by currency; '' for fills that named none. */
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

  /** The currencies of a symbol; undefined until a fill has named them. */
  currencies(symbol: string): Currencies | undefined {
    return this.known.get(symbol)
  }

  /** The symbols in which an owner has, or had, a position. */
  symbols(owner: Owner = 'total'): string[] {
    return [...(this.booksOf(owner)?.keys() ?? [])]
  }

  /** The names of the strategies, or accounts, that have positions. */
  owners(kind: 'strategy' | 'account'): string[] {
    return [...(kind === 'strategy' ? this.strategies : this.accounts).keys()]
  }

  /**
   * Closes every position in a symbol at its settlement price: a binary market pays 1 or 0. Returns how many were open,
   * without the total's.
   */
  settle(symbol: string, price: DecimalInput): number {
    return this.settleExact(symbol, this.price(price))
  }

  /** @internal Checks a fill and converts it to integers. */
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
        `a fill's quantity is above 0, not ${formatValue(fill.quantity)}; 'side' gives the direction`,
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
  ): Pick<ExactFill, 'fee' | 'feeQuantity' | 'charge'> {
    if (currency !== undefined) checkText('feeCurrency', currency)
    if (currency !== undefined && currencies === undefined)
      throw new FieldValueError(
        `a fee in ${formatValue(currency)} needs the fill's 'base' and 'quote': the currencies of ${formatValue(symbol)}`,
      )
    const { price, quantity } = this.scale
    const inMoney = power(moneyScale(this.scale) - price - quantity)
    if (currency !== undefined && currency === currencies?.base) {
      const feeQuantity = decimal("fee in the fill's base currency", fee, quantity)
      return { fee: 0n, feeQuantity, charge: { currency, amount: feeQuantity * power(price) * inMoney } }
    }
    const amount = decimal('fee', fee, price + quantity) * inMoney
    if (currency === undefined || currency === currencies?.quote)
      return { fee: amount, feeQuantity: 0n, charge: undefined }
    return { fee: 0n, feeQuantity: 0n, charge: { currency, amount } }
  }

  private currenciesOf({ symbol, base, quote }: Fill): Currencies | undefined {
    const known = this.known.get(symbol)
    if (base === undefined && quote === undefined) return known
    checkText('base', base)
    checkText('quote', quote)
    if (base === quote) throw new FieldValueError(`a fill's base and quote must differ; both are ${formatValue(base)}`)
    if (known !== undefined && (known.base !== base || known.quote !== quote))
      throw new FieldValueError(
        `${formatValue(symbol)} has base ${known.base} and quote ${known.quote}, not ${base} and ${quote}; give another market another symbol`,
      )
    return { base, quote }
  }

  /** @internal */
  price(price: DecimalInput): bigint {
    return decimal('price', price, this.scale.price)
  }

  /** @internal */
  applyExact(fill: ExactFill): void {
    const { strategy, account, symbol, quantity, price, fee, feeQuantity, charge, currencies } = fill
    if (currencies !== undefined) this.learn(symbol, currencies)
    const books = [
      this.bookOf('strategy', strategy, symbol),
      this.bookOf('account', account, symbol),
      this.bookOf('total', '', symbol),
    ]
    for (const book of books) {
      book.apply(quantity, price, fee, feeQuantity)
      if (charge !== undefined) book.charge(charge)
    }
  }

  /** @internal */
  learn(symbol: string, currencies: Currencies): void {
    this.known.set(symbol, currencies)
  }

  /** @internal The symbols whose currencies are known. */
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

  /** @internal All books. */
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

/** Refuses a value with more decimals than the scale: only the caller knows how to round it. */
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
      ? `${wanted}; round it, or create the positions with a larger scale`
      : wanted,
  )
}

/**
 * Parses the number's shortest text. If that has too many decimals, parses the number rounded to 15 digits, which a
 * double always holds exactly: further digits are rounding errors of a calculation.
 */
function parseNumber(value: number, scale: number): bigint | undefined {
  return Number.isFinite(value)
    ? (parseDecimal(String(value), scale) ?? parseDecimal(value.toPrecision(15), scale))
    : undefined
}
