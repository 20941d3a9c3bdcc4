import { Frame, FrameFlag, Page as P, SLOT_SHIFT as SHIFT } from '../../frames/format.js'
import type { PageMemory } from '../../frames/memory.js'
import type { Column, HeaderColumn } from './columns.js'

const HEADER_SIZE = P.HEADER_SIZE

/** The values of one column: `size` bytes for each row, as the frames have them, so that every bit of a float stays. */
export class ColumnValues {
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly u32: Uint32Array
  /** For each row 1 where it has a value, 0 where it has none; undefined in columns that always have one. */
  readonly valid: Uint8Array | undefined
  private readonly gatherInto: Gather

  constructor(
    readonly column: Column,
    /** Rows. */
    readonly capacity: number,
  ) {
    const buffer = new ArrayBuffer(Math.ceil((capacity * column.size) / 8) * 8)
    this.u8 = new Uint8Array(buffer)
    this.u16 = new Uint16Array(buffer)
    this.u32 = new Uint32Array(buffer)
    const { header } = column
    this.valid =
      header === undefined || header === 'position' || header === 'time' ? undefined : new Uint8Array(capacity)
    this.gatherInto = gatherOf(column)
  }

  /** The values as a typed array of the column's kind; for texts and bytes, `size` bytes for each row. */
  typed(rows: number): ColumnArray {
    const { buffer } = this.u8
    switch (this.column.kind) {
      case 'u64':
        return new BigUint64Array(buffer, 0, rows)
      case 'i64':
        return new BigInt64Array(buffer, 0, rows)
      case 'f64':
        return new Float64Array(buffer, 0, rows)
      case 'f32':
        return new Float32Array(buffer, 0, rows)
      case 'i32':
        return new Int32Array(buffer, 0, rows)
      case 'u32':
      case 'instrument':
        return new Uint32Array(buffer, 0, rows)
      case 'i16':
        return new Int16Array(buffer, 0, rows)
      case 'u16':
        return new Uint16Array(buffer, 0, rows)
      case 'i8':
        return new Int8Array(buffer, 0, rows)
      default:
        return new Uint8Array(buffer, 0, rows * this.column.size)
    }
  }

  /** Copies the values of `count` frames, whose offsets in the page's memory are in `at`, behind the first `row` rows. */
  gather(memory: PageMemory, at: Int32Array, count: number, row: number): void {
    this.gatherInto(this, memory, at, count, row)
  }
}

export type ColumnArray =
  | BigUint64Array
  | BigInt64Array
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

type Gather = (values: ColumnValues, memory: PageMemory, at: Int32Array, count: number, row: number) => void

/** One short loop for each size of value, so that each compiles to loads and stores of one kind. */
function gatherOf({ header, kind, size, offset }: Column): Gather {
  if (header === 'position') return gatherPositions
  if (header === 'cause') return gatherCauses
  if (header !== undefined && header !== 'time') return gatherHeader(header, size, offset)
  if (kind === 'ascii' || kind === 'text' || kind === 'bytes')
    return (values, memory, at, count, row) => gatherBytes(values, memory, at, count, row, offset, size)
  if (size === 8) return (values, memory, at, count, row) => gather64(values, memory, at, count, row, offset)
  if (size === 4) return (values, memory, at, count, row) => gather32(values, memory, at, count, row, offset)
  if (size === 2) return (values, memory, at, count, row) => gather16(values, memory, at, count, row, offset)
  return (values, memory, at, count, row) => gather8(values, memory, at, count, row, offset)
}

/** Values that only frames of two slots or more have: a frame of one slot has payload there. */
function gatherHeader(header: HeaderColumn, size: number, offset: number): Gather {
  return (values, memory, at, count, row) => {
    gatherPresence(values, memory, at, count, row, header === 'causeJournal')
    if (size === 4) gather32(values, memory, at, count, row, offset)
    else gather16(values, memory, at, count, row, offset)
    const cells = size === 4 ? values.u32 : values.u16
    for (let i = row; i < row + count; i++) if (values.valid?.[i] === 0) cells[i] = 0
  }
}

function gather64(
  v: ColumnValues,
  { u32 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  offset: number,
): void {
  const to = v.u32
  for (let i = 0; i < count; i++) {
    const from = (at[i] + offset) >> 2
    to[2 * (row + i)] = u32[from]
    to[2 * (row + i) + 1] = u32[from + 1]
  }
}

function gather32(
  v: ColumnValues,
  { u32 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  offset: number,
): void {
  const to = v.u32
  for (let i = 0; i < count; i++) to[row + i] = u32[(at[i] + offset) >> 2]
}

function gather16(
  v: ColumnValues,
  { u16 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  offset: number,
): void {
  const to = v.u16
  for (let i = 0; i < count; i++) to[row + i] = u16[(at[i] + offset) >> 1]
}

function gather8(
  v: ColumnValues,
  { u8 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  offset: number,
): void {
  const to = v.u8
  for (let i = 0; i < count; i++) to[row + i] = u8[at[i] + offset]
}

function gatherBytes(
  v: ColumnValues,
  { u8 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  offset: number,
  size: number,
): void {
  const to = v.u8
  for (let i = 0; i < count; i++) {
    const from = at[i] + offset
    const into = (row + i) * size
    for (let k = 0; k < size; k++) to[into + k] = u8[from + k]
  }
}

function gatherPositions(v: ColumnValues, memory: PageMemory, at: Int32Array, count: number, row: number): void {
  const { firstPosition } = memory
  const to = v.u32
  for (let i = 0; i < count; i++) {
    const position = firstPosition + ((at[i] - HEADER_SIZE) >> SHIFT)
    to[2 * (row + i)] = position
    to[2 * (row + i) + 1] = position / 2 ** 32
  }
}

/** The position in `cause`, without the journal's number, which is in its two high bytes. */
function gatherCauses(v: ColumnValues, memory: PageMemory, at: Int32Array, count: number, row: number): void {
  gatherPresence(v, memory, at, count, row, true)
  const { u32 } = memory
  const to = v.u32
  for (let i = 0; i < count; i++) {
    const from = (at[i] + Frame.CAUSE) >> 2
    const has = v.valid?.[row + i] === 1
    to[2 * (row + i)] = has ? u32[from] : 0
    to[2 * (row + i) + 1] = has ? u32[from + 1] & 0xffff : 0
  }
}

function gatherPresence(
  v: ColumnValues,
  { u8 }: PageMemory,
  at: Int32Array,
  count: number,
  row: number,
  ofCause: boolean,
): void {
  const valid = v.valid as Uint8Array
  for (let i = 0; i < count; i++) {
    const large = u8[at[i] + Frame.SLOTS] > 1
    valid[row + i] = large && (!ofCause || (u8[at[i] + Frame.FLAGS] & FrameFlag.HAS_CAUSE) !== 0) ? 1 : 0
  }
}
