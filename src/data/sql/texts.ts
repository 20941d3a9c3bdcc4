import { isUtf8 } from 'node:buffer'
import type { Vectors } from './duckdb.js'

/**
 * The texts of one vector. DuckDB has 16 bytes for each: its length in bytes, then the text itself when it has at most 12 bytes; the first 4
 * bytes and a pointer when it is longer. So short texts are written here, and a long one that repeats is stored once for each vector.
 */
export class Texts {
  private readonly cells: Uint32Array
  private readonly bytes: Uint8Array
  private vector: object = {}
  /** Counts vectors: the pointer of a known text is that of one of them. */
  private stamp = 0
  private readonly later: { row: number; bytes: Uint8Array }[] = []

  constructor(
    private readonly vectors: Vectors,
    rows: number,
  ) {
    this.cells = new Uint32Array(rows * CELL)
    this.bytes = new Uint8Array(this.cells.buffer)
  }

  begin(vector: object): void {
    this.vector = vector
    this.stamp++
    this.later.length = 0
  }

  /** Sets a row to a text that may occur in other rows too. */
  putKnown(row: number, text: KnownText): void {
    if (text.isLong && text.stamp !== this.stamp) {
      text.stamp = this.stamp
      this.vectors.vector_assign_string_element_len(this.vector, row, text.bytes)
      const stored = this.vectors.vector_get_data(this.vector, (row + 1) * CELL_BYTES)
      new Uint8Array(text.cell.buffer).set(stored.subarray(row * CELL_BYTES, (row + 1) * CELL_BYTES))
    }
    const { cells } = this
    const { cell } = text
    const at = row * CELL
    cells[at] = cell[0]
    cells[at + 1] = cell[1]
    cells[at + 2] = cell[2]
    cells[at + 3] = cell[3]
  }

  /** Sets a row to `length` bytes. */
  put(row: number, from: Uint8Array, start: number, length: number): void {
    this.cells.fill(0, row * CELL, (row + 1) * CELL)
    if (length > SHORT) {
      // Its pointer is set when the vector is complete.
      this.later.push({ row, bytes: from.subarray(start, start + length) })
      return
    }
    this.cells[row * CELL] = length
    const to = row * CELL_BYTES + 4
    for (let i = 0; i < length; i++) this.bytes[to + i] = from[start + i]
  }

  end(rows: number): void {
    this.vectors.copy_data_to_vector(this.vector, 0, this.cells.buffer, 0, rows * CELL_BYTES)
    for (const { row, bytes } of this.later) this.vectors.vector_assign_string_element_len(this.vector, row, bytes)
  }
}

/** Words, and bytes, of a text in a vector. */
const CELL = 4
const CELL_BYTES = 16
/** Bytes of the longest text that is in the cell itself. */
const SHORT = 12

/** A text that many rows have: a name of an enum, a symbol. */
export class KnownText {
  readonly bytes: Uint8Array
  readonly isLong: boolean
  readonly cell = new Uint32Array(CELL)
  stamp = 0

  constructor(text: string) {
    this.bytes = Buffer.from(text)
    this.isLong = this.bytes.length > SHORT
    this.cell[0] = this.bytes.length
    if (!this.isLong) new Uint8Array(this.cell.buffer).set(this.bytes, 4)
  }
}

/** The length of a NUL-padded text, in bytes; -1 when it is not text of its kind. */
export function textLength(bytes: Uint8Array, start: number, size: number, kind: 'ascii' | 'text'): number {
  let length = 0
  let any = 0
  for (; length < size; length++) {
    const byte = bytes[start + length]
    if (byte === 0) break
    any |= byte
  }
  if (any < 0x80) return length
  return kind === 'text' && isUtf8(bytes.subarray(start, start + length)) ? length : -1
}
