/** Positions and limits of the breaker in decimal steps, compared with a decimal library. */

import { readFileSync, writeFileSync } from 'node:fs'
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { CircuitBreaker } from 'ticktape/state'
import { expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { opened, statePath } from '../../support/state.ts'

function breakerOf(maxPosition: number): CircuitBreaker {
  return opened(CircuitBreaker.open(statePath('breaker'), { maxPosition, markets: 4 }))
}

test('0.1 and 0.1 and 0.1 are within a limit of 0.3', () => {
  const breaker = breakerOf(0.3)
  breaker.recordFill(1, 0.1)
  breaker.recordFill(1, 0.1)
  expect([breaker.check(1, 0.1), breaker.check(1, 0.2), breaker.check(1, -0.5), breaker.check(1, -0.6)]).toEqual([
    null,
    'position-limit',
    null,
    'position-limit',
  ])
})

test('0.1 and 0.2 bought and 0.3 sold leave nothing', () => {
  const breaker = breakerOf(1)
  expect([breaker.recordFill(1, 0.1), breaker.recordFill(1, 0.2), breaker.recordFill(1, -0.3)]).toEqual([0.1, 0.3, 0])
  for (let i = 0; i < 1000; i++) breaker.recordFill(2, 0.001)
  expect([breaker.position(2), breaker.check(2, 0.001), breaker.check(2, -2.001)]).toEqual([
    1,
    'position-limit',
    'position-limit',
  ])
  expect(breaker.check(2, -2)).toBeNull()
})

test('the limit of a single market is exact as well, and in older files as exact as possible', () => {
  const path = statePath('breaker')
  const breaker = opened(CircuitBreaker.open(path, { markets: 4 }))
  for (const limit of [0.9, 0.3, 1e-9, 0, 7, 2 ** 53, 1e300]) {
    breaker.setMarketLimit(1, limit)
    expect([breaker.check(1, limit), breaker.check(1, -limit)], String(limit)).toEqual([null, null])
    expect(breaker.check(1, limit * 1.1 + 1e-9), String(limit)).toBe('position-limit')
  }
  breaker.setMarketLimit(1, Number.POSITIVE_INFINITY)
  expect(breaker.check(1, Number.MAX_VALUE)).toBeNull()
  // Before, 0.9 was stored as 1.9, and 1.9 less 1 is less than 0.9.
  const bytes = readFileSync(path)
  bytes.writeDoubleLE(1.9, 4096 + 16 + 8)
  writeFileSync(path, bytes)
  expect([breaker.check(1, 0.9), breaker.check(1, 0.91)]).toEqual([null, 'position-limit'])
})

test('a sum that a number cannot hold exactly is refused with a named error, and nothing is changed', () => {
  const breaker = breakerOf(1e12)
  breaker.recordFill(1, 1e12)
  expect(failureOf(() => breaker.recordFill(1, 1e-9))).toMatchObject({
    code: 'ERR_FIELD_VALUE',
    message: expect.stringMatching(/market 1.*1000000000000.*15 digits.*1e-9/),
  })
  expect(breaker.position(1)).toBe(1e12)
  expect([breaker.check(1, 1e-9), breaker.check(1, -1e-9), breaker.check(1, -1)]).toEqual([
    'position-limit',
    null,
    null,
  ])
  breaker.setPosition(2, 2 ** 53 - 1)
  expect(failureOf(() => breaker.recordFill(2, 1)).code).toBe('ERR_FIELD_VALUE')
  expect(breaker.recordFill(2, -1)).toBe(2 ** 53 - 2)
})

test('digits after the 15th, from a calculation in doubles, are ignored', () => {
  const breaker = breakerOf(1000)
  expect([breaker.recordFill(1, 0.1 + 0.2), breaker.recordFill(1, -0.3)]).toEqual([0.3, 0])
  expect([breaker.recordFill(2, 0.3), breaker.recordFill(2, -0.1 - 0.2), breaker.recordFill(2, 1e-300)]).toEqual([
    0.3, 0, 1e-300,
  ])
  breaker.setPosition(1, 0.1 + 0.7)
  expect([breaker.position(1), breaker.recordFill(1, 1000 / 61800.2)]).toEqual([0.8, 0.816181177407193])
  expect(breaker.check(1, 999.9)).toBe('position-limit')
})

test('the rounding error in an older file is removed by the next fill', () => {
  const path = statePath('breaker')
  const breaker = opened(CircuitBreaker.open(path, { maxPosition: 0.3 }))
  const bytes = readFileSync(path)
  bytes.writeDoubleLE(0.1 + 0.2, 4096 + 16)
  writeFileSync(path, bytes)
  expect([breaker.check(1, 0), breaker.check(1, -0.3), breaker.recordFill(1, -0.3)]).toEqual([null, null, 0])
})

test('whatever the steps, sums and checks agree with a decimal library', () => {
  const step = fc.integer({ min: 0, max: 8 })
  const units = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -(10 ** 6), max: 10 ** 6 }))
  fc.assert(
    fc.property(
      step,
      fc.integer({ min: 0, max: 10 ** 6 }),
      fc.array(fc.tuple(units, units), { maxLength: 40 }),
      (decimals, most, fills) => {
        const number = (count: number): number => new Decimal(count).div(new Decimal(10).pow(decimals)).toNumber()
        const limit = number(most)
        const breaker = breakerOf(limit)
        breaker.setMarketLimit(2, limit)
        let position = new Decimal(0)
        for (const [fill, wanted] of fills) {
          position = position.plus(number(fill))
          for (const market of [1, 2]) expect(breaker.recordFill(market, number(fill))).toBe(position.toNumber())
          const after = position.plus(number(wanted))
          const smaller = after.abs().lt(position.abs()) && !after.times(position).isNegative()
          const verdict =
            after.abs().lte(limit) || smaller || (after.isZero() && !position.isZero()) ? null : 'position-limit'
          for (const market of [1, 2]) expect(breaker.check(market, number(wanted))).toBe(verdict)
        }
        breaker.close()
      },
    ),
    { numRuns: 200, seed: 9 },
  )
})
