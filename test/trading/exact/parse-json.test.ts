import { expect, test } from 'vitest'
import { parseJson } from '../../../dist/trading/exact/parse-json.js'

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
