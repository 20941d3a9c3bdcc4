import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Book, type BookState, formatMoney, Position, type Scale } from './book.js'
import { type Currencies, type DecimalInput, type ExactFill, exactDecimal, exactFill, type Fill } from './exact-fill.js'

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
    return exactFill(fill, this.scale, this.known)
  }

  /** @internal */
  price(price: DecimalInput): bigint {
    return exactDecimal('price', price, this.scale.price)
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

function bookMap(owners: Map<string, Map<string, Book>>, name: string): Map<string, Book> {
  let books = owners.get(name)
  if (books === undefined) owners.set(name, (books = new Map()))
  return books
}
