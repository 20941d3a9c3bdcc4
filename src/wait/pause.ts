/** The pauses of a spinning reader. */

/** Checks without a frame before a reader pauses between checks: each check takes the cursor's cache line away from the writer. */
export const EAGER_CHECKS = 4
/** Iterations of an empty loop between two checks after that: some 50 ns. */
const PAUSE_ITERATIONS = 60
/** Iterations to let the writer advance: some 1.2 µs. */
const ADVANCE_ITERATIONS = 1500

/** Pauses between two checks. */
export function pause(): void {
  emptyLoop(PAUSE_ITERATIONS)
}

/**
 * Pauses between finding frames and reading them, while the writer continues to write. A reader directly behind its writer takes the cursor's
 * cache line away from it again and again, and also the lines of the next frames, which the reader's processor prefetches. The writer waits
 * for each. A few lines behind, both run at full speed. See docs/decisions/0017-behind-the-writer.md.
 */
export function letWriterAdvance(): void {
  emptyLoop(ADVANCE_ITERATIONS)
}

/** The sum is kept so that the loop is not optimised away. */
let sum = 0
function emptyLoop(iterations: number): void {
  for (let i = 0; i < iterations; i++) sum = (sum + i) | 0
}
