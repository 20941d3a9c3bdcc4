import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DayClock } from '../../../dist/trading/risk/day-clock.js'
import { TestDesk } from '../../support/risk.ts'

const HOUR = 3600e9
const DAY = 24 * HOUR
const DATE = (text: string): number => Math.floor(Date.parse(`${text}T00:00:00Z`) / 86_400_000)

describe('the day of a calendar', () => {
  const dayAt = (timeZone: string, dayStart: string, time: string): number =>
    new DayClock(timeZone, dayStart, Date.parse(time)).dayAt(0)

  const cases: [zone: string, start: string, time: string, date: string][] = [
    ['UTC', '00:00', '2026-03-01T23:59:59.999Z', '2026-03-01'],
    ['UTC', '00:00', '2026-03-02T00:00:00Z', '2026-03-02'],
    ['America/New_York', '00:00', '2026-03-02T04:59:59Z', '2026-03-01'],
    ['America/New_York', '00:00', '2026-03-02T05:00:00Z', '2026-03-02'],
    ['America/New_York', '17:00', '2026-03-02T21:59:59Z', '2026-03-01'],
    ['America/New_York', '17:00', '2026-03-02T22:00:00Z', '2026-03-02'],
    // Summer time has begun on 8 March: an hour earlier in UTC.
    ['America/New_York', '17:00', '2026-03-09T20:59:59Z', '2026-03-08'],
    ['America/New_York', '17:00', '2026-03-09T21:00:00Z', '2026-03-09'],
    ['Asia/Kolkata', '00:00', '2026-03-01T18:29:59Z', '2026-03-01'],
    ['Asia/Kolkata', '00:00', '2026-03-01T18:30:00Z', '2026-03-02'],
    ['Pacific/Auckland', '00:00', '2026-03-01T11:00:00Z', '2026-03-02'],
  ]
  test.each(cases)('%s from %s on: %s is in the day of %s', (zone, start, time, date) => {
    expect(dayAt(zone, start, time)).toBe(DATE(date))
  })
  test('a day has 23, 24 or 25 hours where clocks are changed', () => {
    const clock = new DayClock('Europe/Berlin', '00:00', Date.parse('2026-03-28T12:00:00Z'))
    const first = (day: number): number => {
      for (let hour = -48; hour < 5700; hour++) if (clock.dayAt(hour * HOUR) === day) return hour
      return Number.NaN
    }
    const length = (date: string): number => first(DATE(date) + 1) - first(DATE(date))
    expect([length('2026-03-28'), length('2026-03-29'), length('2026-10-25')]).toEqual([24, 23, 25])
  })
  test('times that no calendar has do not throw', () => {
    const clock = new DayClock('UTC', '00:00', 0)
    for (const time of [1e300, -1e300, Number.MAX_SAFE_INTEGER]) expect(Number.isInteger(clock.dayAt(time))).toBe(true)
    expect(clock.dayAt(0)).toBe(0)
  })
})

/** A desk whose daily loss is 1; `lose` loses some of it. The time 0 is noon of a day. */
class Days {
  readonly desk = new TestDesk({ maxDailyLoss: 1 }, [], Date.parse('2026-03-10T12:00:00Z'))

  constructor() {
    this.desk.now = 0
    this.desk.quote(999, 1001)
  }

  /** Loses an amount at a time: a round trip of 1,000 steps at a worse price. */
  lose(amount: number, now: number): this {
    this.desk.now = now
    this.desk.trade(-1000, 1000)
    this.desk.trade(1000, 1000 + Math.round(amount * 10))
    return this
  }

  /** The time goes by without a gap. */
  pass(from: number, to: number): this {
    for (let now = from; now <= to; now += 0.1 * HOUR) this.desk.risk.advance(now)
    this.desk.now = to
    return this
  }

  /** What was lost today. */
  lostAt(now: number): number {
    this.desk.now = now
    this.desk.risk.advance(now)
    const { profit, dayBase, currency } = this.desk.risk.desk.desk.totalsIn(this.desk.risk.desk.currency('USDT'))
    return Number(dayBase.toBigInt() - profit.toBigInt()) / 10 ** currency.decimals
  }

  get reason(): string {
    return this.desk.reasonFor()
  }
}

describe("a day's loss", () => {
  test('ends with the day', () => {
    const days = new Days().lose(1, 0)
    expect(days.reason).toBe('none')
    days.lose(0.1, HOUR)
    expect(days.reason).toBe('daily-loss')
    days.pass(HOUR, 11.9 * HOUR)
    expect(days.reason).toBe('daily-loss')
    days.pass(12 * HOUR, 12.1 * HOUR)
    expect(days.reason).toBe('none')
    expect(days.lostAt(12.1 * HOUR)).toBe(0)
  })
  test('is not lost by a clock that jumps a year ahead and comes back', () => {
    const days = new Days().lose(0.8, 0).lose(0.1, 365 * DAY)
    expect(days.lostAt(365 * DAY)).toBeCloseTo(0.1)
    expect(days.lostAt(1)).toBeCloseTo(0.9)
    days.lose(0.3, 2)
    expect(days.reason).toBe('daily-loss')
  })
  test('is not merged with the day before by a clock that comes back into a later day', () => {
    const days = new Days().lose(0.8, 0).lose(0.3, 365 * DAY)
    expect(days.lostAt(DAY)).toBeCloseTo(0.3)
    expect(days.reason).toBe('none')
  })
  test('several jumps are undone one by one', () => {
    const days = new Days()
      .lose(0.2, 0)
      .lose(0.2, 10 * DAY)
      .lose(0.2, 20 * DAY)
    expect(days.lostAt(20 * DAY)).toBeCloseTo(0.2)
    expect(days.lostAt(10 * DAY + 1)).toBeCloseTo(0.4)
    expect(days.lostAt(2)).toBeCloseTo(0.6)
  })
  test('goes on when a clock is set back after midnight has passed by itself', () => {
    const days = new Days()
      .lose(0.8, 0)
      .pass(0, 12.1 * HOUR)
      .lose(0.3, 12.1 * HOUR)
    expect(days.lostAt(11 * HOUR)).toBeCloseTo(0.3)
    expect(days.lostAt(12.2 * HOUR)).toBeCloseTo(0.3)
  })
  test('a clock that was set back and passes a midnight begins a new day', () => {
    const days = new Days().pass(0, 12.1 * HOUR).lose(0.3, 12.1 * HOUR)
    days.pass(-5 * DAY, -4.5 * DAY + 1)
    expect(days.lostAt(-4.5 * DAY + 2)).toBe(0)
    days.lose(0.4, -4.4 * DAY)
    // The clock is right again: the same day as the one that it has just begun.
    expect(days.lostAt(12.1 * HOUR + DAY)).toBeCloseTo(0.4)
  })
  test('whatever a clock does, what is lost is in the loss of some day and of one only', () => {
    const steps = fc.array(
      fc.record({ hours: fc.integer({ min: -200, max: 200 }), amount: fc.integer({ min: 1, max: 5 }) }),
      { minLength: 1, maxLength: 30 },
    )
    fc.assert(
      fc.property(steps, list => {
        const days = new Days()
        let all = 0
        for (const { hours, amount } of list) {
          days.lose(amount / 10, hours * HOUR)
          all += amount
          const lost = Math.round(days.lostAt(hours * HOUR) * 10)
          // Today's part has at least the last one, and never more than was lost at all.
          expect(lost).toBeGreaterThanOrEqual(amount)
          expect(lost).toBeLessThanOrEqual(all)
        }
      }),
      { numRuns: 200 },
    )
  })
})
