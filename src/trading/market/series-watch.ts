import type { Series } from './dialects/dialect.js'

/** Numbers that a file does not have although the venue has sent them. */
export interface SeriesGap {
  /** The line after the gap, counted from 1. */
  readonly line: number
  readonly symbol: string
  /** 'trade ids', 'depth'. */
  readonly series: string
  /** How many numbers are missing; of depth, update numbers, several of which may be one message. */
  readonly missing: number
}

/** Gaps that are listed; all others are counted. */
export const MOST_GAPS = 100
/** Series that are followed: a file's content must not fill the memory. */
const MOST_SERIES = 10_000

/** Follows the numbers that venues give their messages, and finds what is missing. */
export class SeriesWatch {
  /** The first gaps. */
  readonly gaps: SeriesGap[] = []
  /** All of them. */
  count = 0
  /** Messages whose numbers had come before: repeated ones, or of a second connection. */
  repeated = 0
  private readonly last = new Map<string, number>()

  /** The number of series that the file has. */
  get size(): number {
    return this.last.size
  }

  /** @param key unique to the dialect, market and symbol. */
  see(key: string, symbol: string, { name, previous, last }: Series, line: number): void {
    const id = `${key} ${name}`
    const before = this.last.get(id)
    if (before === undefined || previous === undefined) {
      if (before !== undefined || this.last.size < MOST_SERIES) this.last.set(id, last)
      return
    }
    if (previous < before) this.repeated++
    if (previous > before) this.add({ line, symbol, series: name, missing: previous - before })
    if (last > before) this.last.set(id, last)
  }

  private add(gap: SeriesGap): void {
    this.count++
    if (this.gaps.length < MOST_GAPS) this.gaps.push(gap)
  }
}
