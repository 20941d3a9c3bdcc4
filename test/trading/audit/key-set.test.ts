import { expect, test } from 'vitest'
import { KeySet } from '../../../dist/trading/audit/key-set.js'

test('a key is new once, whatever its halves are', () => {
  const keys = new KeySet(2)
  const halves = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff]
  const all = halves.flatMap(high => halves.map(low => [high, low] as const)).filter(([high, low]) => high + low > 0)
  // An order id is never 0; 0 counts as 1.
  expect([keys.has(0, 0), keys.add(0, 0), keys.add(0, 1), keys.has(0, 1)]).toEqual([false, true, false, true])
  for (const [high, low] of all) {
    const isNew = !(high === 0 && low === 1)
    expect([keys.has(high, low), keys.add(high, low), keys.add(high, low), keys.has(high, low)]).toEqual([
      !isNew,
      isNew,
      false,
      true,
    ])
  }
})

test('a hundred thousand keys in a row, and as many texts, are told apart', () => {
  const keys = new KeySet()
  const texts = new KeySet()
  let [newKeys, newTexts] = [0, 0]
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 100_000; i++) {
      if (keys.add(0x00100001, i + 1)) newKeys++
      if (texts.addText(`4503603922337793 0 ${i % 7} ${i}`)) newTexts++
    }
  expect([newKeys, newTexts]).toEqual([100_000, 100_000])
})
