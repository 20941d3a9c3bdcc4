/** Tests the breaker's days with clocks that are wrong for a while: no day is lost, and none is added to another. */
import { readFileSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { CircuitBreaker } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { DAY, HOUR, TestClock } from '../../support/clock.ts'
import { opened, statePath } from '../../support/state.ts'

const YEAR = 365n * DAY
/** At noon. */
const NOON = 20_000n * DAY + 12n * HOUR

function breakerAt(wall: bigint): { clock: TestClock; breaker: CircuitBreaker; path: string } {
  const clock = new TestClock(wall)
  const path = statePath('breaker')
  return { clock, path, breaker: opened(CircuitBreaker.open(path, { maxDailyLoss: 1000 })) }
}

describe('a clock that was ahead for one call', () => {
  test.each([
    ['a year', YEAR],
    ['a day', DAY],
    ['until the year 2300', 300n * YEAR],
  ])('%s: the loss before counts with the loss after, and the next day begins at 0', (_, ahead) => {
    const { clock, breaker } = breakerAt(NOON)
    breaker.recordPnl(-900)
    clock.jump(ahead)
    breaker.recordPnl(0)
    clock.jump(-ahead)
    expect(breaker.dailyPnl).toBe(-900)
    expect(breaker.recordPnl(-600)).toBe(-1500)
    expect(breaker.status().halt).toMatchObject({ code: 'daily-loss', reason: 'a loss of 1500 today' })
    breaker.resume()
    for (let day = 1; day <= 3; day++) {
      clock.jump(DAY)
      expect(breaker.dailyPnl).toBe(0)
      expect(breaker.recordPnl(-600)).toBe(-600)
      expect(breaker.recordPnl(-300)).toBe(-900)
      expect(breaker.halted).toBe(false)
    }
  })

  test('a loss counted while it was ahead belongs to the current day only', () => {
    const { clock, breaker } = breakerAt(NOON)
    breaker.recordPnl(-500)
    clock.jump(YEAR)
    expect(breaker.recordPnl(-400)).toBe(-400)
    clock.jump(-YEAR)
    expect(breaker.dailyPnl).toBe(-900)
    expect(breaker.recordPnl(-101)).toBe(-1001)
    expect(breaker.halted).toBe(true)
    clock.pass(DAY)
    expect(breaker.recordPnl(-1)).toBe(-1)
    clock.jump(YEAR)
    expect(breaker.dailyPnl).toBe(0)
  })

  test('with a correct monotonic clock, as in a process with a faked wall clock', () => {
    const { clock, breaker } = breakerAt(NOON)
    breaker.recordPnl(-900)
    clock.pass(YEAR)
    breaker.recordPnl(0)
    clock.pass(-YEAR)
    expect(breaker.recordPnl(-600)).toBe(-1500)
    clock.pass(DAY)
    expect(breaker.recordPnl(-600)).toBe(-600)
  })

  test('before the first amount: later days are separate days', () => {
    const { clock, breaker } = breakerAt(NOON + YEAR)
    breaker.recordPnl(-100)
    clock.jump(-YEAR)
    expect(breaker.recordPnl(-100)).toBe(-200)
    clock.pass(DAY)
    expect(breaker.dailyPnl).toBe(0)
    expect(breaker.recordPnl(-300)).toBe(-300)
    clock.pass(DAY)
    expect(breaker.recordPnl(-400)).toBe(-400)
  })

  test('in another process, and halted there', async () => {
    const path = statePath('breaker')
    const clock = new TestClock(NOON)
    const breaker = opened(CircuitBreaker.open(path, { maxDailyLoss: 1000 }))
    breaker.recordPnl(-900)
    const child = startChild(
      `
      const { native } = await import(process.cwd() + '/dist/native/index.js')
      const { CircuitBreaker } = await import('ticktape/state')
      native.now = () => BigInt(args[1])
      say(CircuitBreaker.open(dir).recordPnl(-1)); process.exit()`,
      [path, NOON + YEAR],
    )
    expect(await child.hear()).toBe(-1)
    expect(breaker.recordPnl(-600)).toBe(-1501)
    expect(breaker.halted).toBe(true)
    clock.jump(DAY)
    expect(breaker.recordPnl(-600)).toBe(-600)
  })
})

describe('a clock that was set back', () => {
  test('over midnight: the day continues, also after the clock is corrected', () => {
    const { clock, breaker } = breakerAt(NOON)
    breaker.recordPnl(-900)
    clock.pass(DAY)
    expect(breaker.recordPnl(-500)).toBe(-500)
    clock.jump(-13n * HOUR)
    expect(breaker.dailyPnl).toBe(-500)
    expect(breaker.recordPnl(-100)).toBe(-600)
    clock.jump(13n * HOUR)
    expect(breaker.recordPnl(-401)).toBe(-1001)
    expect(breaker.halted).toBe(true)
  })

  test('by a year, and not corrected: the next midnight of that clock ends the day', () => {
    const { clock, breaker } = breakerAt(NOON)
    breaker.recordPnl(-500)
    clock.jump(-YEAR)
    expect(breaker.recordPnl(-100)).toBe(-600)
    clock.pass(DAY)
    expect(breaker.dailyPnl).toBe(0)
    expect(breaker.recordPnl(-7)).toBe(-7)
  })
})

test('of several processes, each with a clock that is wrong now and then, no amount is lost', async () => {
  const path = statePath('breaker')
  const CALLS = 3000
  const children = [1, 2, 3].map(seed =>
    startChild(
      `
      const { native } = await import(process.cwd() + '/dist/native/index.js')
      const { CircuitBreaker } = await import('ticktape/state')
      const breaker = CircuitBreaker.open(dir)
      const [noon, day] = [BigInt(args[1]), ${DAY}n]
      let state = Number(args[2])
      const random = limit => { state = (state * 48271) % 2147483647; return state % limit }
      say('ready'); await line()
      for (let i = 0; i < ${CALLS}; i++) {
        const wrong = random(20) === 0 ? BigInt(1 + random(400)) * day : 0n
        native.now = () => noon + wrong
        breaker.recordPnl(1)
      }
      breaker.close(); process.exit()`,
      [path, NOON, seed],
    ),
  )
  for (const child of children) expect(await child.hear()).toBe('ready')
  for (const child of children) child.tell()
  for (const child of children) expect(await child.end()).toMatchObject({ code: 0, stderr: '' })
  const clock = new TestClock(NOON)
  const breaker = opened(CircuitBreaker.open(path))
  expect(breaker.recordPnl(0)).toBe(3 * CALLS)
  clock.jump(DAY)
  expect(breaker.recordPnl(-7)).toBe(-7)
})

test('days that really pass are counted as days, also across a reboot', () => {
  const { clock, breaker, path } = breakerAt(NOON)
  for (let day = 0; day < 3; day++) {
    expect(breaker.recordPnl(-600)).toBe(-600)
    clock.pass(DAY)
  }
  breaker.recordPnl(-600)
  breaker.close()
  const bytes = readFileSync(path)
  bytes[128] ^= 0xff // The boot that it was last opened in.
  writeFileSync(path, bytes)
  clock.tick = 7n
  const again = opened(CircuitBreaker.open(path))
  expect(again.recordPnl(-1)).toBe(-601)
  clock.wall += DAY
  expect(again.recordPnl(-1)).toBe(-1)
})

test('an older file, with only a day and its sum, still works', () => {
  const { clock, breaker, path } = breakerAt(NOON)
  breaker.recordPnl(-900)
  breaker.close()
  const bytes = readFileSync(path)
  bytes.fill(0, 520, 560)
  writeFileSync(path, bytes)
  const again = opened(CircuitBreaker.open(path))
  expect(again.recordPnl(-50)).toBe(-950)
  clock.pass(DAY)
  expect(again.recordPnl(-50)).toBe(-50)
})

test('whatever a clock does for a while, no amount of the day is lost, and the next day begins at 0', () => {
  const call = fc.record({
    // By how many hours the clock is wrong at this call, mostly not at all.
    wrong: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 12, max: 24 * 1000 })),
    amount: fc.integer({ min: -1000, max: 1000 }),
  })
  fc.assert(
    fc.property(fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }), days => {
      const clock = new TestClock(NOON)
      const breaker = CircuitBreaker.open(statePath('breaker'))
      for (const calls of days) {
        let sum = 0
        // The clock is right at the day's first and last call.
        for (const { wrong, amount } of [{ wrong: 0, amount: 1 }, ...calls, { wrong: 0, amount: 1 }]) {
          clock.jump(BigInt(wrong) * HOUR)
          breaker.recordPnl(amount)
          clock.jump(BigInt(-wrong) * HOUR)
          sum += amount
        }
        expect(breaker.dailyPnl).toBe(sum)
        clock.pass(DAY)
        expect(breaker.dailyPnl).toBe(0)
      }
      breaker.close()
    }),
    { numRuns: 100, seed: 8 },
  )
})
