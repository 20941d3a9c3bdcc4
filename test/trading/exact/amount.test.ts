/** Amount numbers are what bigints are, as far as they reach. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Amount } from '../../../dist/trading/exact/amount.js'
import { Random } from '../../../dist/trading/exact/random.js'

const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(2 ** 52, -(2 ** 52), 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 52 - 1, 0),
)
const Exact = Decimal.clone({ precision: 60 })
const small = fc.integer({ min: -(2 ** 33), max: 2 ** 33 })

describe('Amount', () => {
  test('sums and products are those of bigints', () => {
    const steps = fc.oneof(
      fc.record({ add: whole }),
      fc.record({ a: whole, b: small }),
      fc.record({ a: small, b: small, c: small }),
      fc.record({ scale: small, by: fc.integer({ min: -(2 ** 25), max: 2 ** 25 }) }),
    )
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), list => {
        const sum = new Amount()
        let expected = 0n
        for (const step of list) {
          if ('add' in step) {
            sum.add(step.add)
            expected += BigInt(step.add)
          } else if ('c' in step) {
            sum.addProducts(step.a, step.b, step.c)
            expected += BigInt(step.a) * BigInt(step.b) * BigInt(step.c)
          } else if ('a' in step) {
            sum.addProduct(step.a, step.b)
            expected += BigInt(step.a) * BigInt(step.b)
          } else {
            const other = new Amount()
            other.addProduct(step.scale, 2 ** 40 + 1)
            sum.addScaled(other, step.by)
            sum.subtractAmount(other)
            expected += BigInt(step.scale) * (2n ** 40n + 1n) * BigInt(step.by - 1)
          }
          expect(sum.toBigInt()).toBe(expected)
          expect(sum.sign).toBe(expected > 0n ? 1 : expected < 0n ? -1 : 0)
          expect(sum.toNumber()).toBe(Number(expected))
          expect(new Amount().set(expected).toBigInt()).toBe(expected)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a division by a power of ten is rounded towards zero', () => {
    fc.assert(
      fc.property(whole, small, fc.integer({ min: 0, max: 20 }), (a, b, decimals) => {
        const value = new Amount()
        value.addProduct(a, b)
        const divisor = 10n ** BigInt(decimals)
        const expected = (BigInt(a) * BigInt(b)) / divisor
        value.divide(decimals, divisor)
        expect(value.toBigInt()).toBe(expected)
      }),
    )
  })

  test('texts and doubles are those of a decimal library', () => {
    fc.assert(
      fc.property(whole, small, fc.integer({ min: 0, max: 22 }), (a, b, decimals) => {
        const value = new Amount()
        value.addProduct(a, b)
        const decimal = new Exact((BigInt(a) * BigInt(b)).toString()).div(new Exact(10).pow(decimals))
        expect(value.toText(decimals)).toBe(decimal.isZero() ? '0' : decimal.toFixed())
        expect(value.toDecimalNumber(decimals) + 0).toBe(Number(decimal.toFixed()) + 0)
      }),
    )
  })
})

test('random numbers are the same on every machine', () => {
  const random = new Random(1)
  expect([random.next(), random.next(), random.next()].map(value => Math.floor(value * 2 ** 32))).toEqual([
    1359504952, 3827716927, 3866437631,
  ])
})
