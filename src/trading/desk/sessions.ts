import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import { type CalendarSpec, SessionCalendar } from '../instruments/session-calendar.js'
import type { Risk } from '../risk/risk.js'

export interface SessionsData {
  /** ns; null for never. */
  readonly nextAt: number | null
}

/**
 * Opens and closes markets by the calendars of their instruments. It does so only for frames (a configuration, a new instrument, a
 * clock reading), so replay does the same. An instrument without a calendar is always open.
 */
export class TradingSessions {
  /** When a market opens or closes next, ns since the home's origin; Infinity when none has a calendar. */
  nextAt = Number.POSITIVE_INFINITY
  private calendars: ReadonlyMap<string, SessionCalendar> = new Map()

  /** @param origin ms since 1970 of the time 0. */
  constructor(
    private readonly instruments: Instruments,
    private readonly risk: Risk,
    private readonly origin: number,
  ) {}

  /** Puts calendars into effect. @throws {InvalidOptionError} */
  set(calendars: Readonly<Record<string, CalendarSpec>> | undefined, now: number): void {
    this.setCalendars(calendars)
    this.applyAll(now)
  }

  save(): SessionsData {
    return { nextAt: Number.isFinite(this.nextAt) ? this.nextAt : null }
  }

  /** Restores what `save` returned. Risk knows which markets are open. @param calendars those in effect. */
  load(calendars: Readonly<Record<string, CalendarSpec>> | undefined, { nextAt }: SessionsData): void {
    this.setCalendars(calendars)
    this.nextAt = nextAt ?? Number.POSITIVE_INFINITY
  }

  /** A new instrument. */
  add(instrument: Instrument, now: number): void {
    this.apply(instrument, now)
  }

  /** Opens and closes what is due. */
  advance(now: number): void {
    if (this.nextAt <= now) this.applyAll(now)
  }

  private setCalendars(calendars: Readonly<Record<string, CalendarSpec>> = {}): void {
    this.calendars = new Map(
      Object.entries(calendars).map(([name, spec]) => [name, new SessionCalendar(spec, `the calendar '${name}'`)]),
    )
  }

  private applyAll(now: number): void {
    this.nextAt = Number.POSITIVE_INFINITY
    for (const instrument of this.instruments.all) this.apply(instrument, now)
  }

  private apply(instrument: Instrument, now: number): void {
    const { calendar: name } = instrument.spec
    const calendar = name === undefined ? undefined : this.calendars.get(name)
    if (calendar === undefined) return
    // Rounded to a whole ms: a time that is due must not be some ns too early.
    const { open, until } = calendar.at(Math.round(this.origin + now / 1e6))
    this.risk.setTradable(instrument, open)
    this.nextAt = Math.min(this.nextAt, Math.ceil((until - this.origin) * 1e6))
  }
}
