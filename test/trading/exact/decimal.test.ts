/** Decimals are read exactly or not at all, and written as a decimal library writes them. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalText, parseDecimal, readDecimal } from '../../../dist/trading/exact/decimal.js'

describe('readDecimal', () => {
  test('reads what a decimal library reads', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 15 }), (digits, decimals) => {
        const text = new Decimal(digits).div(new Decimal(10).pow(decimals)).toFixed()
        const parts = readDecimal(text)
        expect(parts).toBeDefined()
        if (parts === undefined) return
        const value = new Decimal(parts.numerator.toString()).div(new Decimal(10).pow(parts.decimals))
        expect(value.toFixed()).toBe(new Decimal(text).toFixed())
      }),
    )
  })

  test('numbers are read as they are printed', () => {
    expect(readDecimal(0.0002)).toEqual({ numerator: 2n, decimals: 4 })
    expect(readDecimal(1e-7)).toEqual({ numerator: 1n, decimals: 7 })
    expect(readDecimal(1e21)).toEqual({ numerator: 10n ** 21n, decimals: 0 })
    expect(readDecimal('-1.50')).toEqual({ numerator: -15n, decimals: 1 })
  })

  for (const nonsense of [
    '',
    '1.',
    '.5',
    '1,5',
    '0x10',
    '1e999',
    ' 1',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    {},
    5n,
  ])
    test(`${formatted(nonsense)} is no decimal`, () => expect(readDecimal(nonsense)).toBeUndefined())
})

describe('parseDecimal', () => {
  test('finds the integer at a scale', () => {
    expect(parseDecimal('1.5', 3)).toBe(1500n)
    expect(parseDecimal('-1.5e-7', 8)).toBe(-15n)
    expect(parseDecimal('5e-324', 324)).toBe(5n)
  })

  test('takes a decimal without digits on one side of the point', () => {
    expect(parseDecimal('.5', 1)).toBe(5n)
    expect(parseDecimal('1.', 0)).toBe(1n)
    expect(parseDecimal('.', 1)).toBeUndefined()
  })

  test('refuses decimals beyond the scale, but not zeros there', () => {
    expect(parseDecimal('0.015', 2)).toBeUndefined()
    expect(parseDecimal('0.010', 2)).toBe(1n)
  })
})

test('decimalText writes what parseDecimal reads, and what a decimal library writes', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.integer({ min: 0, max: 22 }),
      (units, decimals) => {
        const text = decimalText(units, decimals)
        expect(parseDecimal(text, decimals)).toBe(units)
        const Wide = Decimal.clone({ precision: 80 })
        expect(text).toBe(new Wide(units.toString()).div(new Wide(10).pow(decimals)).toFixed())
      },
    ),
  )
})

function formatted(value: unknown): string {
  return typeof value === 'string'
    ? `'${value}'`
    : typeof value === 'object'
      ? JSON.stringify(value)
      : `${value as number}`
}
