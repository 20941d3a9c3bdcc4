import * as fc from 'fast-check'
import { type CalendarSpec, Gateway, replayGateway } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { TradingSessions } from '../../../dist/trading/desk/sessions.js'
import { Instruments } from '../../../dist/trading/instruments/instruments.js'
import { SessionCalendar } from '../../../dist/trading/instruments/session-calendar.js'
import { feedOf, moduleOf, newHome, ordersOf, playToEnd, QUICK, quote, reportsOf } from '../../support/desks.ts'
import { failureOf, rejectionOf } from '../../support/failures.ts'

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri'] as const
const ALL = ['sun', ...WEEK, 'sat'] as const

const NEW_YORK: CalendarSpec = {
  timeZone: 'America/New_York',
  sessions: [{ days: WEEK, open: '09:30', close: '16:00' }],
  holidays: ['2026-12-25'],
  special: { '2026-11-27': [{ open: '09:30', close: '13:00' }] },
}

const at = (calendar: SessionCalendar, time: string): string => {
  const { open, until } = calendar.at(Date.parse(time))
  return `${open ? 'open' : 'closed'} until ${new Date(until).toISOString().replace(':00.000Z', 'Z')}`
}

describe('the sessions of a market', () => {
  test('are by the clock of its zone, in winter and in summer', () => {
    const calendar = new SessionCalendar(NEW_YORK, 'it')
    expect(at(calendar, '2026-01-14T14:29:59Z')).toBe('closed until 2026-01-14T14:30Z')
    expect(at(calendar, '2026-01-14T14:30:00Z')).toBe('open until 2026-01-14T21:00Z')
    expect(at(calendar, '2026-07-14T13:30:00Z')).toBe('open until 2026-07-14T20:00Z')
    // From Friday evening to Monday morning, over the change to summer time.
    expect(at(calendar, '2026-03-06T21:00:00Z')).toBe('closed until 2026-03-09T13:30Z')
  })

  test('holidays have none, and special dates have their own', () => {
    const calendar = new SessionCalendar(NEW_YORK, 'it')
    expect(at(calendar, '2026-11-27T15:00:00Z')).toBe('open until 2026-11-27T18:00Z')
    expect(at(calendar, '2026-12-24T22:00:00Z')).toBe('closed until 2026-12-28T14:30Z')
  })

  test('over midnight, and around the clock but for an hour', () => {
    const futures = new SessionCalendar(
      {
        timeZone: 'America/Chicago',
        sessions: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], open: '17:00', close: '16:00' }],
      },
      'it',
    )
    expect(at(futures, '2026-01-14T21:59:00Z')).toBe('open until 2026-01-14T22:00Z')
    expect(at(futures, '2026-01-14T22:00:00Z')).toBe('closed until 2026-01-14T23:00Z')
    expect(at(futures, '2026-01-16T22:00:00Z')).toBe('closed until 2026-01-18T23:00Z')
    // Two that touch at midnight are one.
    const whole = new SessionCalendar(
      { timeZone: 'UTC', sessions: [{ days: ['mon', 'tue'], open: '00:00', close: '24:00' }] },
      'it',
    )
    expect(at(whole, '2026-01-12T10:00:00Z')).toBe('open until 2026-01-14T00:00Z')
  })

  test('in the hour that a zone skips, and in the one that it has twice', () => {
    const night = (open: string, close: string): SessionCalendar =>
      new SessionCalendar({ timeZone: 'Europe/Berlin', sessions: [{ days: ALL, open, close }] }, 'it')
    // 02:30 is not on 2026-03-29: the clock goes from 02:00 to 03:00.
    expect(at(night('02:30', '04:00'), '2026-03-29T01:29:00Z')).toBe('closed until 2026-03-29T01:30Z')
    // 02:30 is twice on 2026-10-25: the first one counts.
    expect(at(night('02:30', '04:00'), '2026-10-25T00:29:00Z')).toBe('closed until 2026-10-25T00:30Z')
    expect(at(night('02:30', '04:00'), '2026-10-25T00:30:00Z')).toBe('open until 2026-10-25T03:00Z')
  })

  test('until is when it changes: minute by minute, in any zone', { timeout: 30_000 }, () => {
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia')
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
    const session = fc.record({ days: fc.subarray([...ALL], { minLength: 1 }), open: time, close: time })
    const moment = fc.integer({ min: Date.UTC(2025, 0, 1) / 60_000, max: Date.UTC(2027, 0, 1) / 60_000 })
    fc.assert(
      fc.property(zone, fc.array(session, { minLength: 1, maxLength: 3 }), moment, (timeZone, sessions, minute) => {
        const calendar = new SessionCalendar({ timeZone, sessions }, 'it')
        const { open, until } = calendar.at(minute * 60_000)
        expect(until).toBeGreaterThan(minute * 60_000)
        // The same up to there, and other than that afterwards.
        for (const one of [minute * 60_000, (minute * 60_000 + until) / 2, until - 1])
          expect(calendar.at(Math.floor(one)).open).toBe(open)
        const isEdge = until < (minute + 12 * 1440) * 60_000
        if (isEdge) expect(calendar.at(until).open).toBe(!open)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    [{ ...NEW_YORK, timeZone: 'America/NewYork' }, /takes an IANA time zone/],
    [{ ...NEW_YORK, holiday: [] }, /has no 'holiday'; did you mean 'holidays'\?/],
    [{ ...NEW_YORK, holidays: ['2026-02-30'] }, /"2026-02-30", which is no date|'2026-02-30', which is no date/],
    [{ timeZone: 'UTC', sessions: [{ days: ['monday'], open: '09:00', close: '10:00' }] }, /takes a list of sun, mon/],
    [{ timeZone: 'UTC', sessions: [{ days: ['mon'], open: '9:00', close: '10:00' }] }, /takes times of day/],
  ])('%j is refused', (spec, message) => {
    expect(failureOf(() => new SessionCalendar(spec as CalendarSpec, "the calendar 'x'"))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    })
  })
})

