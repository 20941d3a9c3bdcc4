import { UsageError } from './failure.js'

/** Numbers below this are positions, others are times in ns: no journal gets this long, and times have been above it since 1970-01-12. */
const FIRST_TIME = 10n ** 15n

/** A value of `--from` other than 'start' and 'end'. */
export type StartPoint = { readonly position: number } | { readonly time: bigint }

/** A position, ns since 1970, or an ISO 8601 date (UTC unless it says otherwise). @throws {UsageError} */
export function parseStart(text: string): StartPoint {
  if (/^\d+$/.test(text)) {
    const number = BigInt(text)
    if (number >= 2n ** 63n) throw new UsageError(`'${text}' is no position and no time: it is above 2^63`)
    return number < FIRST_TIME ? { position: Number(number) } : { time: number }
  }
  return { time: parseDate(text) }
}

/** ns since 1970, as a number or an ISO 8601 date (UTC unless it says otherwise). @throws {UsageError} */
export function parseTime(text: string): bigint {
  const start = parseStart(text)
  if ('time' in start) return start.time
  throw new UsageError(`'${text}' is no time; type ns since 1970, or a date such as 2026-01-31T09:30:00.5Z`)
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?$/

/** ns since 1970. */
function parseDate(text: string): bigint {
  const match = DATE.exec(text)
  const [, day, time = '00:00', fraction = '', zone = 'Z'] = match ?? []
  const ms = match === null ? Number.NaN : Date.parse(`${day}T${time}${zone}`)
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `'${text}' is no position and no time; type a whole number, ns since 1970, or a date such as 2026-01-31T09:30:00.5Z`,
    )
  }
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** ns since 1970 as ISO 8601 in UTC, to the ns. */
export function formatTime(ns: bigint): string {
  const seconds = ns / 1_000_000_000n
  const date = new Date(Number(seconds) * 1000)
  if (ns < 0n || Number.isNaN(date.getTime())) return `${ns} ns`
  return `${date.toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`
}

const SIZES: Readonly<Record<string, number>> = { '': 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** Bytes: '500M', '2GiB', '1048576'. K, M, G and T are powers of 1024. @throws {UsageError} */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([BKMGT]?)(?:i?B)?$/i.exec(text)
  if (match === null) throw new UsageError(`'${text}' is no size; type bytes, or a number with K, M, G or T`)
  return Math.floor(Number(match[1]) * SIZES[match[2].toUpperCase()])
}

/** 1536 as '1.5 KiB'. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${' KMGT'[power]}iB`
}

const AGES: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** ms: '30d', '12h', '15m', '90s', '250ms'. @throws {UsageError} */
export function parseAge(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text)
  if (match === null) throw new UsageError(`'${text}' is no age; type a number with ms, s, m, h or d`)
  return Number(match[1]) * AGES[match[2]]
}

/** A whole number of at least `min`, for commander's options. */
export function wholeNumber(min: number): (text: string) => number {
  return text => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < min)
      throw new UsageError(`'${text}' is no whole number of at least ${min}`)
    return number
  }
}

/** A number with its thousands apart: 1 234 567. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** 61439 as '61.4 µs'. */
export function formatNs(ns: number): string {
  if (ns < 1000) return `${ns} ns`
  const [value, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** Parses symbols, separated by commas. */
export function parseList(text: string): readonly string[] {
  const symbols = text.split(',').map(symbol => symbol.trim())
  if (symbols.includes('')) throw new UsageError(`'${text}' is no list; type symbols, such as BTC-USDT,ETH-USDT`)
  return symbols
}
