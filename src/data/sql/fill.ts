import { CorruptJournalError } from '../../frames/errors.js'
import type { InstrumentNames } from '../../frames/instrument-names.js'
import type { Column } from '../../journal/columns/columns.js'
import type { ColumnValues } from '../../journal/columns/gather.js'
import type { SqlColumn } from './columns.js'
import type { Vectors } from './duckdb.js'
import { KnownText, Texts, textLength } from './texts.js'

/** Copies one column of a batch into a vector of DuckDB. */
export type Fill = (vector: object, values: ColumnValues, rows: number) => void

/**
 * Makes the function that fills a column.
 *
 * @param path of the journal, for errors.
 * @param rows the most rows of a batch.
 */
export function fillOf(
  vectors: Vectors,
  { type, from }: SqlColumn,
  instruments: InstrumentNames,
  path: string,
  rows: number,
): Fill {
  if (from === undefined) throw new TypeError('the name of a journal is no column of a scan')
  const damaged = (what: string): CorruptJournalError => damagedValue(from, path, what)
  if (type === 'BOOLEAN') return fillBooleans(vectors)
  if (type !== 'VARCHAR' && type !== 'BLOB') return fillNumbers(vectors, from.size)
  const texts = new Texts(vectors, rows)
  const each = (put: (values: ColumnValues, row: number) => void): Fill => {
    return (vector, values, count) => {
      texts.begin(vector)
      for (let row = 0; row < count; row++) put(values, row)
      texts.end(count)
    }
  }
  const { size } = from
  switch (from.kind) {
    case 'enum': {
      const names = (from.values ?? []).map(name => new KnownText(name))
      return each(({ u8 }, row) => {
        const name = names[u8[row]]
        if (name === undefined) throw damaged(`is ${u8[row]}, which no name of its enum has`)
        texts.putKnown(row, name)
      })
    }
    case 'instrument': {
      const symbols = new Map<number, KnownText>()
      return each(({ u32 }, row) => {
        const number = u32[row]
        let symbol = symbols.get(number)
        if (symbol === undefined) {
          if (symbols.size >= MOST_SYMBOLS) symbols.clear()
          symbols.set(number, (symbol = new KnownText(instruments.symbolOf(number | 0))))
        }
        texts.putKnown(row, symbol)
      })
    }
    case 'bytes':
      return each(({ u8 }, row) => texts.put(row, u8, row * size, size))
    default: {
      const kind = from.kind === 'ascii' ? 'ascii' : 'text'
      return each(({ u8 }, row) => {
        const length = textLength(u8, row * size, size, kind)
        if (length < 0) throw damaged(kind === 'ascii' ? 'is not ASCII' : 'is not UTF-8')
        texts.put(row, u8, row * size, length)
      })
    }
  }
}

/** A value that its column cannot have. @param path of the journal. */
export function damagedValue({ name }: Column, path: string, what: string): CorruptJournalError {
  return new CorruptJournalError(
    `a value of '${name}' in ${path} ${what}: the frame is damaged, or its definition has changed since; run 'ticktape verify'`,
    { path },
  )
}

/** A damaged journal may have any number of them. */
const MOST_SYMBOLS = 65_536

function fillNumbers(vectors: Vectors, size: number): Fill {
  let bits = new Uint8Array(0)
  return (vector, values, rows) => {
    vectors.copy_data_to_vector(vector, 0, values.u8.buffer, 0, rows * size)
    const { valid } = values
    if (valid === undefined) return
    // DuckDB has a bit for each row, in words of 64.
    const bytes = Math.ceil(rows / 64) * 8
    if (bits.length < bytes) bits = new Uint8Array(bytes)
    bits.fill(0)
    for (let row = 0; row < rows; row++) bits[row >> 3] |= valid[row] << (row & 7)
    vectors.vector_ensure_validity_writable(vector)
    vectors.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bytes)
  }
}

/** DuckDB takes 0 and 1 only; a view of ours takes every other number for true. */
function fillBooleans(vectors: Vectors): Fill {
  return (vector, { u8 }, rows) => {
    for (let row = 0; row < rows; row++) u8[row] = u8[row] === 0 ? 0 : 1
    vectors.copy_data_to_vector(vector, 0, u8.buffer, 0, rows)
  }
}

/** Fills a column with the name of the journal. */
export function fillJournalName(vectors: Vectors, name: string, rows: number): (vector: object, rows: number) => void {
  const texts = new Texts(vectors, rows)
  const text = new KnownText(name)
  return (vector, count) => {
    texts.begin(vector)
    for (let row = 0; row < count; row++) texts.putKnown(row, text)
    texts.end(count)
  }
}
