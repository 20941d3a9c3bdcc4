import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { FieldValueError } from '../../frames/errors.js'
import { Book, type BookState, formatMoney, moneyScale, Position, type Scale } from './book.js'
import { parseDecimal } from './decimal.js'

/** An exact text, or a number, which is rounded to the scale. */
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
  /** Paid above 0, earned below; with as many decimals as price and quantity together. Default 0. */
  readonly fee?: DecimalInput
}

export interface PositionsOptions {
  /** Decimals of prices and quantities. Default 8 each. */
  readonly scale?: Scale
}

/** Whose position: a strategy's, an account's, or all together. */
export type Owner = { readonly strategy: string } | { readonly account: string } | 'total'

/** Sums over an owner's symbols. */
export interface PnlSummary {
  readonly realised: string
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
  readonly fee: bigint
}

/** One book, by whose it is. `kind` with `name` is the owner. */
export interface BookEntry {
  readonly kind: 'strategy' | 'account' | 'total'
  readonly name: string
  readonly symbol: string
  readonly state: BookState
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

  constructor(options: PositionsOptions = {}) {
    checkOptions('Positions', options, { scale: kinds.object })
    const scale = options.scale ?? { price: 8, quantity: 8 }
    checkOptions("Positions' 'scale'", scale, { price: kinds.integer(0, 18), quantity: kinds.integer(0, 18) })
    this.scale = { price: scale.price ?? 8, quantity: scale.quantity ?? 8 }
  }

  /**
   * Counts a fill.
   *
   * @throws {FieldValueError} for a missing or unknown property, a text that is no decimal or has more decimals than the scale, a
   * quantity not above 0: nothing is counted.
   */
  apply(fill: Fill): void {
    this.applyExact(this.exact(fill))
  }

  /** A strategy's position in a symbol: zeros when it never had one. */
  get(strategy: string, symbol: string): Position {
    return this.view(this.strategies.get(strategy)?.get(symbol))
  }

  /** An account's position in a symbol. */
  account(account: string, symbol: string): Position {
    return this.view(this.accounts.get(account)?.get(symbol))
  }

  /** The position of all together in a symbol. */
  total(symbol: string): Position {
    return this.view(this.all.get(symbol))
  }

  /** What a strategy's position in a symbol would realise at this price. */
  unrealised(strategy: string, symbol: string, price: DecimalInput): string {
    return this.get(strategy, symbol).unrealised(price)
  }

  /** Realised P&L and fees over all symbols of an owner. */
  summary(owner: Owner = 'total'): PnlSummary {
    let realised = 0n
    let fees = 0n
    for (const book of this.booksOf(owner)?.values() ?? []) {
      realised += book.realised
      fees += book.fees
    }
    const text = (money: bigint): string => formatMoney(money, this.scale)
    return { realised: text(realised), fees: text(fees), net: text(realised - fees) }
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
    const money = moneyScale(this.scale)
    const shownMoney = this.scale.price + this.scale.quantity
    return {
      strategy,
      account,
      symbol,
      quantity: side === 'buy' ? quantity : -quantity,
      price: this.price(fill.price),
      fee: decimal('fee', fee, shownMoney) * 10n ** BigInt(money - shownMoney),
    }
  }

  /** @internal */
  price(price: DecimalInput): bigint {
    return decimal('price', price, this.scale.price)
  }

  /** @internal */
  applyExact(fill: ExactFill): void {
    const { strategy, account, symbol, quantity, price, fee } = fill
    this.bookOf('strategy', strategy, symbol).apply(quantity, price, fee)
    this.bookOf('account', account, symbol).apply(quantity, price, fee)
    this.bookOf('total', '', symbol).apply(quantity, price, fee)
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
      for (const [symbol, book] of books) yield { kind: 'strategy', name, symbol, state: book.state }
    for (const [name, books] of this.accounts)
      for (const [symbol, book] of books) yield { kind: 'account', name, symbol, state: book.state }
    for (const [symbol, book] of this.all) yield { kind: 'total', name: '', symbol, state: book.state }
  }

  private view(book: Book | undefined): Position {
    return new Position(book ?? new Book(this.scale), price => this.price(price))
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

const FILL_KEYS = new Set(['strategy', 'account', 'symbol', 'side', 'price', 'quantity', 'fee'])

function bookMap(owners: Map<string, Map<string, Book>>, name: string): Map<string, Book> {
  let books = owners.get(name)
  if (books === undefined) owners.set(name, (books = new Map()))
  return books
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '')
    throw new FieldValueError(`a fill's ${name} is a non-empty string, not ${formatValue(value)}`)
}

/** A text must be exact; a number comes with what binary fractions add (0.1 + 0.2), so it is rounded to the scale. */
function decimal(name: string, value: DecimalInput, scale: number): bigint {
  const text = typeof value === 'number' ? roundedText(value, scale) : value
  const parsed = typeof text === 'string' ? parseDecimal(text, scale) : undefined
  if (parsed === undefined)
    throw new FieldValueError(
      `${name} takes a decimal text with at most ${scale} decimals, or a finite number, not ${formatValue(value)}`,
    )
  return parsed
}

function roundedText(value: number, scale: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const text = String(value)
  // As JavaScript writes it, when that has no more decimals than the scale: the shortest text that is this number.
  return parseDecimal(text, scale) === undefined ? value.toFixed(scale) : text
}
