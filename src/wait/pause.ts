/** The pauses of a spinning reader. */

/** Checks without a frame before a reader pauses between checks: each check takes the cursor's cache line away from the writer. */
export const EAGER_CHECKS = 4
/** Iterations of an empty loop between two checks after that: some 50 ns. */
const PAUSE_ITERATIONS = 60
/** The same with the processor's pause instruction, which takes some 25 ns with its call. */
const PAUSE_INSTRUCTIONS = 2
/** Iterations to let the writer advance: some 1.2 µs. */
const ADVANCE_ITERATIONS = 1500
const ADVANCE_INSTRUCTIONS = 48

/** The processor's pause instruction, in Node 24 and later. Undefined before. How it was measured: docs/decisions/0017-behind-the-writer.md. */
const pauseInstruction = (Atomics as { readonly pause?: () => void }).pause

/** Pauses between two checks. */
export function pause(): void {
  if (pauseInstruction === undefined) emptyLoop(PAUSE_ITERATIONS)
  else for (let i = 0; i < PAUSE_INSTRUCTIONS; i++) pauseInstruction()
}

/**
 * Pauses between finding frames and reading them, while the writer continues to write. A reader directly behind its writer takes the cursor's
 * cache line away from it again and again, and also the lines of the next frames, which the reader's processor prefetches. The writer waits
 * for each. A few lines behind, both run at full speed. See docs/decisions/0017-behind-the-writer.md.
 */
export function letWriterAdvance(): void {
  if (pauseInstruction === undefined) emptyLoop(ADVANCE_ITERATIONS)
  else for (let i = 0; i < ADVANCE_INSTRUCTIONS; i++) pauseInstruction()
}

/** The sum is kept so that the loop is not optimised away. */
let sum = 0
function emptyLoop(iterations: number): void {
  for (let i = 0; i < iterations; i++) sum = (sum + i) | 0
}
