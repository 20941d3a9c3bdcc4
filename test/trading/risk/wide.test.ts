import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isProductLarger, nearestQuotient, Wide } from '../../../dist/trading/exact/wide.js'

const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(2 ** 53 - 1, 1 - 2 ** 53, 0),
)
const RUNS = { numRuns: 3000 }

test('sums of products are exact up to 2^103, and parts have one form', () => {
  const steps = fc.array(fc.tuple(whole, fc.integer({ min: -(2 ** 48), max: 2 ** 48 }), fc.boolean()), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(steps, list => {
      const sum = new Wide()
      const other = new Wide()
      let wanted = 0n
      for (const [a, b, isAdded] of list) {
        other.setProduct(a, b)
        expect(other.toBigInt()).toBe(BigInt(a) * BigInt(b))
        if (isAdded) sum.add(other)
        else sum.subtract(other)
        wanted += (isAdded ? 1n : -1n) * BigInt(a) * BigInt(b)
        sum.addProduct(b, a)
        wanted += BigInt(a) * BigInt(b)
        sum.addNumber(a)
        wanted += BigInt(a)
        expect(sum.toBigInt()).toBe(wanted)
        // The same number always has the same two parts, so that comparing them is comparing numbers.
        const again = new Wide()
        again.setBigInt(wanted)
        expect([again.high + 0, again.low + 0]).toEqual([sum.high + 0, sum.low + 0])
      }
    }),
    RUNS,
  )
})

test('comparisons agree with bigints', () => {
  fc.assert(
    fc.property(whole, whole, whole, whole, fc.integer({ min: -2, max: 2 }), (a, b, c, d, near) => {
      const left = new Wide()
      const right = new Wide()
      left.setProduct(a, b)
      right.setBigInt(BigInt(a) * BigInt(b) + BigInt(near))
      expect([left.isAbove(right), left.isBelow(right)]).toEqual([near < 0, near > 0])
      expect(isProductLarger(a, b, c, d)).toBe(BigInt(a) * BigInt(b) > BigInt(c) * BigInt(d))
      expect(isProductLarger(a, b, b, a)).toBe(false)
    }),
    RUNS,
  )
})

test('quotients are the nearest whole number, halves away from 0', () => {
  const above = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }))
  fc.assert(
    fc.property(whole, above, above, (a, b, c) => {
      const exact = BigInt(a) * BigInt(b)
      const size = exact < 0n ? -exact : exact
      const nearest = (2n * size + BigInt(c)) / (2n * BigInt(c))
      fc.pre(nearest <= 2n ** 52n)
      expect(nearestQuotient(a, b, c) + 0).toBe(Number(exact < 0n ? -nearest : nearest) + 0)
    }),
    RUNS,
  )
  expect([nearestQuotient(5, 1, 2), nearestQuotient(-5, 1, 2), nearestQuotient(3, 1, 2)]).toEqual([3, -3, 2])
})
