import { InvalidOptionError } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { nearestName } from '../../../dist/base/nearest.js'
import { checkRisk, LIMIT_NAMES, LIMIT_TEXTS, type RiskOptions } from '../../../dist/trading/risk/limits.js'
import { BTC, ETH, home } from '../../support/orders.ts'
import { TestDesk } from '../../support/risk.ts'

const { instruments } = home(BTC, ETH, { ...BTC, venue: 'okx' }, { ...ETH, symbol: 'SOLUSDT', minQuantity: '0.5' })
const known = { instruments, accounts: ['main', 'hedge'] }

const refused: [title: string, options: unknown, message: RegExp][] = [
  [
    'a misspelt limit',
    { maxOrderNotionl: 5 },
    /'risk' has no limit 'maxOrderNotionl'; did you mean 'maxOrderNotional'\?/,
  ],
  ['another case', { maxposition: 5 }, /did you mean 'maxPosition'\?/],
  ['a key that is like none', { colour: 5 }, /no limit 'colour'; it has maxOrderQuantity/],
  [
    'a misspelt limit of a strategy',
    { strategies: { momentum: { maxPositon: 5 } } },
    /'risk.strategies' of "momentum" has no limit 'maxPositon'; did you mean 'maxPosition'\?/,
  ],
  ['a time zone inside a strategy', { strategies: { momentum: { timeZone: 'UTC' } } }, /no limit 'timeZone'/],
  ['limits that are no object', { strategies: { momentum: 5 } }, /takes its limits as an object, not 5/],
  ['NaN', { maxPosition: Number.NaN }, /'maxPosition' of 'risk' takes a number from 0/],
  ['a limit below 0', { maxExposure: -1 }, /takes a number from 0/],
  ['a text', { maxDailyLoss: '100' }, /takes a number from 0/],
  ['half an order', { maxOpenOrders: 1.5 }, /takes a whole number/],
  ['a rate of 0', { maxOrdersPerSecond: 0 }, /takes a whole number from 1/],
  ['an unknown time zone', { timeZone: 'Mars/Olympus' }, /an IANA time zone/],
  ['a wrong time of day', { dayStart: '25:00' }, /a time of day/],
  [
    'an instrument that does not exist',
    { instruments: { BTCUSD: {} } },
    /no such instrument; did you mean 'BTCUSDT'\?/,
  ],
  [
    'an ambiguous symbol',
    { instruments: { BTCUSDT: {} } },
    /several venues have "BTCUSDT"; write 'BTCUSDT.binance' or 'BTCUSDT.okx'/,
  ],
  ['an account that does not exist', { accounts: { man: {} } }, /no such account; did you mean 'main'\?/],
  [
    "a limit above the desk's",
    { maxPosition: 3, strategies: { momentum: { maxPosition: 5 } } },
    /has maxPosition 5, but the whole desk has 3/,
  ],
  [
    'an order limit that no order can reach',
    { maxOrderQuantity: 21, maxPosition: 10 },
    /contradict each other: no order above 20 could pass/,
  ],
  ['the same for money', { accounts: { main: { maxOrderNotional: 201, maxExposure: 100 } } }, /contradict each other/],
  [
    'an order limit below the smallest order',
    { instruments: { SOLUSDT: { maxOrderQuantity: 0.4 } } },
    /its smallest order is 0.5/,
  ],
]

test.each(refused)('%s is refused by name', (_title, options, message) => {
  expect(() => checkRisk(options as RiskOptions, known)).toThrow(InvalidOptionError)
  expect(() => checkRisk(options as RiskOptions, known)).toThrow(message)
})

test('what is right is taken', () => {
  const limits = Object.fromEntries(LIMIT_NAMES.map(name => [name, 5]))
  const options: RiskOptions = {
    ...limits,
    maxOrderQuantity: 10,
    denyDuplicates: true,
    timeZone: 'America/New_York',
    dayStart: '17:00',
    strategies: { momentum: limits, later: {} },
    instruments: { 'BTCUSDT.okx': limits, ETHUSDT: { maxPosition: undefined } },
    accounts: { main: { maxPosition: 1 } },
  }
  expect(() => checkRisk(options, known)).not.toThrow()
  expect(() => checkRisk({ maxOrderNotional: Number.POSITIVE_INFINITY, maxExposure: 5 }, known)).not.toThrow()
  expect(() => checkRisk({}, {})).not.toThrow()
})

