import { ImportError } from '../errors.js'
import type { Row, RowFile } from './rows.js'
import { MOST_CHARACTERS, textOf } from './text-file.js'

/**
 * A file of comma-separated values (RFC 4180) with the names of its columns in the first record.
 *
 * @throws {ImportError} with the line, for a record of another length and for quotes that do not end.
 */
export async function openCsv(file: string): Promise<RowFile> {
  const records = recordsOf(file)
  const first = await records.next()
  const [header, ...rest] = first.done === true ? [] : first.value
  if (header === undefined)
    throw new ImportError(`${file} is empty: its first line must name its columns`, { path: file })
  const columns = header.values.map(name => (name ?? '').trim())
  const width = columns.length
  async function* rows(): AsyncGenerator<readonly Row[], void, undefined> {
    yield rest.map(one => checked(one, width, file))
    for await (const batch of records) yield batch.map(one => checked(one, width, file))
  }
  return { columns, unit: 'line', times: new Set(), rows: rows(), close: async () => void (await records.return()) }
}

function checked(row: Row, width: number, file: string): Row {
  if (row.values.length === width) return row
  throw new ImportError(`line ${row.line} of ${file} has ${row.values.length} values, but there are ${width} columns`, {
    path: file,
  })
}

/** All records, in batches. Empty lines are passed over. */
async function* recordsOf(file: string): AsyncGenerator<readonly Row[], void, undefined> {
  const parser = new CsvParser(file)
  for await (const part of textOf(file)) {
    const batch = parser.add(part)
    if (batch.length > 0) yield batch
  }
  const last = parser.end()
  if (last.length > 0) yield last
}

/** Splits text into records, whatever its parts are. */
class CsvParser {
  private text = ''
  private line = 1

  constructor(private readonly file: string) {}

  add(part: string): Row[] {
    this.text += part
    return this.take(false)
  }

  end(): Row[] {
    if (this.text !== '' && !this.text.endsWith('\n')) this.text += '\n'
    return this.take(true)
  }

  private take(isEnd: boolean): Row[] {
    const found: Row[] = []
    let at = 0
    for (;;) {
      const record = this.recordAt(at)
      if (record === undefined) break
      if (record.values.length > 1 || record.values[0] !== undefined)
        found.push({ line: this.line, values: record.values })
      this.line += record.lines
      at = record.end
    }
    this.text = this.text.slice(at)
    if (isEnd && this.text !== '') throw this.fail(this.line, 'has a quote that does not end')
    if (this.text.length > MOST_CHARACTERS)
      throw this.fail(
        this.line,
        `begins a record of more than ${MOST_CHARACTERS} characters, or has a quote that does not end`,
      )
    return found
  }

  /** The record that begins at an index; undefined while its end is not there. */
  private recordAt(
    from: number,
  ): { readonly values: (string | undefined)[]; readonly lines: number; readonly end: number } | undefined {
    const { text } = this
    const values: (string | undefined)[] = []
    let at = from
    let lines = 1
    for (;;) {
      let value: string | undefined
      if (text[at] === '"') {
        const parts: string[] = []
        let begin = at + 1
        for (;;) {
          const quote = text.indexOf('"', begin)
          // What follows the quote says whether it is doubled.
          if (quote < 0 || quote + 1 >= text.length) return undefined
          parts.push(text.slice(begin, quote))
          begin = quote + 1
          if (text[begin] !== '"') break
          parts.push('"')
          begin++
        }
        value = parts.join('')
        lines += value.split('\n').length - 1
        at = begin
      } else {
        let end = at
        while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++
        if (end >= text.length) return undefined
        // A value without quotes that is empty is none.
        value = end === at ? undefined : text.slice(at, end)
        at = end
      }
      values.push(value)
      if (text[at] === ',') {
        at++
        continue
      }
      if (text[at] === '\r') {
        if (at + 1 >= text.length) return undefined
        if (text[at + 1] === '\n') at++
      }
      if (text[at] === '\n' || text[at] === '\r') return { values, lines, end: at + 1 }
      const behind = text.slice(at, at + 20).split(/[\r\n]/, 1)[0]
      throw this.fail(
        this.line + lines - 1,
        `has '${behind}' after the quote that ends a value: write two quotes for one that belongs to the value`,
      )
    }
  }

  private fail(line: number, what: string): ImportError {
    return new ImportError(`line ${line} of ${this.file} ${what}`, { path: this.file })
  }
}
