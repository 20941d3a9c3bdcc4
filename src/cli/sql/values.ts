import type * as Api from '@duckdb/node-api'
import { formatTime } from '../output/units.js'

/** A value of a result as text. Times of frames are ISO 8601 to the ns, in UTC. @param none the text of NULL. */
export function valueText(value: Api.DuckDBValue, type: Api.DuckDBType, none: string): string {
  if (value === null) return none
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value, isFloat(type))
  const { nanos } = value as { readonly nanos?: unknown }
  return typeof nanos === 'bigint' && nanos >= 0n && String(type) === 'TIMESTAMP_NS' ? formatTime(nanos) : String(value)
}

/** A value for JSON: numbers and truth values as such, 64-bit integers and all others as text, NULL as null. */
export function valueJson(value: Api.DuckDBValue, type: Api.DuckDBType): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0) && !isFloat(type)) return value
  if (typeof value === 'number' && Number.isFinite(value)) return Number(numberText(value, true))
  return valueText(value, type, '')
}

function isFloat(type: Api.DuckDBType): boolean {
  return String(type) === 'FLOAT'
}

/** The shortest text that gives the same number again. */
function numberText(value: number, short: boolean): string {
  if (Object.is(value, -0)) return '-0'
  if (!short || !Number.isFinite(value)) return String(value)
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(value)
}
