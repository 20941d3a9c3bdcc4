/**
 * Loads and stores 64 bits of mapped memory at once, without allocating.
 *
 * `Atomics` on 64-bit arrays takes and returns bigints, which are allocated. A plain store of one element of a
 * BigUint64Array that was loaded from another is compiled to one 64-bit load and one 64-bit store without a bigint, and
 * a store of 8 aligned bytes is indivisible on every processor this library runs on. So a value is first built in a
 * scratch array, 32 bits at a time, and then stored in one piece. bench/state.ts compares both ways; see
 * docs/decisions/0013.
 */
export const scratch64 = new BigUint64Array(1)
/** Low word first. */
export const scratch32 = new Uint32Array(scratch64.buffer)
const scratchSigned = new BigInt64Array(scratch64.buffer)
const scratchFloat = new Float64Array(scratch64.buffer)

const HIGH = 2 ** 32

/** Stores a safe integer as i64. */
export function storeInteger(words: BigUint64Array, index: number, value: number): void {
  scratch32[0] = value
  scratch32[1] = Math.floor(value / HIGH)
  words[index] = scratch64[0]
}

/** Loads an i64 as a number; exact for safe integers. */
export function loadInteger(words: BigUint64Array, index: number): number {
  scratch64[0] = words[index]
  return (scratch32[1] | 0) * HIGH + scratch32[0]
}

/**
 * Replaces an i64 by the result of `change`. Several processes may do so at the same time; no change is lost. Returns
 * the new value. Allocates bigints.
 */
export function updateInteger(words: BigInt64Array, index: number, change: (value: bigint) => bigint): bigint {
  for (;;) {
    const seen = Atomics.load(words, index)
    const wanted = BigInt.asIntN(64, change(seen))
    if (Atomics.compareExchange(words, index, seen, wanted) === seen) return wanted
  }
}

/**
 * Adds to an f64. Several processes may do so at the same time; no change is lost. Returns the new value. Allocates
 * bigints.
 */
export function addFloat(words: BigInt64Array, index: number, amount: number): number {
  return updateFloat(words, index, value => value + amount)
}

/** As `updateInteger`, for an f64. */
export function updateFloat(words: BigInt64Array, index: number, change: (value: number) => number): number {
  for (;;) {
    const seen = Atomics.load(words, index)
    scratchSigned[0] = seen
    const wanted = change(scratchFloat[0])
    scratchFloat[0] = wanted
    if (Atomics.compareExchange(words, index, seen, scratchSigned[0]) === seen) return wanted
  }
}
