/** Writes fills, settlements and positions as frames: as small frames if they fit, otherwise as wide ones. */
import { formatValue } from '../../base/format-value.js'
import { FieldValueError } from '../../frames/errors.js'
import type { Writer } from '../../journal/write/writer.js'
import { decimalText } from '../exact/decimal.js'
import { moneyScale, type Scale } from './book.js'
import type { Currencies, ExactFill } from './exact-fill.js'
import type { FillCause } from './fold.js'
import {
  FillRecord,
  FillLimit as L,
  MarketRecord,
  PositionFee,
  PositionRecord,
  Settlement,
  WideFill,
  WidePosition,
  WideSettlement,
} from './frames.js'
import type { BookEntry } from './positions.js'

/** The sizes of the small frames' fields, in characters: of decimals, and of a position's quantity and money. */
const SMALL = { DECIMAL: 24, QUANTITY: 40, MONEY: 72 } as const

/**
 * Returns a function that writes the fill, with its numbers as they were parsed.
 *
 * @throws {FieldValueError} at once, for a text too long for its field.
 */
export function writeFill(writer: Writer, fill: ExactFill, scale: Scale, cause: FillCause | undefined): () => void {
  const { strategy, account, symbol, feeQuantity, charge, currencies } = fill
  const quantity = fill.quantity > 0n ? fill.quantity : -fill.quantity
  const small = {
    strategy,
    account,
    symbol,
    side: fill.quantity > 0n ? 'buy' : 'sell',
    price: decimalText(fill.price, scale.price),
    quantity: decimalText(quantity, scale.quantity),
    fee:
      feeQuantity === 0n
        ? decimalText(charge?.amount ?? fill.fee, moneyScale(scale))
        : decimalText(feeQuantity, scale.quantity),
  } as const
  checkLength('strategy', strategy, L.NAME)
  checkLength('account', account, L.NAME)
  checkLength('symbol', symbol, L.SYMBOL)
  for (const name of ['price', 'quantity', 'fee'] as const) checkDecimal(name, small[name])
  const options = cause === undefined ? undefined : { cause }
  const fits = [small.price, small.quantity, small.fee].every(text => text.length <= SMALL.DECIMAL)
  if (currencies === undefined && fits) return () => writer.write(FillRecord, small, options)
  const wide = {
    ...small,
    base: currencies?.base ?? '',
    quote: currencies?.quote ?? '',
    feeCurrency: charge?.currency ?? '',
  }
  checkLength('base', wide.base, L.CURRENCY)
  checkLength('quote', wide.quote, L.CURRENCY)
  checkLength('feeCurrency', wide.feeCurrency, L.CURRENCY)
  return () => writer.write(WideFill, wide, options)
}

/** As `writeFill`. */
export function writeSettlement(writer: Writer, symbol: string, exact: bigint, scale: Scale): () => void {
  const price = decimalText(exact, scale.price)
  checkLength('symbol', symbol, L.SYMBOL)
  checkDecimal('price', price)
  const definition = price.length <= SMALL.DECIMAL ? Settlement : WideSettlement
  return () => writer.write(definition, { symbol, price })
}

export function writePosition(writer: Writer, { kind, name, symbol, state, charges }: BookEntry): void {
  const values = {
    kind,
    name,
    symbol,
    quantity: String(state.quantity),
    cost: String(state.cost),
    realised: String(state.realised),
    fees: String(state.fees),
  }
  const fits =
    values.quantity.length <= SMALL.QUANTITY &&
    [values.cost, values.realised, values.fees].every(text => text.length <= SMALL.MONEY)
  writer.write(fits ? PositionRecord : WidePosition, values)
  for (const [currency, amount] of charges)
    writer.write(PositionFee, { kind, name, symbol, currency, amount: String(amount) })
}

export function writeMarket(writer: Writer, symbol: string, { base, quote }: Currencies): void {
  writer.write(MarketRecord, { symbol, base, quote })
}

/** A scale has at most 18 decimals, so a text within this limit fits its field, and sums of such values fit theirs. */
function checkDecimal(name: string, text: string): void {
  if (text.replace(/^-|\..*$/g, '').length <= L.WHOLE_DIGITS) return
  throw new FieldValueError(
    `a ${name} in a positions journal has at most ${L.WHOLE_DIGITS} digits before the point, not ${formatValue(text)}`,
  )
}

function checkLength(name: string, text: string, size: number): void {
  // oxlint-disable-next-line no-control-regex
  if (text.length > size || !/^[\x01-\x7f]*$/.test(text)) {
    throw new FieldValueError(
      `a ${name} in a positions journal has at most ${size} ASCII characters, not ${formatValue(text)}`,
    )
  }
}
