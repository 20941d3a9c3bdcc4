import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tournament } from '../../../dist/journal/read/tournament.js'

const time = fc.record({
  high: fc.constantFrom(0, 1, 7, 0x7fffffff),
  low: fc.constantFrom(0, 1, 2, 0x7fffffff, 0xffffffff),
})
const change = fc.record({ index: fc.nat(), time: fc.option(time, { nil: undefined }) })

test('the first is the earliest of those that are in it, of the same time the lowest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70 }), fc.array(change, { maxLength: 200 }), (count, changes) => {
      const tournament = new Tournament(count)
      const times = new Map<number, { readonly high: number; readonly low: number }>()
      for (const { index, time: at } of count === 0 ? [] : changes) {
        const i = index % count
        if (at === undefined) {
          times.delete(i)
          tournament.remove(i)
        } else {
          times.set(i, at)
          tournament.set(i, at.high, at.low)
        }
        const [first] = [...times].sort(([a, x], [b, y]) => x.high - y.high || x.low - y.low || a - b)
        expect(tournament.first).toBe(first?.[0] ?? -1)
        expect(tournament.has(i)).toBe(times.has(i))
      }
      if (times.size === 0) expect(tournament.first).toBe(-1)
    }),
  )
})
