import { Frame, SLOT_SHIFT } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { ArchiveError } from '../../journal/errors.js'
import { native } from '../../native/index.js'
import { keyOffsetOf, layoutOf, type PackedColumn } from './layout.js'
import { compressed, StreamReader, StreamWriter } from './streams.js'
import { type Decimals, type PackedWords, packFloats, packIntegers, unpackWords, type Words } from './words.js'

/** A run of frames of one page, packed. */
export interface PackedBlock {
  readonly frames: number
  /** The first words (type, slots, flags) that occur. For each frame the index of its own, a byte or two. */
  readonly heads: readonly number[]
  readonly order: number
  readonly times: PackedWords
  /** The checksums: all 0, all right, or stored. */
  readonly crc: 'none' | 'right' | PackedWords
  /** For each of `heads` its columns, in the order of the layout; a number is the compressed size of bytes, and 0 means that all are 0. */
  readonly columns: readonly (readonly (PackedWords | number)[])[]
}

/** Packs frames. @param bytes of all of them; `position` is that of the first. */
export function packBlock(
  bytes: Uint8Array,
  position: number,
  schema: Schema,
): { block: PackedBlock; streams: Buffer } {
  const streams = new StreamWriter()
  const at = frameOffsets(bytes)
  const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const heads: number[] = []
  const indexes = new Map<number, number>()
  const order = new Uint16Array(at.length)
  const groups: number[][] = []
  for (let i = 0; i < at.length; i++) {
    const head = u32[at[i] >> 2]
    let index = indexes.get(head)
    if (index === undefined) {
      index = heads.push(head) - 1
      indexes.set(head, index)
      groups.push([])
    }
    order[i] = index
    groups[index].push(at[i])
  }
  const times = packIntegers(wordsAt(bytes, at, Frame.TIME, 8), 8, streams)
  const crc = packCrc(bytes, at, position, streams)
  const orderSize = streams.add(compressed(orderBytes(order, heads.length)))
  const columns = heads.map((head, i) => {
    const definition = schema.get(head & 0xffff)
    const key = keyOffsetOf(definition)
    const sorted = sortedByKey(bytes, groups[i], key)
    const before: (Decimals | undefined)[] = []
    return layoutOf(definition, (head >>> 16) & 0xff).map(column =>
      packColumn(bytes, column.offset === key ? groups[i] : sorted, column, before, streams),
    )
  })
  return { block: { frames: at.length, heads, order: orderSize, times, crc, columns }, streams: streams.bytes }
}

/** The inverse: writes the frames into `bytes`, which has their size. */
export function unpackBlock(
  block: PackedBlock,
  packed: Uint8Array,
  bytes: Uint8Array,
  position: number,
  schema: Schema,
): void {
  const streams = new StreamReader(packed)
  const { frames, heads } = block
  const times = unpackWords(block.times, frames, undefined, streams)
  const crcs = typeof block.crc === 'string' ? undefined : unpackWords(block.crc, frames, undefined, streams)
  const wide = heads.length > 256 ? 2 : 1
  const order = streams.next(block.order, frames * wide)
  const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const groups: number[][] = heads.map(() => [])
  const all = new Int32Array(frames)
  let at = 0
  for (let i = 0; i < frames; i++) {
    const index = wide === 1 ? order[i] : order[2 * i] | (order[2 * i + 1] << 8)
    const head = heads[index]
    const size = ((head >>> 16) & 0xff) << SLOT_SHIFT
    if (head === undefined || size === 0 || at + size > bytes.length)
      throw new ArchiveError('the frames of a block are not as many as its description says')
    all[i] = at
    groups[index].push(at)
    u32[at >> 2] = head
    u32[(at >> 2) + 1] = crcs?.low[i] ?? 0
    u32[(at >> 2) + 2] = times.low[i]
    u32[(at >> 2) + 3] = times.high[i]
    at += size
  }
  if (at !== bytes.length) throw new ArchiveError('the frames of a block are not as long as its description says')
  for (const [i, head] of heads.entries()) {
    const definition = schema.get(head & 0xffff)
    const before: (Decimals | undefined)[] = []
    const layout = layoutOf(definition, (head >>> 16) & 0xff)
    const key = keyOffsetOf(definition)
    let rows: ArrayLike<number> = Int32Array.from(groups[i])
    for (const [k, column] of layout.entries()) {
      // The number of the instrument is in the order of the frames: it says the order of the others.
      unpackColumn(bytes, column.offset === key ? groups[i] : rows, column, block.columns[i][k], before, streams)
      if (column.offset === key) rows = sortedByKey(bytes, groups[i], key)
    }
  }
  if (block.crc === 'right') for (let i = 0; i < frames; i++) u32[(all[i] >> 2) + 1] = crcOf(bytes, all[i], position)
}

