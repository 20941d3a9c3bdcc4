/** The rests of a reader that spins. */

/** Looks in vain before it rests between looks: each look takes the cursor's line away from the writer. */
export const EAGER_LOOKS = 4
/** Turns of an empty loop between two looks after that: some 50 ns. */
const PAUSE_TURNS = 60
/** The same behind a writer in full flow: some 1.2 µs. */
const FLOW_TURNS = 1500

/** Between two looks. */
export function pause(): void {
  emptyTurns(PAUSE_TURNS)
}

/**
 * Between finding frames and reading them, while the writer goes on writing. A reader that is always right behind has the cursor's line,
 * and the lines of the next frames that its processor fetches ahead, taken from the writer again and again, and the writer waits for each.
 * Some lines behind, both run at their own speed. See docs/decisions/0017-behind-the-writer.md.
 */
export function letWriterAdvance(): void {
  emptyTurns(FLOW_TURNS)
}

/** The sum is kept so that the loop is not optimised away. */
let sum = 0
function emptyTurns(turns: number): void {
  for (let i = 0; i < turns; i++) sum = (sum + i) | 0
}
