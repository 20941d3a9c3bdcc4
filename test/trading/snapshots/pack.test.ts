import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pack, unpack } from '../../../dist/trading/snapshots/pack.js'

/** JSON has no -0. */
const NUMBER = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)

const json = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 70 }),
    fc.dictionary(fc.constantFrom('a', '$', '$bytes', '$numbers', '$list', '$$list', 'b c'), tie('value')),
    fc.array(NUMBER, { minLength: 60, maxLength: 70 }),
  ),
})).value

test('what is packed comes back as it was', () => {
  fc.assert(
    fc.property(json, value => {
      expect(unpack(pack(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('a long list of numbers comes back as a list, a Float64Array as one, and bytes as bytes', () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i / 3)
  const value = { list: numbers, array: Float64Array.from(numbers), bytes: Uint8Array.of(1, 2, 3), few: [1, 2] }
  const { list, array, bytes, few } = unpack(pack(value)) as typeof value
  expect(Array.isArray(list)).toBe(true)
  expect(list).toEqual(numbers)
  expect(array).toEqual(value.array)
  expect([...bytes]).toEqual([1, 2, 3])
  expect(few).toEqual([1, 2])
})

test.each([0, 7, 20])('bytes that are cut to %i are refused', length => {
  expect(() => unpack(pack({ list: Array.from({ length: 100 }, () => 1) }).subarray(0, length))).toThrow(/./)
})
