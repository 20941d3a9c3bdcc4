import type * as Api from 'apache-arrow'
import type { InstrumentNames } from '../../frames/instrument-names.js'
import type { Column } from '../../journal/columns/columns.js'
import type { ColumnValues } from '../../journal/columns/gather.js'
import type { SqlColumn } from '../sql/columns.js'
import { damagedValue } from '../sql/fill.js'
import { textLength } from '../sql/texts.js'
import type { Arrow } from './arrow-package.js'

/** One column of an Arrow file: its field, and what makes its part of a record batch from the values of a scan. */
export interface ArrowColumn {
  readonly field: Api.Field
  /** The memory of the values is used again: what is returned is a copy. */
  readonly encode: (values: ColumnValues, rows: number) => Api.Data
}

/**
 * Makes the columns of a file, with the names and the order that they have in SQL.
 *
 * @param path of the journal, for errors.
 */
export function arrowColumnsOf(
  arrow: Arrow,
  columns: readonly SqlColumn[],
  instruments: InstrumentNames,
  path: string,
): ArrowColumn[] {
  return columns.map(({ name, type, from }, i) => {
    if (from === undefined) throw new TypeError('the name of a journal is no column of a scan')
    // With the symbol of an instrument in the place of its number.
    const kind = from.kind === 'instrument' && type === 'VARCHAR' ? 'symbol' : from.kind
    const { type: arrowType, encode } = columnOf(arrow, kind, from, i, instruments, path)
    return { field: new arrow.Field(name, arrowType, isNullable(from)), encode }
  })
}

/** A column with the same text in each row: the name of a journal. */
export function constantColumn(arrow: Arrow, name: string, text: string): ArrowColumn {
  const bytes = Buffer.from(text)
  const type = new arrow.Utf8()
  return {
    field: new arrow.Field(name, type, false),
    encode: (_, rows) => {
      const data = new Uint8Array(rows * bytes.length)
      const valueOffsets = new Int32Array(rows + 1)
      for (let row = 0; row < rows; row++) {
        data.set(bytes, row * bytes.length)
        valueOffsets[row + 1] = (row + 1) * bytes.length
      }
      return arrow.makeData({ type, length: rows, valueOffsets, data })
    },
  }
}

type Kind = Column['kind'] | 'symbol'

function columnOf(
  arrow: Arrow,
  kind: Kind,
  from: Column,
  id: number,
  instruments: InstrumentNames,
  path: string,
): { type: Api.DataType; encode: ArrowColumn['encode'] } {
  switch (kind) {
    case 'bool': {
      const type = new arrow.Bool()
      return {
        type,
        encode: ({ u8 }, rows) => arrow.makeData({ type, length: rows, nullCount: 0, data: bitsOf(u8, rows) }),
      }
    }
    case 'enum':
      return enumColumn(arrow, from, id, path)
    case 'symbol': {
      const symbols = new Map<number, Uint8Array>()
      return textColumn(arrow, ({ u32 }, row) => {
        const number = u32[row]
        let symbol = symbols.get(number)
        if (symbol === undefined) {
          if (symbols.size >= MOST_SYMBOLS) symbols.clear()
          symbols.set(number, (symbol = Buffer.from(instruments.symbolOf(number | 0))))
        }
        return symbol
      })
    }
    case 'ascii':
    case 'text': {
      const { size } = from
      return textColumn(arrow, ({ u8 }, row) => {
        const start = row * size
        const length = textLength(u8, start, size, kind)
        if (length < 0) throw damagedValue(from, path, kind === 'ascii' ? 'is not ASCII' : 'is not UTF-8')
        return u8.subarray(start, start + length)
      })
    }
    case 'bytes': {
      const { size } = from
      const type = new arrow.FixedSizeBinary(size)
      return { type, encode: ({ u8 }, rows) => arrow.makeData({ type, length: rows, data: u8.slice(0, rows * size) }) }
    }
    default: {
      const type = from.header === 'time' ? new arrow.TimestampNanosecond('UTC') : numberType(arrow, kind)
      return {
        type,
        encode: (values, rows) => {
          const data = values.typed(rows).slice()
          const { valid } = values
          const absent = valid === undefined ? 0 : rows - valid.subarray(0, rows).reduce((sum, one) => sum + one, 0)
          const nulls =
            absent === 0 || valid === undefined ? {} : { nullBitmap: bitsOf(valid, rows), nullCount: absent }
          // The type and the values are those of one kind, which TypeScript cannot know.
          const props: unknown = { type, length: rows, data, ...nulls }
          return arrow.makeData(props as Parameters<Arrow['makeData']>[0])
        },
      }
    }
  }
}

/** A damaged journal may have any number of them. */
const MOST_SYMBOLS = 65_536

/** Names as a dictionary, which every batch of the file shares. */
function enumColumn(
  arrow: Arrow,
  from: Column,
  id: number,
  path: string,
): { type: Api.DataType; encode: ArrowColumn['encode'] } {
  const names = from.values ?? []
  const dictionary = arrow.vectorFromArray([...names], new arrow.Utf8())
  // Signed, because not every reader takes unsigned indexes. An enum has up to 256 names.
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16(), id)
  return {
    type,
    encode: ({ u8 }, rows) => {
      const data = new Int16Array(rows)
      for (let row = 0; row < rows; row++) {
        const index = u8[row]
        if (index >= names.length) throw damagedValue(from, path, `is ${index}, which no name of its enum has`)
        data[row] = index
      }
      return arrow.makeData({ type, length: rows, nullCount: 0, data, dictionary })
    },
  }
}

function textColumn(
  arrow: Arrow,
  textOf: (values: ColumnValues, row: number) => Uint8Array,
): { type: Api.DataType; encode: ArrowColumn['encode'] } {
  const type = new arrow.Utf8()
  return {
    type,
    encode: (values, rows) => {
      const texts = Array.from({ length: rows }, (_, row) => textOf(values, row))
      const valueOffsets = new Int32Array(rows + 1)
      for (let row = 0; row < rows; row++) valueOffsets[row + 1] = valueOffsets[row] + texts[row].length
      const data = new Uint8Array(valueOffsets[rows])
      for (let row = 0; row < rows; row++) data.set(texts[row], valueOffsets[row])
      return arrow.makeData({ type, length: rows, valueOffsets, data })
    },
  }
}

function numberType(arrow: Arrow, kind: Kind): Api.DataType {
  switch (kind) {
    case 'u8':
      return new arrow.Uint8()
    case 'i8':
      return new arrow.Int8()
    case 'u16':
      return new arrow.Uint16()
    case 'i16':
      return new arrow.Int16()
    case 'i32':
      return new arrow.Int32()
    case 'u64':
      return new arrow.Uint64()
    case 'i64':
      return new arrow.Int64()
    case 'f32':
      return new arrow.Float32()
    case 'f64':
      return new arrow.Float64()
    default:
      // 'u32', and the number of an instrument.
      return new arrow.Uint32()
  }
}

/** Frames of one slot have no room for these. */
function isNullable({ header }: Column): boolean {
  return header !== undefined && header !== 'position' && header !== 'time'
}

/** A bit for each row, the first one lowest. */
function bitsOf(values: Uint8Array, rows: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8))
  for (let row = 0; row < rows; row++) if (values[row] !== 0) bits[row >> 3] |= 1 << (row & 7)
  return bits
}
