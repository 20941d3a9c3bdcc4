import * as fs from 'node:fs'

const DAY_NS = 86_400_000_000_000n

/** The day in UTC of a time in ns since 1970: '20240808'. */
export function dayOf(ns: bigint): string {
  return new Date(Number((ns / DAY_NS) * 86_400_000n)).toISOString().slice(0, 10).replaceAll('-', '')
}

/** The next name of a day that no file has: 'NAME-20240808-0001.gz'. They sort by day and number. */
export function nextName(directory: string, name: string, day: string): string {
  const prefix = `${name}-${day}-`
  const numbers = fs
    .readdirSync(directory)
    .filter(file => file.startsWith(prefix))
    .map(file => Number(/^(\d+)\.gz$/.exec(file.slice(prefix.length))?.[1] ?? 0))
  return `${prefix}${String(Math.max(0, ...numbers) + 1).padStart(4, '0')}.gz`
}

/** The day in such a name; '' when it has none. */
export function dayIn(file: string): string {
  return /-(\d{8})-\d+\.gz$/.exec(file)?.[1] ?? ''
}
