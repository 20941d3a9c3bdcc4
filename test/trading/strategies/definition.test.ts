import { defineStrategy, type StrategyDefinition } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'

describe('defineStrategy', () => {
  test.each([
    [{}, "'id'"],
    [{ id: '' }, "'id'"],
    [{ id: '../up' }, "'id'"],
    [{ id: '.hidden' }, "'id'"],
    [{ id: 'x'.repeat(33) }, "'id'"],
    [{ id: 'a' }, 'handles nothing'],
    [{ id: 'a', onStart() {} }, 'handles nothing'],
    [{ id: 'a', onTicker() {}, onTickr() {} }, "'onTickr'"],
    [{ id: 'a', onTicker: 1 }, "'onTicker'"],
    [{ id: 'a', async onTicker() {} }, 'async'],
    [{ id: 'a', onTicker() {}, symbols: 'BTC' }, "'symbols'"],
    [{ id: 'a', onTicker() {}, symbols: [] }, "'symbols'"],
    [{ id: 'a', onTicker() {}, symbols: ['x'.repeat(66)] }, "'symbols'"],
    [{ id: 'a', onTicker() {}, symbols: ['a b'] }, "'symbols'"],
    [{ id: 'a', onTicker() {}, history: '5 minutes' }, "'history'"],
    [{ id: 'a', onTicker() {}, history: 300 }, "'history'"],
    [{ id: 'a', onTicker() {}, from: 'middle' }, "'from'"],
  ])('refuses %o with a named error', (definition, what) => {
    const failure = failureOf(() => defineStrategy(definition as unknown as StrategyDefinition))
    expect(failure).toMatchObject({ code: 'ERR_STRATEGY', message: expect.stringContaining(what) as string })
  })

  test('accepts a valid definition', () => {
    const strategy = defineStrategy({
      id: 'a-1_2.3',
      symbols: ['BTC-USDT.okx', '币安人生USDT'],
      from: 'end',
      history: '5m',
      onTrade() {},
    })
    expect(strategy.id).toBe('a-1_2.3')
    expect(Object.isFrozen(strategy)).toBe(true)
  })
})
