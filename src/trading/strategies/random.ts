/**
 * Random numbers from a seed: Marsaglia's xorshift32 ("Xorshift RNGs", 2003). The same seed gives the same numbers on every
 * machine, so a replay draws what was drawn live.
 */
export class SeededRandom {
  private state: number

  /** @param seed 0 to 2^32 - 1. */
  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) >>> 0 || 1
  }

  /** From 0 (included) to 1 (not included). */
  next(): number {
    let { state } = this
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.state = state >>> 0
    return this.state / 2 ** 32
  }
}
