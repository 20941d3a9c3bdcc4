import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Grid } from '../../../dist/trading/exact/grid.js'
import { failureOf } from '../../support/failures.ts'

const STEPS = ['1', '25', '0.1', '0.05', '0.25', '0.001', '2.5', '0.00000001', '0.000000000001']

describe('a grid', () => {
  test.each(STEPS)('of %s finds every multiple that a decimal library makes, and gives it back', step => {
    const grid = new Grid(step)
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), units => {
        const value = new Decimal(step).times(units).toNumber()
        expect(grid.unitsOf(value)).toBe(units)
        expect(grid.valueOf(units)).toBe(value)
      }),
    )
  })

  test.each(STEPS)('of %s refuses what lies between two multiples', step => {
    const grid = new Grid(step)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 30 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (units, part) => {
          expect(grid.unitsOf(new Decimal(step).times(new Decimal(units).plus(part)).toNumber())).toBeNaN()
        },
      ),
    )
  })

  test('takes the result of a short calculation for the multiple that it is meant to be', () => {
    const grid = new Grid('0.1')
    expect(grid.unitsOf(0.1 + 0.2)).toBe(3)
    expect(grid.unitsOf(0.7 + 0.1)).toBe(8)
    expect(grid.unitsOf(0.3 - 0.1)).toBe(2)
    expect(grid.unitsOf(0.300000001)).toBeNaN()
  })

  test('has no place for NaN, the infinities and what is too large; -0 is 0', () => {
    const grid = new Grid('0.1')
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300])
      expect(grid.unitsOf(value)).toBeNaN()
    expect(Object.is(grid.unitsOf(-0), 0)).toBe(true)
  })

  test.each(['', '0', '0.0', '-1', '1e-3', ' 1', '.5', '1.', 'x', '1234567890123456'])('of "%s" is refused', step => {
    expect(failureOf(() => new Grid(step))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })
})
