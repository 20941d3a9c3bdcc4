import { compressed, type StreamReader, type StreamWriter } from './streams.js'

/**
 * Whole numbers below 2^52 in size, as bytes that compress well: each less the smallest one, or less the one before, without the factor that
 * all have; then all lowest bytes, all second bytes, and so on.
 */
export interface PackedInts {
  /** 'plain' or 'delta'. */
  readonly m: 'p' | 'd'
  /** What was subtracted from each; of deltas the first number. */
  readonly b: number
  /** The common factor. */
  readonly g: number
  /** Bytes of each number. */
  readonly w: number
  /** Bytes of the compressed stream. */
  readonly n: number
}

export const MOST = 2 ** 52

export function packInts(values: Float64Array, streams: StreamWriter): PackedInts {
  const best = bestPacking(values)
  return { ...best.packed, n: streams.add(best.bytes) }
}

/** The size that a packing would have, and the packing. */
export function bestPacking(values: Float64Array): { packed: Omit<PackedInts, 'n'>; bytes: Buffer } {
  const plain = packedAs('p', values)
  const delta = packedAs('d', values)
  return plain.bytes.length <= delta.bytes.length ? plain : delta
}

export function unpackInts({ m, b, g, w, n }: PackedInts, rows: number, streams: StreamReader): Float64Array {
  const planes = streams.next(n, rows * w)
  const values = new Float64Array(rows)
  let scale = 1
  for (let plane = 0; plane < w; plane++, scale *= 256) {
    const from = plane * rows
    for (let i = 0; i < rows; i++) values[i] += planes[from + i] * scale
  }
  if (m === 'p') {
    for (let i = 0; i < rows; i++) values[i] = values[i] * g + b
    return values
  }
  let last = b
  for (let i = 0; i < rows; i++) {
    const zigzag = values[i]
    const half = Math.floor(zigzag / 2)
    last += (zigzag - 2 * half === 0 ? half : -half - 1) * g
    values[i] = last
  }
  return values
}

function packedAs(m: 'p' | 'd', values: Float64Array): { packed: Omit<PackedInts, 'n'>; bytes: Buffer } {
  const rows = values.length
  let b = values[0] ?? 0
  if (m === 'p') for (let i = 0; i < rows; i++) if (values[i] < b) b = values[i]
  const numbers = new Float64Array(rows)
  let last = b
  let g = 0
  for (let i = 0; i < rows; i++) {
    const number = values[i] - last
    if (m === 'd') last = values[i]
    numbers[i] = number
    if (g !== 1 && number !== 0) g = divisor(g, Math.abs(number))
  }
  if (g === 0) g = 1
  let most = 0
  for (let i = 0; i < rows; i++) {
    const number = numbers[i] / g
    const packed = m === 'p' ? number : number >= 0 ? 2 * number : -2 * number - 1
    numbers[i] = packed
    if (packed > most) most = packed
  }
  let w = 0
  for (let limit = 1; limit <= most; limit *= 256) w++
  const planes = new Uint8Array(rows * w)
  for (let i = 0; i < rows; i++) {
    let number = numbers[i]
    for (let plane = 0; plane < w; plane++) {
      const rest = Math.floor(number / 256)
      planes[plane * rows + i] = number - rest * 256
      number = rest
    }
  }
  return { packed: { m, b, g, w }, bytes: compressed(planes) }
}

function divisor(a: number, b: number): number {
  while (b !== 0) {
    const rest = a % b
    a = b
    b = rest
  }
  return a
}
