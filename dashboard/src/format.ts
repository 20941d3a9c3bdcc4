/** Numbers and times for people. Numbers of 64 bits come as text. */

const NS_PER_MS = 1_000_000n

/** ms since 1970 of ns since 1970. */
export function msOf(ns: string): number {
  return Number(BigInt(ns) / NS_PER_MS)
}

/** '09:30:00.123', UTC; '' for a time that is not known. */
export function clock(ns: string | undefined): string {
  if (ns === undefined || ns === '0') return ''
  return new Date(msOf(ns)).toISOString().slice(11, 23)
}

/** '2026-01-31 09:30:00.123', UTC. */
export function dateTime(ns: string): string {
  return ns === '0' ? '' : new Date(msOf(ns)).toISOString().replace('T', ' ').slice(0, 23)
}

/** '1.5 ms'. */
export function duration(ns: number): string {
  if (ns < 0) return `-${duration(-ns)}`
  if (ns < 1000) return `${Math.round(ns)} ns`
  if (ns < 1e6) return `${short(ns / 1e3)} µs`
  if (ns < 1e9) return `${short(ns / 1e6)} ms`
  return ns < 120e9 ? `${short(ns / 1e9)} s` : `${short(ns / 60e9)} min`
}

/** '1 234 567'. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ')
}

export function rate(value: number | undefined): string {
  return value === undefined ? '–' : `${count(value)}/s`
}

export function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${short(value / 2 ** (10 * power))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}

/** A decimal with as many digits as a person reads. */
export function decimal(value: number | string | undefined, digits = 8): string {
  if (value === undefined) return '–'
  const number = Number(value)
  return Number.isInteger(number) ? String(number) : String(Number(number.toFixed(digits)))
}

/** Money, with its sign. */
export function money(value: number | string | undefined): string {
  if (value === undefined) return '–'
  const number = Number(value)
  return `${number > 0 ? '+' : ''}${number.toFixed(2)}`
}

/** A class for its colour. */
export function signOf(value: number | string | undefined): string {
  const number = Number(value ?? 0)
  return number > 0 ? 'up' : number < 0 ? 'down' : ''
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toFixed(value >= 10 ? 1 : 2)))
}
