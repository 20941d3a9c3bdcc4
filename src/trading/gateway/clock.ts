import type { Desk } from '../desk/desk.js'
import type { Sequence } from '../sequence/sequence.js'

/** Records the time, and carries out what is due at it. */
export function enterClock(sequence: Sequence, desk: Desk): void {
  const now = sequence.time.now()
  const position = sequence.beginClock(now)
  desk.tick(now)
  desk.advance(position)
  sequence.end()
  desk.send()
}