const SPEC = {
  venue: 'sim',
  symbol: 'ACME',
  kind: 'spot',
  base: 'ACME',
  quote: 'USD',
  priceTick: '0.01',
  quantityStep: '1',
  calendar: 'exchange',
} as const

test('a market opens and closes when its time has come, and only then', () => {
  const origin = Date.parse('2026-01-14T00:00:00Z')
  const instruments = new Instruments()
  const said: string[] = []
  const risk = {
    setTradable: ({ symbol }: { readonly symbol: string }, tradable: boolean) =>
      said.push(`${symbol} ${tradable ? 'open' : 'closed'}`),
  }
  const sessions = new TradingSessions(instruments, risk as never, origin)
  const nsOf = (time: string): number => (Date.parse(`2026-01-14T${time}Z`) - origin) * 1e6
  sessions.set({ exchange: NEW_YORK }, nsOf('08:00'))
  expect([said, sessions.nextAt]).toEqual([[], Number.POSITIVE_INFINITY])
  sessions.add(instruments.add(SPEC), nsOf('09:00'))
  sessions.add(instruments.add({ ...SPEC, symbol: 'ALWAYS', calendar: undefined }), nsOf('09:00'))
  expect([said, sessions.nextAt]).toEqual([['ACME closed'], nsOf('14:30')])
  for (const time of ['10:00', '14:29', '14:30', '15:00', '21:00', '22:00']) sessions.advance(nsOf(time))
  expect(said).toEqual(['ACME closed', 'ACME open', 'ACME closed'])
  expect(sessions.nextAt).toBe(nsOf('14:30') + 86_400e9)
})

test('orders in a market that is closed are denied, those in others pass; replay knows the same calendars', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategy = moduleOf(`
    export default defineStrategy({ id: 'a', onBook({ symbol, ask }, context) {
      context.order({ symbol, side: 'buy', quantity: 1, price: ask - 1, clientOrderId: symbol })
    } })`)
  const closed: CalendarSpec = { timeZone: 'UTC', sessions: [] }
  const open: CalendarSpec = { timeZone: 'UTC', sessions: [{ days: ALL, open: '00:00', close: '24:00' }] }
  for (const [n, exchange] of [closed, open].entries()) {
    const events = [quote('ACME', 10, 11), quote('BTCUSDT', 100, 101)]
    await playToEnd({
      home,
      strategies: [strategy],
      feed: feedOf(events, `feed ${n}`),
      instruments: [SPEC],
      calendars: { exchange },
    })
  }
  expect(ordersOf(home)).toHaveLength(4)
  expect(reportsOf(home).map(({ symbol, state, reason }) => `${symbol} ${state} ${reason}`)).toEqual([
    'ACME denied not-tradable',
    'BTCUSDT accepted none',
    'ACME accepted none',
    'BTCUSDT accepted none',
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })

  const start = (calendars: Readonly<Record<string, CalendarSpec>> | undefined): Promise<unknown> =>
    rejectionOf(
      Gateway.start({ ...QUICK, home: newHome(), strategies: [], feed: feedOf([]), instruments: [SPEC], calendars }),
    )
  expect(await start(undefined)).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/has the calendar .exchange./) as string,
  })
  expect(await start({ exchanges: open })).toMatchObject({
    message: expect.stringContaining("did you mean 'exchanges'?") as string,
  })
})
