import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { excessOf, hasEnough, type LegAmounts } from '../../../dist/trading/pairs/balance.js'
import { closingTicks } from '../../../dist/trading/pairs/closing-price.js'

// Enough digits that no product of the test is rounded.
const Exact = Decimal.clone({ precision: 60 })

const amounts = (steps: number, filled: number, closed = 0): LegAmounts => ({ steps, filled, closed })
const quantities = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }))
const legs = quantities.chain(steps =>
  fc.record({ steps: fc.constant(steps), filled: fc.integer({ min: 0, max: steps }), closed: fc.constant(0) }),
)

test('the excess is what one leg has more than the ratio of the quantities says', () => {
  expect(excessOf(amounts(10, 10), amounts(10, 10)).leg).toBe(-1)
  expect(excessOf(amounts(10, 10), amounts(10, 4))).toEqual({ leg: 0, steps: 6, closable: 6 })
  expect(excessOf(amounts(10, 4), amounts(10, 10))).toEqual({ leg: 1, steps: 6, closable: 6 })
  // 3 to 1: two of the second match six of the first.
  expect(excessOf(amounts(30, 7), amounts(10, 2))).toEqual({ leg: 0, steps: 1, closable: 1 })
  // 5 of the first match 1.67 of the second: the third of the second is not a whole step too much.
  expect(excessOf(amounts(30, 5), amounts(10, 2)).leg).toBe(-1)
  expect(excessOf(amounts(10, 10, 6), amounts(10, 4)).leg).toBe(-1)
  // More was closed than the leg had: nothing of the other leg's excess is beyond what it holds.
  expect(excessOf(amounts(10, 4, 6), amounts(10, 1))).toEqual({ leg: 1, steps: 3, closable: 1 })
})

test('it is never more than what is unequal, and what it leaves is less than a step: against decimals', () => {
  fc.assert(
    fc.property(legs, legs, (first, second) => {
      const { leg, steps } = excessOf(first, second)
      const whole = new Exact(first.filled).mul(second.steps).minus(new Exact(second.filled).mul(first.steps))
      // What is unequal in steps of the first leg is `whole` divided by the steps of the second one, and the other way round.
      if (leg === -1) {
        expect(whole.lt(second.steps) && whole.neg().lt(first.steps)).toBe(true)
        return
      }
      const [more, other, unequal] = leg === 0 ? [first, second, whole] : [second, first, whole.neg()]
      expect(steps).toBeGreaterThan(0)
      expect(steps).toBeLessThanOrEqual(more.filled)
      const left = unequal.minus(new Exact(steps).mul(other.steps))
      expect(left.gte(0) && left.lt(other.steps)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('a leg has enough when its share is not below the share of the other', () => {
  fc.assert(
    fc.property(legs, legs, (first, second) => {
      const isEnough = new Exact(first.filled).mul(second.steps).gte(new Exact(second.filled).mul(first.steps))
      expect(hasEnough(first, second)).toBe(isEnough)
    }),
  )
})

test('a closing price is the last one within the band around average price and quote: against decimals', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1),
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.option(fc.integer({ min: 1, max: 20_000_000 }), { nil: Number.NaN }),
      fc.integer({ min: 0, max: 999_999_999 }),
      (side, paid, filled, quote, share) => {
        const slippage = share / 1e9
        const ticks = closingTicks(side, BigInt(paid), filled, quote, slippage)
        const average = new Exact(paid).div(filled)
        const worse =
          side === 0 ? new Exact(1).minus(new Exact(share).div(1e9)) : new Exact(1).plus(new Exact(share).div(1e9))
        const bounds = [average.mul(worse), ...(Number.isNaN(quote) ? [] : [new Exact(quote).mul(worse)])]
        // What was bought is sold, not below; what was sold is bought, not above. At most one tick from the narrower bound.
        const bound = side === 0 ? Exact.max(...bounds) : Exact.min(...bounds)
        const expected = side === 0 ? Math.max(1, bound.ceil().toNumber()) : bound.floor().toNumber()
        expect(ticks).toBe(expected)
      },
    ),
    { numRuns: 2000 },
  )
})
