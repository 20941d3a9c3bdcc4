import { bestPacking, MOST, type PackedInts, packInts, unpackInts } from './ints.js'
import type { StreamReader, StreamWriter } from './streams.js'

/** A column of numbers as 32-bit words: `high` is only used where they have 64 bits. */
export interface Words {
  readonly low: Uint32Array
  readonly high: Uint32Array
}

/** How a column of 64-bit floats, or of integers, is packed. */
export type PackedWords =
  /** Integers, of 64 bits less the first one, whose words are `f`. */
  | { readonly k: 'i'; readonly f?: readonly [number, number]; readonly v: PackedInts }
  /**
   * Floats that are decimals: whole numbers divided by 10^s. With `o`, less those of an earlier column. Rows in `x` are none: NaN, the
   * infinities, -0 and what has more digits; their words are stored.
   */
  | {
      readonly k: 'd'
      readonly s: number
      readonly o?: number
      readonly v: PackedInts
      readonly x: readonly (readonly [number, number, number])[]
    }
  /** Any bits: the low words, then the high ones. */
  | { readonly k: 'r'; readonly l: PackedInts; readonly h: PackedInts }

/** The whole numbers of a column of decimals, for columns after it that have similar ones: bid and ask. */
export interface Decimals {
  readonly scale: number
  readonly values: Float64Array
}

const MOST_DECIMALS = 12
/** With more rows that are no decimals the column is stored as bits. */
const MOST_EXCEPTIONS = 64

export function packIntegers({ low, high }: Words, size: number, streams: StreamWriter): PackedWords {
  const rows = low.length
  const values = new Float64Array(rows)
  if (size < 8) {
    for (let i = 0; i < rows; i++) values[i] = low[i]
    return { k: 'i', v: packInts(values, streams) }
  }
  const [firstLow, firstHigh] = [low[0], high[0]]
  for (let i = 0; i < rows; i++) {
    const value = (high[i] - firstHigh) * 2 ** 32 + (low[i] - firstLow)
    if (Math.abs(value) >= MOST / 2) return packBits({ low, high }, streams)
    values[i] = value
  }
  return { k: 'i', f: [firstLow, firstHigh], v: packInts(values, streams) }
}

/** @param before the decimals of earlier columns; those of this one are added. */
export function packFloats(words: Words, before: (Decimals | undefined)[], streams: StreamWriter): PackedWords {
  const decimals = decimalsOf(words)
  before.push(decimals && { scale: decimals.scale, values: decimals.values })
  if (decimals === undefined) return packBits(words, streams)
  const { scale, values, exceptions } = decimals
  let best = bestPacking(values)
  let other: number | undefined
  for (const [i, one] of before.slice(0, -1).entries()) {
    if (one === undefined || one.scale !== scale) continue
    const difference = bestPacking(values.map((value, row) => value - one.values[row]))
    if (difference.bytes.length >= best.bytes.length) continue
    best = difference
    other = i
  }
  const v = { ...best.packed, n: streams.add(best.bytes) }
  return { k: 'd', s: scale, ...(other === undefined ? {} : { o: other }), v, x: exceptions }
}

export function unpackWords(
  packed: PackedWords,
  rows: number,
  before: (Decimals | undefined)[] | undefined,
  streams: StreamReader,
): Words {
  const low = new Uint32Array(rows)
  const high = new Uint32Array(rows)
  switch (packed.k) {
    case 'r': {
      low.set(unpackInts(packed.l, rows, streams))
      high.set(unpackInts(packed.h, rows, streams))
      before?.push(undefined)
      break
    }
    case 'i': {
      const values = unpackInts(packed.v, rows, streams)
      const [firstLow, firstHigh] = packed.f ?? [0, 0]
      for (let i = 0; i < rows; i++) {
        const over = Math.floor(values[i] / 2 ** 32)
        const sum = firstLow + (values[i] - over * 2 ** 32)
        low[i] = sum
        high[i] = firstHigh + over + (sum >= 2 ** 32 ? 1 : 0)
      }
      break
    }
    case 'd': {
      const values = unpackInts(packed.v, rows, streams)
      const other = packed.o === undefined ? undefined : before?.[packed.o]
      if (other !== undefined) for (let i = 0; i < rows; i++) values[i] += other.values[i]
      before?.push({ scale: packed.s, values })
      const divisor = 10 ** packed.s
      const floats = new Float64Array(rows)
      const words = new Uint32Array(floats.buffer)
      for (let i = 0; i < rows; i++) {
        floats[i] = values[i] / divisor
        low[i] = words[2 * i]
        high[i] = words[2 * i + 1]
      }
      for (const [row, lowWord, highWord] of packed.x) {
        low[row] = lowWord
        high[row] = highWord
      }
    }
  }
  return { low, high }
}

function packBits({ low, high }: Words, streams: StreamWriter): PackedWords {
  const l = packInts(Float64Array.from(low), streams)
  return { k: 'r', l, h: packInts(Float64Array.from(high), streams) }
}

/** The column as whole numbers divided by a power of ten, in such a way that the division gives back the same bits. */
function decimalsOf({ low, high }: Words): (Decimals & { exceptions: [number, number, number][] }) | undefined {
  const rows = low.length
  const words = new Uint32Array(2 * rows)
  for (let i = 0; i < rows; i++) {
    words[2 * i] = low[i]
    words[2 * i + 1] = high[i]
  }
  const floats = new Float64Array(words.buffer)
  let scale = 0
  for (let i = 0; i < rows; i++) {
    const wanted = scaleOf(floats[i], scale)
    if (wanted > scale && wanted <= MOST_DECIMALS) scale = wanted
  }
  const factor = 10 ** scale
  const values = new Float64Array(rows)
  const exceptions: [number, number, number][] = []
  for (let i = 0; i < rows; i++) {
    const value = Math.round(floats[i] * factor)
    if (Math.abs(value) < MOST / 4 && Object.is(value / factor, floats[i]) && !Object.is(value, -0)) {
      values[i] = value
      continue
    }
    if (exceptions.length >= MOST_EXCEPTIONS) return undefined
    exceptions.push([i, low[i], high[i]])
    values[i] = i === 0 ? 0 : values[i - 1]
  }
  return { scale, values, exceptions }
}

/** The fewest decimals, from `from` on, that a number has; more than there may be when it is none. */
function scaleOf(value: number, from: number): number {
  for (let scale = from; scale <= MOST_DECIMALS; scale++) {
    const whole = Math.round(value * 10 ** scale)
    if (whole / 10 ** scale === value) return scale
  }
  return MOST_DECIMALS + 1
}
