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

const whole = (text: string): number => {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new NoValue('a whole number')
  return Number(text)
}
const long = (text: string): bigint => {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new NoValue('a whole number of 64 bits')
  return BigInt(text.replace('+', ''))
}
const float = (text: string): number => {
  const special = SPECIAL[text.toLowerCase()]
  if (special !== undefined) return special
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new NoValue('a number')
  return Number(text)
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
  u8: whole,
  i8: whole,
  u16: whole,
  i16: whole,
  u32: whole,
  i32: whole,
  instrument: whole,
  u64: long,
  i64: long,
  f32: float,
  f64: float,
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
  const number = /^(-?\d{1,19})(?:\.(\d{1,9}))?$/.exec(text)
  if (number !== null) {
    const scale = TIME_UNITS[unit]
    const fraction = number[2] ?? ''
    const part = fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
    return BigInt(number[1]) * scale + (text.startsWith('-') ? -part : part)
  }
  const [found, day, clock = '00:00', fraction = '', zone = 'Z'] = ISO.exec(text) ?? []
  const ms =
    found === undefined ? Number.NaN : Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone}`)
  if (Number.isNaN(ms)) throw new NoValue('a time: ISO 8601, or a number')
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
