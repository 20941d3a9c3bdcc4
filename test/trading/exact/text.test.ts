import { expect, test } from 'vitest'
import { Grid } from '../../../dist/trading/exact/grid.js'
import { parseJson } from '../../../dist/trading/exact/parse-json.js'
import { unitsOfText } from '../../../dist/trading/exact/units-of-text.js'

test('whole numbers beyond 2^53 stay text, all others are as JSON.parse has them', () => {
  expect(parseJson('{"i":9007199254740993,"n":-12345678901234567890}')).toEqual({
    i: '9007199254740993',
    n: '-12345678901234567890',
  })
  const texts = [
    '{"i":9007199254740991,"d":0.12345678901234567890,"e":1234567890123456789e5}',
    '{"t":"1234567890123456789","u":"a \\" 1234567890123456789 ,","k12345678901234567":1}',
    '[1723161255030314667.5,1234567890123456]',
    'true',
  ]
  for (const text of texts) expect(parseJson(text)).toEqual(JSON.parse(text))
  expect(() => parseJson('{"i":12345678901234567')).toThrow(SyntaxError)
})

test('units of a text are those of whole numbers, at any number of digits', () => {
  for (const step of ['0.01', '0.5', '25', '1', '0.00000001', '0.05'])
    for (const units of [0, 1, 7, 999, 123_456_789, 2 ** 44 + 1]) {
      const grid = new Grid(step)
      const decimals = step.split('.')[1]?.length ?? 0
      // The decimal of so many steps, by whole numbers of any size.
      const digits = String(BigInt(units) * BigInt(step.replace('.', ''))).padStart(decimals + 1, '0')
      const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
      expect(unitsOfText(text, grid)).toBe(units)
      expect(unitsOfText(decimals === 0 ? text : `${text}000`, grid)).toBe(units)
      expect(unitsOfText(`-${text}`, grid)).toBe(units === 0 ? 0 : -units)
    }
})

test('what is no multiple, or no decimal, is NaN: nothing is rounded', () => {
  const grid = new Grid('0.05')
  for (const text of [
    '0.01',
    '0.050000000000000000001',
    '1e2',
    '',
    '-',
    '.5',
    '5.',
    ' 1',
    '0x1',
    'NaN',
    1,
    null,
    undefined,
  ])
    expect(unitsOfText(text, grid)).toBeNaN()
  expect(unitsOfText('9007199254740993', new Grid('1'))).toBeNaN()
  expect(unitsOfText('0.1000000000000000055', new Grid('0.1'))).toBeNaN()
})
