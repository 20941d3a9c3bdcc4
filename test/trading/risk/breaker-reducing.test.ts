import { join } from 'node:path'
import { CircuitBreaker } from 'ticktape/state'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'

function newBreaker(): CircuitBreaker {
  const breaker = CircuitBreaker.open(join(makeFolder('memory'), 'breaker'), { markets: 4, maxConsecutiveErrors: 2 })
  onTestFinished(() => breaker.close())
  return breaker
}

test('after reduce only an order passes that makes its position smaller, without crossing zero', () => {
  const breaker = newBreaker()
  breaker.setPosition(1, 2)
  breaker.setPosition(2, -2)
  expect([breaker.state, breaker.reduce('end of the quarter'), breaker.reduce('again')]).toEqual([
    'active',
    true,
    false,
  ])
  const checks = [-2, -0.5, -2.5, 0, 1, 2, 2.5].map(quantity => [
    breaker.check(1, quantity),
    breaker.check(2, quantity),
  ])
  expect(checks).toEqual([
    [null, 'reducing'],
    [null, 'reducing'],
    ['reducing', 'reducing'],
    ['reducing', 'reducing'],
    ['reducing', null],
    ['reducing', null],
    ['reducing', 'reducing'],
  ])
  // Nothing is held in the other markets, so nothing can become smaller.
  expect([breaker.check(3, 1), breaker.check(3, -1)]).toEqual(['reducing', 'reducing'])
  expect([breaker.state, breaker.halted]).toEqual(['reducing', false])
  const note = { reason: 'end of the quarter', pid: process.pid }
  expect(breaker.status()).toMatchObject({ state: 'reducing', halt: undefined, reducing: note })
  breaker.resume()
  expect([breaker.state, breaker.check(1, 1), breaker.status().reducing]).toEqual(['active', null, undefined])
})

test('a halt is stricter: it replaces reduce, reduce does not replace it, and resume may lead from one to the other', () => {
  const breaker = newBreaker()
  breaker.setPosition(1, 2)
  breaker.reduce()
  expect([breaker.halt('now'), breaker.state, breaker.check(1, -1)]).toEqual([true, 'halted', 'halted'])
  expect([breaker.reduce(), breaker.halted, breaker.status().halt?.reason]).toEqual([false, true, 'now'])
  breaker.resume('reducing', 'out of it')
  expect([breaker.check(1, -1), breaker.check(1, 1)]).toEqual([null, 'reducing'])
  expect(breaker.status()).toMatchObject({ halt: undefined, reducing: { reason: 'out of it' } })
  // A limit halts also then.
  breaker.recordError()
  breaker.recordError()
  expect(breaker.status()).toMatchObject({ state: 'halted', halt: { code: 'consecutive-errors' }, reducing: undefined })
})

test('what is no reason and no state is refused, and changes nothing', () => {
  const breaker = newBreaker()
  for (const act of [
    () => breaker.reduce(5 as never),
    () => breaker.resume('halted' as never),
    () => breaker.resume('reducing', 5 as never),
  ])
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  expect(breaker.state).toBe('active')
})
