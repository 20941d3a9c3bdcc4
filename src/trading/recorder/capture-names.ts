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

/**
 * The files of a recording that are of days before the last `days` ones, the day `day` included. Only names that a recording
 * of this name gives: all other files of the directory belong to others.
 */
export function namesBefore(directory: string, name: string, day: string, days: number): string[] {
  const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)$/.exec(day) as unknown as readonly string[]
  const first = dayOf(BigInt(Date.UTC(Number(year), Number(month) - 1, Number(date) - (days - 1))) * 1_000_000n)
  return fs.readdirSync(directory).filter(file => {
    const match = /^(.*)-(\d{8})-\d{4,}\.gz$/.exec(file)
    return match !== null && match[1] === name && match[2] < first
  })
}

/** The day in such a name; '' when it has none. */
export function dayIn(file: string): string {
  return /-(\d{8})-\d+\.gz$/.exec(file)?.[1] ?? ''
}
