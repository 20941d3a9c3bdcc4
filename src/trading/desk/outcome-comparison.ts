import type { FrameRecorder } from '../../frames/frame-recorder.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { isSameFrame } from '../sequence/same-frame.js'

/** An outcome in the sequence that is not the one that the desk decides. */
export interface OutcomeDifference {
  /** Of the frame in the sequence. */
  readonly position: number
  readonly found: string
  /** What the desk decides there; undefined for nothing. */
  readonly expected: string | undefined
}

/** Compares the outcomes in a sequence with those that a desk decides, up to the first difference. */
export class OutcomeComparison {
  /** Outcomes that are the same. */
  compared = 0
  difference: OutcomeDifference | undefined = undefined

  /** @param outcomes where the desk's outcomes go. */
  constructor(private readonly outcomes: FrameRecorder) {}

  compare(frame: FrameView): void {
    if (this.difference !== undefined) return
    const expected = this.outcomes.peek()
    if (expected !== undefined && isSameFrame(pointerOf(frame) as FramePointer, expected)) {
      this.compared++
      this.outcomes.shift()
      return
    }
    this.difference = {
      position: frame.position,
      found: JSON.stringify(frame),
      expected: expected === undefined ? undefined : this.outcomes.textOfFirst(),
    }
  }

  /** Forgets outcomes that belong to no position. */
  discard(): void {
    while (!this.outcomes.isEmpty) this.outcomes.shift()
  }
}
