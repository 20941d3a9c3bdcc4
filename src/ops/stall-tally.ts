import type { FrameView } from '../frames/view.js'
import type { Stall } from '../runtime/stalls/frames.js'
import type { StallSample } from './types.js'

/** Adds up the pauses that one journal has on record. */
export class StallTally {
  private readonly kinds = { gc: NONE, loop: NONE }

  add({ kind, began, lasted }: FrameView<typeof Stall>): void {
    const { count, totalNs, longestNs } = this.kinds[kind]
    const ns = Number(lasted)
    this.kinds[kind] = {
      count: count + 1,
      totalNs: totalNs + ns,
      longestNs: Math.max(longestNs, ns),
      lastBegan: began,
    }
  }

  get sample(): { readonly gc: StallSample; readonly loop: StallSample } {
    return { ...this.kinds }
  }
}

const NONE: StallSample = { count: 0, totalNs: 0, longestNs: 0, lastBegan: undefined }
