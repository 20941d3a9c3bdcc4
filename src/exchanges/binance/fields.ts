import { formatValue } from '../../base/format-value.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, textField } from '../fields.js'

/** An id that Binance writes as a number; text when no double holds it (trading/exact/parse-json). @throws {VenueMessageError} */
export function idField(fields: Fields, name: string): string {
  const value = fields[name]
  if (Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value))) return String(value)
  throw new VenueMessageError(`a message of Binance has '${name}' ${formatValue(value)}, which is no id`)
}

/** ms since 1970, a number. @throws {VenueMessageError} */
export function msField(fields: Fields, name: string): number {
  const value = fields[name]
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new VenueMessageError(`a message of Binance has '${name}' ${formatValue(value)}, which is no time in ms`)
}

/** @throws {VenueMessageError} */
export function flagField(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (typeof value === 'boolean') return value
  throw new VenueMessageError(
    `a message of Binance has '${name}' ${formatValue(value)}, which is neither true nor false`,
  )
}

/** @throws {VenueMessageError} */
export function sideField(fields: Fields, name: string): 'buy' | 'sell' {
  const side = textField(fields, name)
  if (side === 'BUY') return 'buy'
  if (side === 'SELL') return 'sell'
  throw new VenueMessageError(`a message of Binance has '${name}' ${formatValue(side)}, which is no side`)
}
