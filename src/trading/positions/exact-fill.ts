import { formatValue } from '../../base/format-value.js'
import { FieldValueError } from '../../frames/errors.js'
import { parseDecimal, power } from '../exact/decimal.js'
import { type Charge, moneyScale, type Scale } from './book.js'

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

/**
 * Checks a fill and converts it to integers.
 *
 * @param known the currencies of the symbols that have some.
 * @throws {FieldValueError}
 */
export function exactFill(fill: Fill, scale: Scale, known: ReadonlyMap<string, Currencies>): ExactFill {
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
  const quantity = exactDecimal('quantity', fill.quantity, scale.quantity)
  if (quantity <= 0n)
    throw new FieldValueError(
      `a fill's quantity is above 0, not ${formatValue(fill.quantity)}; 'side' gives the direction`,
    )
  const currencies = currenciesOf(fill, known.get(symbol))
  return {
    strategy,
    account,
    symbol,
    quantity: side === 'buy' ? quantity : -quantity,
    price: exactDecimal('price', fill.price, scale.price),
    ...exactFee(fee, fill.feeCurrency, currencies, symbol, scale),
    currencies,
  }
}

function exactFee(
  fee: DecimalInput,
  currency: string | undefined,
  currencies: Currencies | undefined,
  symbol: string,
  scale: Scale,
): Pick<ExactFill, 'fee' | 'feeQuantity' | 'charge'> {
  if (currency !== undefined) checkText('feeCurrency', currency)
  if (currency !== undefined && currencies === undefined)
    throw new FieldValueError(
      `a fee in ${formatValue(currency)} needs the fill's 'base' and 'quote': the currencies of ${formatValue(symbol)}`,
    )
  const { price, quantity } = scale
  const inMoney = power(moneyScale(scale) - price - quantity)
  if (currency !== undefined && currency === currencies?.base) {
    const feeQuantity = exactDecimal("fee in the fill's base currency", fee, quantity)
    return { fee: 0n, feeQuantity, charge: { currency, amount: feeQuantity * power(price) * inMoney } }
  }
  const amount = exactDecimal('fee', fee, price + quantity) * inMoney
  if (currency === undefined || currency === currencies?.quote)
    return { fee: amount, feeQuantity: 0n, charge: undefined }
  return { fee: 0n, feeQuantity: 0n, charge: { currency, amount } }
}

function currenciesOf({ symbol, base, quote }: Fill, known: Currencies | undefined): Currencies | undefined {
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

function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value === '')
    throw new FieldValueError(`a fill's ${name} is a non-empty string, not ${formatValue(value)}`)
}

/** The integer of a decimal at a scale. Refuses a value with more decimals than the scale: only the caller knows how to round it. */
export function exactDecimal(name: string, value: DecimalInput, scale: number): bigint {
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
