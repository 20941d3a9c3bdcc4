import type { DayClock } from './day-clock.js'

/** A day that began without a gap of more than this in the times, in ns, began because time had passed. */
const GAP = 600e9
/** Days that a clock may have jumped over and can come back to. */
const MOST_EARLIER = 8

/** What follows the days: `Totals` keep what profit was when a day began. */
export interface DayFollower {
  /** A new day begins. `keep`: the clock may come back to the day that ends. */
  beginDay(keep: boolean): void
  /** The clock came back: the day at this level of the kept ones, from 0, goes on. Later ones were not real. */
  returnToDay(level: number): void
}

/** The state of `TradingDays` as plain data; null where there is no value, because JSON has no NaN. */
export interface DaysData {
  readonly day: number | null
  readonly shown: number | null
  readonly lastTime: number | null
  readonly earlier: readonly number[]
}

/**
 * The trading day by a clock that may be wrong: one that jumps into the future and back neither loses nor merges days.
 *
 * - A day that begins without a gap in the times began because time had passed. A clock that goes back afterwards is
 *   wrong, and the day goes on.
 * - A day that begins after a jump may be an error. When the clock comes back, what was counted since the jump belongs
 *   to the day that the clock shows then.
 * - A clock that was set back and now shows one day more has passed a midnight: a new day begins.
 */
export class TradingDays {
  private day = Number.NaN
  /** The day that a clock shows that was set back; NaN when it is right. */
  private shown = Number.NaN
  private lastTime = Number.NEGATIVE_INFINITY
  private earlier: number[] = []

  constructor(
    private readonly clock: DayClock,
    private readonly followers: Iterable<DayFollower>,
  ) {}

  /** The number of the day, from 1970-01-01; NaN before the first time. */
  get current(): number {
    return this.day
  }

  /** Says the time, ns since the origin. */
  advance(now: number): void {
    const shown = this.clock.dayAt(now)
    const isContinuous = now >= this.lastTime && now - this.lastTime <= GAP
    this.lastTime = now
    if (shown === this.day) this.shown = Number.NaN
    else if (Number.isNaN(this.day)) this.day = shown
    else if (shown > this.day) this.begin(shown, !isContinuous)
    else if (this.earlier.length > 0) this.goBack(shown)
    else this.lagBehind(shown)
  }

  save(): DaysData {
    return {
      day: finite(this.day),
      shown: finite(this.shown),
      lastTime: finite(this.lastTime),
      earlier: [...this.earlier],
    }
  }

  load(data: DaysData): void {
    this.day = data.day ?? Number.NaN
    this.shown = data.shown ?? Number.NaN
    this.lastTime = data.lastTime ?? Number.NEGATIVE_INFINITY
    this.earlier = [...data.earlier]
  }

  private begin(day: number, keep: boolean): void {
    if (!keep) this.earlier.length = 0
    else if (this.earlier.length < MOST_EARLIER) this.earlier.push(this.day)
    else this.earlier[MOST_EARLIER - 1] = this.day
    this.day = day
    this.shown = Number.NaN
    for (const follower of this.followers) follower.beginDay(keep)
  }

  private goBack(shown: number): void {
    const { earlier } = this
    let level = earlier.length
    while (level > 0 && earlier[level - 1] >= shown) level--
    // The day itself if it is among the kept ones; else one between two of them, with all that was counted since the jump.
    const isKept = earlier[level] === shown
    this.day = isKept || level > 0 ? shown : earlier[0]
    this.shown = this.day === shown ? Number.NaN : shown
    earlier.length = level
    for (const follower of this.followers) follower.returnToDay(level)
  }

  private lagBehind(shown: number): void {
    if (shown > this.shown) {
      const { day } = this
      this.begin(day + 1, false)
      if (shown === day + 1) return
    }
    this.shown = shown
  }
}

/** What profit was when days began: one number for the present day, and one for each day that the clock can come back to. */
export const MOST_KEPT_DAYS = MOST_EARLIER

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
