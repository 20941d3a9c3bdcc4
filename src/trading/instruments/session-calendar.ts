import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** From when to when a market is open, 'HH:MM' each, by the clock of the calendar's time zone. */
export interface SessionTimes {
  readonly open: string
  /** '24:00' is midnight. A time that is not after `open` is on the next day. */
  readonly close: string
}

export interface WeeklySession extends SessionTimes {
  /** The days on which it opens. */
  readonly days: readonly Weekday[]
}

/** When a market is open. */
export interface CalendarSpec {
  /** An IANA time zone: 'America/New_York'. */
  readonly timeZone: string
  readonly sessions: readonly WeeklySession[]
  /** Dates on which no session opens: '2026-12-25'. */
  readonly holidays?: readonly string[]
  /** Dates with other sessions than their weekday has: `{ '2026-11-27': [{ open: '09:30', close: '13:00' }] }`. */
  readonly special?: Readonly<Record<string, readonly SessionTimes[]>>
}

/** ms since 1970, or minutes since midnight: from the first to before the second. */
type Span = readonly [from: number, to: number]

const MS_PER_MINUTE = 60_000
const MS_PER_DAY = 86_400_000
const MINUTES_PER_DAY = 1440
/** How many days ahead an opening is searched for. When there is none, the search is repeated later. */
const AHEAD_DAYS = 14

/** Whether a market is open, by the dates and clocks of a time zone: summer time, holidays and sessions over midnight included. */
export class SessionCalendar {
  private readonly format: Intl.DateTimeFormat
  private readonly byWeekday: readonly (readonly Span[])[]
  /** By the number of the day since 1970-01-01: instead of its weekday's. */
  private readonly byDate = new Map<number, readonly Span[]>()

  /** @param what names the calendar in messages. @throws {InvalidOptionError} */
  constructor(spec: CalendarSpec, what: string) {
    checkCalendar(spec, what)
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: spec.timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    this.byWeekday = WEEKDAYS.map(day => spec.sessions.filter(({ days }) => days.includes(day)).map(spanOf))
    for (const date of spec.holidays ?? []) this.byDate.set(dayOf(date), [])
    for (const [date, sessions] of Object.entries(spec.special ?? {}))
      this.byDate.set(dayOf(date), sessions.map(spanOf))
  }

  /** Whether it is open at a time, and until when that is so at least. ms since 1970. */
  at(ms: number): { readonly open: boolean; readonly until: number } {
    const today = Math.floor(this.local(ms) / MS_PER_DAY)
    // A session of yesterday may still be open.
    const spans = Array.from({ length: AHEAD_DAYS + 1 }, (_, n) => this.spansOn(today - 1 + n)).flat()
    for (const [from, to] of joined(spans)) {
      if (ms < from) return { open: false, until: from }
      if (ms < to) return { open: true, until: to }
    }
    return { open: false, until: ms + (AHEAD_DAYS - 2) * MS_PER_DAY }
  }

  private spansOn(day: number): Span[] {
    // 1970-01-01 was a Thursday.
    const weekday = (((day + 4) % 7) + 7) % 7
    const spans = this.byDate.get(day) ?? this.byWeekday[weekday]
    return spans.map(([from, to]) => [this.instant(day, from), this.instant(day, to)])
  }

  /**
   * When the zone's clock shows so many minutes after a midnight: of a time that it shows twice the first one; a time that it skips is as
   * long after the gap as it would be after the gap's beginning.
   */
  private instant(day: number, minutes: number): number {
    const wanted = day * MS_PER_DAY + minutes * MS_PER_MINUTE
    // The zone's offset before and after any change near that time.
    const [before, after] = [wanted - MS_PER_DAY, wanted + MS_PER_DAY].map(near => wanted - (this.local(near) - near))
    const shown = [before, after].filter(one => this.local(one) === wanted)
    return shown.length === 0 ? before : Math.min(...shown)
  }

  /** What the zone's clock shows, as if it were UTC. */
  private local(ms: number): number {
    const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
    for (const { type, value } of this.format.formatToParts(ms))
      if (type in parts) parts[type as keyof typeof parts] = Number(value)
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second)
  }
}

/** Sorted, and what touches or overlaps as one. */
function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = []
  for (const [from, to] of [...spans].sort(([a], [b]) => a - b)) {
    const last = all.at(-1)
    if (last !== undefined && from <= last[1]) all[all.length - 1] = [last[0], Math.max(last[1], to)]
    else if (from < to) all.push([from, to])
  }
  return all
}

function spanOf({ open, close }: SessionTimes): Span {
  const [from, to] = [minutesOf(open), minutesOf(close)]
  return [from, to > from ? to : to + MINUTES_PER_DAY]
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / MS_PER_DAY
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/

/** @throws {InvalidOptionError} */
function checkCalendar(spec: CalendarSpec, what: string): void {
  checkKeys(spec, ['timeZone', 'sessions', 'holidays', 'special'], what)
  const { timeZone, sessions, holidays = [], special = {} } = spec
  if (typeof timeZone !== 'string' || !isZone(timeZone))
    throw new InvalidOptionError(
      `'timeZone' of ${what} takes an IANA time zone, such as 'Europe/London', not ${formatValue(timeZone)}`,
    )
  if (!Array.isArray(sessions))
    throw new InvalidOptionError(
      `'sessions' of ${what} takes a list, such as [{ days: ['mon', 'tue'], open: '09:30', close: '16:00' }]`,
    )
  for (const session of sessions as readonly WeeklySession[]) {
    checkKeys(session, ['days', 'open', 'close'], `a session of ${what}`)
    checkTimes(session, what)
    const { days } = session
    const wrong = Array.isArray(days) ? days.find(day => !WEEKDAYS.includes(day)) : days
    if (!Array.isArray(days) || wrong !== undefined)
      throw new InvalidOptionError(
        `'days' of a session of ${what} takes a list of ${WEEKDAYS.join(', ')}, not ${formatValue(wrong)}`,
      )
  }
  for (const date of [...holidays, ...Object.keys(special)])
    if (typeof date !== 'string' || !isDate(date))
      throw new InvalidOptionError(`${what} has ${formatValue(date)}, which is no date; write 2026-12-25`)
  for (const times of Object.values(special).flat()) {
    checkKeys(times, ['open', 'close'], `a special session of ${what}`)
    checkTimes(times, what)
  }
}

function checkTimes({ open, close }: SessionTimes, what: string): void {
  for (const time of [open, close])
    if (typeof time !== 'string' || !(TIME.test(time) || (time === close && time === '24:00')))
      throw new InvalidOptionError(`a session of ${what} takes times of day, such as '09:30', not ${formatValue(time)}`)
}

function checkKeys(value: object, names: readonly string[], what: string): void {
  if (typeof value !== 'object' || value === null)
    throw new InvalidOptionError(`${what} takes an object, not ${formatValue(value)}`)
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue
    const near = nearestName(name, names)
    throw new InvalidOptionError(
      `${what} has no '${name}'; ${near === undefined ? `it has ${names.join(', ')}` : `did you mean '${near}'?`}`,
    )
  }
}

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function isDate(date: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(date) && new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) === date
}