function packColumn(
  bytes: Uint8Array,
  frames: ArrayLike<number>,
  column: PackedColumn,
  before: (Decimals | undefined)[],
  streams: StreamWriter,
): PackedWords | number {
  const { kind, offset, size } = column
  if (kind === 'bytes') {
    const rows = bytesAt(bytes, frames, offset, size)
    return rows.every(byte => byte === 0) ? 0 : streams.add(compressed(rows))
  }
  const words = wordsAt(bytes, frames, offset, size)
  return kind === 'float' ? packFloats(words, before, streams) : packIntegers(words, size, streams)
}

function unpackColumn(
  bytes: Uint8Array,
  frames: ArrayLike<number>,
  { kind, offset, size }: PackedColumn,
  packed: PackedWords | number,
  before: (Decimals | undefined)[],
  streams: StreamReader,
): void {
  if (typeof packed === 'number') {
    if (packed === 0) return
    const rows = streams.next(packed, frames.length * size)
    for (let i = 0; i < frames.length; i++) bytes.set(rows.subarray(i * size, (i + 1) * size), frames[i] + offset)
    return
  }
  const { low, high } = unpackWords(packed, frames.length, kind === 'float' ? before : undefined, streams)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let i = 0; i < frames.length; i++) {
    const at = frames[i] + offset
    if (size === 1) bytes[at] = low[i]
    else if (size === 2) view.setUint16(at, low[i], true)
    else view.setUint32(at, low[i], true)
    if (size === 8) view.setUint32(at + 4, high[i], true)
  }
}

function frameOffsets(bytes: Uint8Array): Int32Array {
  const at: number[] = []
  for (let offset = 0; offset < bytes.length; ) {
    at.push(offset)
    const slots = bytes[offset + Frame.SLOTS]
    offset += slots << SLOT_SHIFT
    if (slots === 0 || offset > bytes.length)
      throw new ArchiveError("a page has a damaged frame, and is not archived: run 'ticktape verify' on its journal")
  }
  return Int32Array.from(at)
}

/** Frames of one instrument after another, each in the order of the journal: prices of one instrument are like each other. */
function sortedByKey(bytes: Uint8Array, frames: readonly number[], key: number | undefined): Int32Array {
  const sorted = Int32Array.from(frames)
  if (key === undefined) return sorted
  const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  return sorted.sort((a, b) => u32[(a + key) >> 2] - u32[(b + key) >> 2] || a - b)
}

function wordsAt(bytes: Uint8Array, frames: ArrayLike<number>, offset: number, size: number): Words {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const low = new Uint32Array(frames.length)
  const high = new Uint32Array(size === 8 ? frames.length : 0)
  for (let i = 0; i < frames.length; i++) {
    const at = frames[i] + offset
    low[i] = size === 1 ? bytes[at] : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true)
    if (size === 8) high[i] = view.getUint32(at + 4, true)
  }
  return { low, high }
}

function bytesAt(bytes: Uint8Array, frames: ArrayLike<number>, offset: number, size: number): Uint8Array {
  const rows = new Uint8Array(frames.length * size)
  for (let i = 0; i < frames.length; i++)
    rows.set(bytes.subarray(frames[i] + offset, frames[i] + offset + size), i * size)
  return rows
}

function orderBytes(order: Uint16Array, heads: number): Uint8Array {
  return heads > 256 ? new Uint8Array(order.buffer) : Uint8Array.from(order)
}

function packCrc(bytes: Uint8Array, frames: Int32Array, position: number, streams: StreamWriter): PackedBlock['crc'] {
  const { low, high } = wordsAt(bytes, frames, Frame.CRC, 4)
  if (low.every(crc => crc === 0)) return 'none'
  if (frames.every((at, i) => crcOf(bytes, at, position) === low[i])) return 'right'
  return packIntegers({ low, high }, 4, streams)
}

/** A frame's CRC by docs/format.md: over its position, then its bytes without the CRC itself. */
function crcOf(bytes: Uint8Array, at: number, position: number): number {
  const size = bytes[at + Frame.SLOTS] << SLOT_SHIFT
  if (scratch.length < size + 4) scratch = new Uint8Array(size + 4)
  new DataView(scratch.buffer).setBigUint64(0, BigInt(position + (at >> SLOT_SHIFT)), true)
  scratch.set(bytes.subarray(at, at + 4), 8)
  scratch.set(bytes.subarray(at + 8, at + size), 12)
  return native.crc32c(scratch.subarray(0, size + 4), 0) || 1
}

let scratch = new Uint8Array(0)
