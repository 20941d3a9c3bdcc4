const NS_PER_MS = 1e6
const MS_PER_MINUTE = 60_000
const MS_PER_DAY = 86_400_000
/** A week before the last moment that a Date can hold. */
const LAST = 8.64e15 - 7 * MS_PER_DAY

/** Which trading day it is in a time zone, by the calendar of that zone: days with 23 and 25 hours included. */
export class DayClock {
  /** Made when it is needed: the first one of a process takes some 20 ms. */
  private format: Intl.DateTimeFormat | undefined = undefined
  private readonly startMinutes: number
  /** The present day, and the times between which it is, in ms since 1970. */
  private day = 0
  private from = Number.POSITIVE_INFINITY
  private to = Number.NEGATIVE_INFINITY

  static hasZone(timeZone: string): boolean {
    try {
      return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone !== ''
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }

  /**
   * @param origin ms since 1970 of the time 0.
   * @param dayStart when a day begins, 'HH:MM'. A day that begins in the afternoon or evening is named by the date on
   * which it begins.
   */
  constructor(
    private readonly timeZone: string,
    dayStart: string,
    private readonly origin: number,
  ) {
    const [hours, minutes] = dayStart.split(':').map(Number)
    this.startMinutes = hours * 60 + minutes
  }

  /** The number of the trading day at a time (ns since the origin), counted from 1970-01-01. */
  dayAt(now: number): number {
    const ms = Math.max(-LAST, Math.min(LAST, this.origin + now / NS_PER_MS))
    if (ms >= this.from && ms < this.to) return this.day
    return this.findDay(ms)
  }

  private findDay(ms: number): number {
    if (this.timeZone === 'UTC') return this.findDayInUtc(ms)
    const minute = Math.floor(ms / MS_PER_MINUTE) * MS_PER_MINUTE
    const day = this.dayOf(minute)
    this.day = day
    this.from = this.edge(minute, -1)
    this.to = this.edge(minute, 1)
    return day
  }

  /** Every day of UTC has 24 hours. */
  private findDayInUtc(ms: number): number {
    const start = this.startMinutes * MS_PER_MINUTE
    this.day = Math.floor((ms - start) / MS_PER_DAY)
    this.from = this.day * MS_PER_DAY + start
    this.to = this.from + MS_PER_DAY
    return this.day
  }

  /** The first minute of the day, or of the next one, by halving: the zone's clock may jump in between. */
  private edge(minute: number, direction: 1 | -1): number {
    const day = this.dayOf(minute)
    let inside = minute
    let outside = minute + direction * 2 * MS_PER_DAY
    while (Math.abs(outside - inside) > MS_PER_MINUTE) {
      const middle = Math.round((inside + outside) / 2 / MS_PER_MINUTE) * MS_PER_MINUTE
      if (this.dayOf(middle) === day) inside = middle
      else outside = middle
    }
    return direction === 1 ? outside : inside
  }

  private dayOf(ms: number): number {
    const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0 }
    this.format ??= new Intl.DateTimeFormat('en-US', {
      timeZone: this.timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    for (const { type, value } of this.format.formatToParts(ms))
      if (type in parts) parts[type as keyof typeof parts] = Number(value)
    const date = Math.round(Date.UTC(parts.year, parts.month - 1, parts.day) / MS_PER_DAY)
    return parts.hour * 60 + parts.minute >= this.startMinutes ? date : date - 1
  }
}
