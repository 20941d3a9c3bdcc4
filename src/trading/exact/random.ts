/**
 * Random numbers from a seed, by Marsaglia's xorshift32: short code, the same numbers on every machine. Its state is one
 * whole number, so it can be saved.
 *
 * Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003), with the shifts 13, 17 and 5.
 */
export class Random {
  /** 1 to 2^32 - 1. */
  state: number

  /** @param seed 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) >>> 0 || 1
  }

  /** The next number: at least 0 and below 1. */
  next(): number {
    let state = this.state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.state = state >>> 0
    return this.state / 2 ** 32
  }
}
