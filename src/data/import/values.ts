import type { FieldKind } from '../../frames/field.js'
import type { Column } from '../../journal/columns/columns.js'

/** Why a text is no value of a kind: what the kind takes. */
export class NoValue extends Error {}

/** What reads the values of a column from texts. It throws {NoValue}; whether a number fits its field, the writer says. */
export function readerOf({ kind, values = [] }: Column): (text: string) => unknown {
  if (kind !== 'enum') return READERS[kind]
  const known = new Set(values)
  return text => {
    if (!known.has(text)) throw new NoValue(`one of ${values.map(value => `'${value}'`).join(', ')}`)
    return text
  }
}

/** The digits of a decimal number, without its exponent. */
interface Digits {
  readonly isNegative: boolean
  readonly whole: string
  /** Without zeros at the end. */
  readonly fraction: string
}

/** Of a text such as '-12.50' or '1.25e3', in which no digit is lost; undefined for what is no number, or one of more than 400 digits. */
function digitsOf(text: string): Digits | undefined {
  const [found, sign, before, after = '', point = after, exponent = '0'] =
    /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d{1,3}))?$/i.exec(text) ?? []
  if (found === undefined) return undefined
  const digits = (before ?? '') + point
  // Where the point is among the digits.
  const at = (before ?? '').length + Number(exponent)
  if (Math.abs(at) + digits.length > 400) return undefined
  const padded = at < 0 ? '0'.repeat(-at) + digits : digits.padEnd(at, '0')
  return {
    isNegative: sign === '-',
    whole: padded.slice(0, Math.max(0, at)).replace(/^0+(?=\d)/, '') || '0',
    fraction: padded.slice(Math.max(0, at)).replace(/0+$/, ''),
  }
}

/** A whole number of at most so many digits; '12.0' and '1e3' are whole. */
function integer(text: string, most: number, what: string): bigint {
  if (text.length <= most && /^-?\d+$/.test(text)) return BigInt(text)
  const digits = digitsOf(text)
  if (digits === undefined || digits.fraction !== '' || digits.whole.length > most) throw new NoValue(what)
  return BigInt(digits.isNegative ? `-${digits.whole}` : digits.whole)
}

const wholeNumber = (text: string): number => Number(integer(text, 15, 'a whole number'))
const long = (text: string): bigint => integer(text, 20, 'a whole number of 64 bits')
/** @param round to the numbers that the field can hold. */
const float =
  (round: (value: number) => number) =>
  (text: string): number => {
    const special = SPECIAL[text.toLowerCase()]
    if (special !== undefined) return special
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new NoValue('a number')
    const value = Number(text)
    if (!Number.isFinite(round(value))) throw new NoValue('a number that is not too large for the field')
    return value
  }
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
}
const asIs = (text: string): string => text

const READERS: Readonly<Record<Exclude<FieldKind, 'enum'>, (text: string) => unknown>> = {
  u8: wholeNumber,
  i8: wholeNumber,
  u16: wholeNumber,
  i16: wholeNumber,
  u32: wholeNumber,
  i32: wholeNumber,
  instrument: wholeNumber,
  u64: long,
  i64: long,
  f32: float(Math.fround),
  f64: float(value => value),
  bool: text => {
    const value = BOOLEANS[text.toLowerCase()]
    if (value === undefined) throw new NoValue('true or false')
    return value
  },
  ascii: asIs,
  text: asIs,
  bytes: text => {
    if (!/^([0-9a-f]{2})*$/i.test(text)) throw new NoValue('hexadecimal digits')
    return Buffer.from(text, 'hex')
  },
}
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

/** Units of times that are numbers, in ns. */
export const TIME_UNITS = { ns: 1n, us: 1000n, ms: 1_000_000n, s: 1_000_000_000n } as const
export type TimeUnit = keyof typeof TIME_UNITS

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?$/

/** ns since 1970, of a number in a unit or of ISO 8601 to the ns; UTC where nothing else is said. Throws {NoValue}. */
export function readTime(text: string, unit: TimeUnit): bigint {
  const number = digitsOf(text)
  const time = number === undefined ? timeOfIso(text) : timeOfNumber(number, unit)
  if (time < 0n || time > LAST_TIME) throw new NoValue('a time from 1970 to 2262')
  return time
}

const LAST_TIME = 2n ** 63n - 1n

function timeOfNumber({ isNegative, whole, fraction }: Digits, unit: TimeUnit): bigint {
  const scale = TIME_UNITS[unit]
  if (fraction.length > 9) throw new NoValue('a time of at most 9 digits behind the point')
  const part = fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  const time = BigInt(whole) * scale + part
  return isNegative ? -time : time
}

function timeOfIso(text: string): bigint {
  const [found, day, clock = '00:00', fraction = '', zone = 'Z'] = ISO.exec(text) ?? []
  const ms =
    found === undefined || !isDay(day)
      ? Number.NaN
      : Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone}`)
  if (Number.isNaN(ms)) throw new NoValue('a time: ISO 8601, or a number')
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** `Date.parse` makes the 2nd of March of the 30th of February. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}
