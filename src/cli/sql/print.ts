import type { ResultRows } from '../../data/sql/session.js'
import { printable } from '../output/failure.js'
import type { Output } from '../output/output.js'
import { table } from '../output/table.js'
import { grouped } from '../output/units.js'
import { valueJson, valueText } from './values.js'

export type ResultFormat = 'table' | 'csv' | 'json'

/** Rows from which the widths of a table's columns are taken. */
const MEASURED = 1000

/** Prints a result as it comes. Returns how many rows it has. */
export async function printResult(
  parts: AsyncIterable<ResultRows>,
  format: ResultFormat,
  out: Output,
): Promise<number> {
  let rows = 0
  let first = true
  const lines = new TablePrinter(out)
  for await (const part of parts) {
    if (format === 'csv') printCsv(part, first, out)
    else if (format === 'json') printJson(part, out)
    else lines.add(part)
    rows += part.rows.length
    first = false
    if (out.full) await out.flush()
  }
  if (format === 'table') lines.end()
  if (format === 'table') out.line(`${grouped(rows)} row${rows === 1 ? '' : 's'}`)
  await out.flush()
  return rows
}

/** RFC 4180. NULL is empty, an empty text is in quotes. */
function printCsv({ names, types, rows }: ResultRows, first: boolean, out: Output): void {
  if (first) out.line(names.map(csvText).join(','))
  for (const row of rows)
    out.line(row.map((value, i) => (value === null ? '' : csvText(valueText(value, types[i], '')))).join(','))
}

export function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** An object a line. */
function printJson({ names, types, rows }: ResultRows, out: Output): void {
  for (const row of rows) out.json(Object.fromEntries(row.map((value, i) => [names[i], valueJson(value, types[i])])))
}

/** A table whose widths are those of its first rows; later rows that are wider make it wider. */
class TablePrinter {
  private waiting: string[][] = []
  private heading: string[] = []
  private widest: string[] = []
  private align = ''
  private begun = false

  constructor(private readonly out: Output) {}

  add({ names, types, rows }: ResultRows): void {
    this.heading = names.map(printable)
    this.align = types.map(type => (NUMBERS.has(String(type).replace(/\(.*/, '')) ? 'r' : 'l')).join('')
    for (const row of rows) this.waiting.push(row.map((value, i) => printable(valueText(value, types[i], 'NULL'))))
    if (this.waiting.length >= MEASURED) this.print()
  }

  end(): void {
    if (this.waiting.length > 0 || !this.begun) this.print()
  }

  private print(): void {
    const { heading, waiting } = this
    const before = this.begun ? this.widest : heading
    this.widest = before.map((cell, i) =>
      waiting.reduce((widest, row) => (row[i].length > widest.length ? row[i] : widest), cell),
    )
    // The second line is only there for the widths.
    const lines = table([heading, this.widest, ...waiting], this.align)
    if (!this.begun) this.out.line(lines[0])
    for (const line of lines.slice(2)) this.out.line(line)
    this.begun = true
    this.waiting = []
  }
}

const NUMBERS: ReadonlySet<string> = new Set([
  'TINYINT',
  'UTINYINT',
  'SMALLINT',
  'USMALLINT',
  'INTEGER',
  'UINTEGER',
  'BIGINT',
  'UBIGINT',
  'HUGEINT',
  'UHUGEINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
])
