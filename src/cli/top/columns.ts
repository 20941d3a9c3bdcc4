import { stripVTControlCharacters } from 'node:util'
import { table } from '../output/table.js'

/** A column of a page. */
export interface Column<T> {
  readonly title: string
  readonly align: 'l' | 'r'
  readonly text: (row: T) => string
  /** What it is sorted by; undefined for a column that it cannot be sorted by. */
  readonly by?: (row: T) => number | string
}

export interface Order {
  readonly column: number
  readonly descending: boolean
}

/** The rows that have the filter's text in any column, in the order of a column. */
export function chosenRows<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { column, descending }: Order,
  filter: string,
): T[] {
  const wanted = filter.toLowerCase()
  const has = (text: string): boolean => stripVTControlCharacters(text).toLowerCase().includes(wanted)
  const chosen = rows.filter(row => columns.some(({ text }) => has(text(row))))
  const by = columns[column]?.by
  if (by === undefined) return chosen
  const sign = descending ? -1 : 1
  return chosen.sort((a, b) => sign * compare(by(a), by(b)))
}

/** The heading, with a mark at the column that it is sorted by, and a line for each row. */
export function linesOf<T>(rows: readonly T[], columns: readonly Column<T>[], { column, descending }: Order): string[] {
  const heading = columns.map(({ title }, i) => (i === column ? `${title}${descending ? '↓' : '↑'}` : title))
  const cells = rows.map(row => columns.map(({ text }) => text(row)))
  return table([heading, ...cells], columns.map(({ align }) => align).join(''))
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}
