import { assert, constantFrom, dictionary, integer, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { changeLimits, namedLimits, parseChanges } from '../../../dist/trading/operator/limits-change.js'
import { LIMIT_NAMES } from '../../../dist/trading/risk/limits.js'
import { failureOf } from '../../support/failures.ts'

test('changes are read as people type them', () => {
  expect(
    parseChanges(['maxPosition=5', 'strategies.a.b.maxOpenOrders=none', 'instruments.BTCUSDT.sim.priceBand=0.1']),
  ).toEqual({
    maxPosition: 5,
    'strategies.a.b.maxOpenOrders': null,
    'instruments.BTCUSDT.sim.priceBand': 0.1,
  })
})

test.each([
  ['maxPositon=5', /there is no limit 'maxPositon'; did you mean 'maxPosition'\?/],
  ['nonsense=5', /there is no limit 'nonsense'; there are: maxOrderQuantity/],
  ['maxPosition=much', /takes a number, or 'none', not \S*much/],
  ['maxPosition=', /takes a number, or 'none', not \S*/],
  ['maxPosition=Infinity', /takes a number, or 'none'/],
  ['maxPosition', /NAME=VALUE/],
  ['=5', /NAME=VALUE/],
  ['desks.x.maxPosition=1', /one of the groups strategies, instruments, accounts/],
  ['strategies.maxPosition=1', /one of the groups strategies, instruments, accounts/],
])('%s is refused, and the message says what is wrong', (text, message) => {
  expect(failureOf(() => parseChanges([text]))).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(message) as string,
  })
})

test('limits that are named and typed again are the same, whatever the names of their owners are', () => {
  const owner = string({ minLength: 1, maxLength: 12 }).filter(name => !name.includes('='))
  const limits = dictionary(constantFrom(...LIMIT_NAMES), integer({ min: 1, max: 1000 }), {
    minKeys: 1,
    noNullPrototype: true,
  })
  const groups = dictionary(owner, limits, { noNullPrototype: true })
  assert(
    property(limits, groups, groups, (desk, strategies, accounts) => {
      const options = { ...desk, strategies, accounts }
      const typed = namedLimits(options).map(([name, value]) => `${name}=${value}`)
      const again: object = changeLimits({}, parseChanges(typed))
      expect({ strategies: {}, accounts: {}, ...again }).toEqual(options)
      const none = namedLimits(options).map(([name]) => `${name}=none`)
      expect(namedLimits(changeLimits(options, parseChanges(none)))).toEqual([])
    }),
  )
})
