import { MOST_GAPS } from './series-watch.js'

/** A time in which a file has nothing. */
export interface TimeGap {
  /** The line after the gap, counted from 1. */
  readonly line: number
  readonly ms: number
}

/** The receive times of a file: the first, the last, gaps, and steps back. */
export class TimeWatch {
  /** ns since 1970; undefined without a line that has a time. */
  first: bigint | undefined = undefined
  last: bigint | undefined = undefined
  /** The first gaps. */
  readonly gaps: TimeGap[] = []
  /** All of them. */
  count = 0
  longestMs = 0
  /** How often a line has an earlier time than the one before it. */
  backwards = 0

  /** @param gapMs what counts as a gap. */
  constructor(private readonly gapMs: number) {}

  /** @param ns since 1970, as digits. */
  see(ns: string, line: number): void {
    const time = BigInt(ns)
    const passed = this.last === undefined ? 0 : Number(time - this.last) / 1e6
    // The last line's time, and not the latest: the times of a clock that stepped are not sorted.
    this.last = time
    this.first ??= time
    if (passed < 0) this.backwards++
    if (passed > this.longestMs) this.longestMs = passed
    if (passed > this.gapMs) {
      this.count++
      if (this.gaps.length < MOST_GAPS) this.gaps.push({ line, ms: passed })
    }
  }
}
