/** How fast events follow each other: as fast as they can be written, as they happened, or so many times that. */
export type Speed = 'max' | 'realtime' | number

/** The longest gap between events that is waited for, in ms of the feed's time, where nobody says otherwise. */
export const LONGEST_GAP_MS = 60_000

/** A long stretch without events, or times that go back. */
export interface Gap {
  /** From the event before to the one after, in ms of the feed's time; below 0 when time goes back. */
  readonly gapMs: number
  /** How long it is waited for, in ms. */
  readonly waitMs: number
}

/** When each event is due. The first is due at once. */
export class Pace {
  /** An event's time, and when it was due. */
  private begin: { readonly wallMs: number; readonly timeMs: number } | undefined = undefined
  private lastMs = Number.NaN
  private readonly factor: number

  /**
   * @param maxGapMs a longer gap between two events is cut to this, in ms of the feed's time. Infinity waits for all.
   * @param onGap told of each gap that is cut, and of each wait of more than a minute, before it is waited for.
   */
  constructor(
    speed: Speed,
    private readonly maxGapMs = LONGEST_GAP_MS,
    private readonly onGap: (gap: Gap) => void = () => {},
  ) {
    this.factor = speed === 'max' ? Number.POSITIVE_INFINITY : speed === 'realtime' ? 1 : speed
  }

  /** ms from now until the next event, of this time, is due; 0 or less when it is. Ask once for each event. */
  dueIn(timeMs: number): number {
    if (this.factor === Number.POSITIVE_INFINITY) return 0
    const wallMs = performance.now()
    this.begin ??= { wallMs, timeMs }
    const gapMs = timeMs - this.lastMs
    this.lastMs = timeMs
    const dueIn = this.begin.wallMs + (timeMs - this.begin.timeMs) / this.factor - wallMs
    const longest = this.maxGapMs / this.factor
    if (dueIn > longest) return this.cut(gapMs, longest, wallMs, timeMs)
    // A clock was set back: what follows is not late, its times begin anew.
    if (gapMs < -this.maxGapMs) return this.cut(gapMs, 0, wallMs, timeMs)
    if (dueIn > LONGEST_GAP_MS) this.onGap({ gapMs, waitMs: dueIn })
    return dueIn
  }

  private cut(gapMs: number, waitMs: number, wallMs: number, timeMs: number): number {
    this.begin = { wallMs: wallMs + waitMs, timeMs }
    this.onGap({ gapMs, waitMs })
    return waitMs
  }
}