test('every limit has a line in the documentation', () => {
  expect(Object.keys(LIMIT_TEXTS)).toEqual([...LIMIT_NAMES])
})

test('the nearest name is the one with the fewest changes', () => {
  expect(nearestName('maxDrawDown', LIMIT_NAMES)).toBe('maxDrawdown')
  expect(nearestName('x', LIMIT_NAMES)).toBeUndefined()
})

describe('limits that are changed while trading', () => {
  test('hold from the next order on, and what is reserved stays', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    desk.send({ steps: 15 })
    expect(desk.reasonFor({ steps: 6 })).toBe('position-limit')
    desk.risk.setOptions({ maxPosition: 0.03 })
    expect(desk.reasonFor({ steps: 15 })).toBe('none')
    desk.risk.setOptions({ maxPosition: 0.01 })
    expect(desk.reasonFor({ steps: 1 })).toBe('position-limit')
    expect(() => desk.risk.setOptions({ maxPositions: 5 } as RiskOptions)).toThrow(/did you mean 'maxPosition'/)
    expect(desk.risk.options).toEqual({ maxPosition: 0.01 })
  })
  test('an instrument gets limits of its own with what is held in it', () => {
    const desk = new TestDesk({}, [BTC, ETH])
    desk.trade(10)
    desk.send({ steps: 5 })
    desk.risk.setOptions({ instruments: { BTCUSDT: { maxPosition: 0.02, maxOpenOrders: 2, maxExposure: 2 } } })
    expect(desk.reasonFor({ steps: 6, ticks: 1 })).toBe('position-limit')
    expect(desk.reasonFor({ steps: 5 })).toBe('none')
    expect(desk.reasonFor({ steps: 5, ticks: 1010 })).toBe('exposure-limit')
    const order = desk.send({ steps: 1 })
    expect(desk.reasonFor({ steps: 1 })).toBe('open-orders-limit')
    desk.say(order, 'cancelled')
    expect(desk.reasonFor({ steps: 1 })).toBe('none')
    desk.risk.setOptions({})
    expect(desk.reasonFor({ steps: 600 })).toBe('none')
  })
  test('exposure and profit are right when a limit of them comes later', () => {
    const desk = new TestDesk()
    desk.trade(20)
    desk.quote(1199, 1201)
    desk.send({ steps: 10 })
    desk.risk.setOptions({ maxExposure: 5 })
    // 20 steps at 1,200 and 10 at 1,000 ticks are 2.4 and 1.
    expect(desk.reasonFor({ steps: 17 })).toBe('exposure-limit')
    expect(desk.reasonFor({ steps: 16 })).toBe('none')
    desk.risk.setOptions({ maxDrawdown: 0.1 })
    desk.quote(1149, 1151)
    expect(desk.reasonFor()).toBe('none')
    desk.quote(1148, 1151)
    expect(desk.reasonFor()).toBe('drawdown')
  })
  test('a drawdown counts from the profit when its limit comes, not from the last fill', () => {
    const desk = new TestDesk()
    desk.trade(10, 1000)
    desk.quote(899, 901)
    desk.risk.setOptions({ maxDrawdown: 0.1, strategies: { momentum: { maxDrawdown: 0.1 } } })
    expect(desk.reasonFor()).toBe('none')
    desk.quote(799, 801)
    expect(desk.reasonFor()).toBe('none')
    desk.quote(798, 800)
    expect(desk.reasonFor()).toBe('drawdown')
  })
  test('a strategy that is named later has its limits from then on', () => {
    const desk = new TestDesk({ strategies: { late: { maxPosition: 0.005 } } })
    desk.send({ steps: 3 }, 7)
    desk.risk.addStrategy(7, 'late')
    expect(desk.reasonFor({ steps: 3 }, 7)).toBe('position-limit')
    expect(desk.reasonFor({ steps: 2 }, 7)).toBe('none')
  })
})
