/** The rests of a reader that spins, as `run` takes them: the same turns of the same loop. */

/** Looks in vain before it rests between looks. */
export const EAGER_LOOKS = 4
/** Turns of that rest. */
export const PAUSE_TURNS = 60
/** Turns of the rest between a look and the frames it found, when the two looks before found frames too. */
export const FLOW_TURNS = 1500

let sum = 0

export function rest(turns: number): void {
  for (let i = 0; i < turns; i++) sum = (sum + i) | 0
}
