/** Turns of an empty loop: some 1.2 µs. */
const FLOW_TURNS = 1500

/**
 * The rest of a reader that has found frames while the writer goes on writing, before it reads them. A reader that is always right behind
 * has the cursor's line, and the lines of the next frames that its processor fetches ahead, taken from the writer again and again, and the
 * writer waits for each. Some lines behind, both run at their own speed. See docs/decisions/0017-behind-the-writer.md.
 */
export function rest(): void {
  emptyTurns(FLOW_TURNS)
}

/** The sum is kept so that the loop is not optimised away. */
let sum = 0
export function emptyTurns(turns: number): void {
  for (let i = 0; i < turns; i++) sum = (sum + i) | 0
}
