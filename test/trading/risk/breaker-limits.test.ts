import { join } from 'node:path'
import { CircuitBreaker } from 'ticktape/state'
import { expect, it } from 'vitest'
import { makeFolder } from '../../support/folders.ts'

it('an order that reverses a position must respect the limit; an order that only reduces it need not', () => {
  const breaker = CircuitBreaker.open(join(makeFolder('memory'), 'breaker'), { maxPosition: 100, markets: 4 })
  breaker.setPosition(1, 100)
  breaker.setMarketLimit(1, 10)
  expect(breaker.check(1, -30)).toBeNull()
  expect(breaker.check(1, -100)).toBeNull()
  expect(breaker.check(1, -105)).toBeNull()
  expect(breaker.check(1, -150)).toBe('position-limit')
  expect(breaker.check(1, 1)).toBe('position-limit')
  breaker.close()
})
