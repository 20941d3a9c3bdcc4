/** Fees have a currency: one in the base currency lowers the position, and no sum mixes currencies. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { type Fill, Positions } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'

const BTC = { strategy: 's', symbol: 'BTC-USDT', base: 'BTC', quote: 'USDT' } as const

function after(...fills: Fill[]): Positions {
  const positions = new Positions()
  for (const fill of fills) positions.apply(fill)
  return positions
}

const bought: Fill = { ...BTC, side: 'buy', price: '60000', quantity: '2.54', fee: '0.00254', feeCurrency: 'BTC' }

describe('a fee in the base currency', () => {
  test('lowers the bought quantity: 2.54 minus 0.00254, minus 2.53746 sold, is flat', () => {
    const positions = after(bought)
    expect(positions.get('s', 'BTC-USDT')).toEqual({
      quantity: '2.53746',
      costBasis: '152400',
      averagePrice: '60060.06006006',
      realised: '0',
      fees: '0',
    })
    positions.apply({
      ...BTC,
      side: 'sell',
      price: '61000',
      quantity: '2.53746',
      fee: '154.78506',
      feeCurrency: 'USDT',
    })
    for (const position of [
      positions.get('s', 'BTC-USDT'),
      positions.account('', 'BTC-USDT'),
      positions.total('BTC-USDT'),
    ]) {
      expect(position).toEqual({
        quantity: '0',
        costBasis: '0',
        averagePrice: '0',
        realised: '2385.06',
        fees: '154.78506',
      })
      expect([...position.feesByCurrency]).toEqual([
        ['USDT', '154.78506'],
        ['BTC', '0.00254'],
      ])
    }
    expect(positions.summary()).toEqual({ realised: '2385.06', fees: '154.78506', net: '2230.27494' })
    expect([...positions.summaries().keys()]).toEqual(['USDT'])
  })

  test('on a sale lowers the position as well', () => {
    const positions = after({ ...BTC, side: 'buy', price: '10', quantity: '3' })
    positions.apply({ ...BTC, side: 'sell', price: '20', quantity: '1', fee: '0.5', feeCurrency: 'BTC' })
    expect(positions.get('s', 'BTC-USDT')).toMatchObject({ quantity: '1.5', costBasis: '15', realised: '5' })
  })

  test('through zero, for everything that was bought, and when it is earned', () => {
    const short = after({ ...BTC, side: 'sell', price: '10', quantity: '1' })
    short.apply({ ...BTC, side: 'buy', price: '8', quantity: '3', fee: '1', feeCurrency: 'BTC' })
    // 24 was paid for 2: 12 of it closed the 1 that had been sold for 10.
    expect(short.get('s', 'BTC-USDT')).toMatchObject({ quantity: '1', costBasis: '12', realised: '-2' })
    const dust = after({ ...BTC, side: 'buy', price: '10', quantity: '1', fee: '1', feeCurrency: 'BTC' })
    expect(dust.get('s', 'BTC-USDT')).toMatchObject({ quantity: '0', costBasis: '0', realised: '-10' })
    const maker = after({ ...BTC, side: 'buy', price: '10', quantity: '1', fee: '-0.25', feeCurrency: 'BTC' })
    expect(maker.get('s', 'BTC-USDT')).toMatchObject({ quantity: '1.25', costBasis: '10', averagePrice: '8' })
  })
})

test('a fee in a third currency is counted in that currency', () => {
  const positions = after(
    { ...bought, fee: '0.01', feeCurrency: 'BNB' },
    { ...bought, fee: '0.02', feeCurrency: 'BNB' },
  )
  const position = positions.get('s', 'BTC-USDT')
  expect([position.quantity, position.fees, [...position.feesByCurrency]]).toEqual(['5.08', '0', [['BNB', '0.03']]])
  expect(positions.summary({ strategy: 's' })).toEqual({ realised: '0', fees: '0', net: '0' })
  expect(positions.summary('total', 'BNB')).toEqual({ realised: '0', fees: '0.03', net: '-0.03' })
  expect(positions.summary('total', 'EUR')).toEqual({ realised: '0', fees: '0', net: '0' })
})

test('sums of markets with different quote currencies are never added', () => {
  const positions = after(
    { ...BTC, side: 'buy', price: '10', quantity: '1' },
    { ...BTC, side: 'sell', price: '15', quantity: '1', fee: '1' },
    {
      strategy: 's',
      symbol: 'ETH-BTC',
      base: 'ETH',
      quote: 'BTC',
      side: 'buy',
      price: '0.05',
      quantity: '2',
      fee: '0.001',
    },
    { strategy: 's', symbol: 'ETH-BTC', side: 'sell', price: '0.06', quantity: '2', fee: '0.002' },
  )
  expect(failureOf(() => positions.summary())).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/'USDT', 'BTC'/),
  })
  expect(Object.fromEntries(positions.summaries())).toEqual({
    USDT: { realised: '5', fees: '1', net: '4' },
    BTC: { realised: '0.02', fees: '0.003', net: '0.017' },
  })
  expect(positions.summary('total', 'BTC').net).toBe('0.017')
  expect(positions.currencies('ETH-BTC')).toEqual({ base: 'ETH', quote: 'BTC' })
  expect(positions.currencies('X')).toBeUndefined()
})

test('without currencies a fee is in the currency of the price', () => {
  const positions = after({ strategy: 's', symbol: 'X', side: 'buy', price: '10', quantity: '1', fee: '0.5' })
  expect([positions.get('s', 'X').fees, [...positions.get('s', 'X').feesByCurrency]]).toEqual(['0.5', [['', '0.5']]])
  expect(positions.summary()).toEqual({ realised: '0', fees: '0.5', net: '-0.5' })
})

test('invalid currencies are refused with a named error and count nothing', () => {
  const positions = after(bought)
  for (const [bad, message] of [
    [{ quote: 'USDC' }, /quote USDT/],
    [{ base: undefined }, /base/],
    [{ base: 'USDT' }, /must differ/],
    [{ feeCurrency: '' }, /feeCurrency/],
    [{ fee: '0.000000001' }, /base currency.*8 decimals/],
    [{ symbol: 'X', base: undefined, quote: undefined }, /needs the fill's 'base' and 'quote'/],
  ] as const) {
    expect(failureOf(() => positions.apply({ ...bought, ...bad }))).toMatchObject({
      code: 'ERR_FIELD_VALUE',
      message: expect.stringMatching(message),
    })
  }
  expect([positions.get('s', 'BTC-USDT').quantity, positions.symbols()]).toEqual(['2.53746', ['BTC-USDT']])
})

test('for any purchases, sales and fees, positions and money are equal to those of a decimal library', () => {
  const Exact = Decimal.clone({ precision: 80 })
  const units = fc.integer({ min: 1, max: 10 ** 9 })
  const one = fc.record({
    buy: fc.boolean(),
    quantity: units,
    price: units,
    fee: fc.integer({ min: -1000, max: 10 ** 6 }),
    feeCurrency: fc.constantFrom('BTC', 'USDT', 'BNB'),
  })
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 40 }), fills => {
      const positions = new Positions()
      let [quantity, cash] = [new Exact(0), new Exact(0)]
      const fees = { BTC: new Exact(0), USDT: new Exact(0), BNB: new Exact(0) }
      for (const { buy, feeCurrency, ...numbers } of fills) {
        const [amount, price, fee] = [numbers.quantity, numbers.price, numbers.fee].map(n => new Exact(n).div(1e8))
        positions.apply({
          ...BTC,
          side: buy ? 'buy' : 'sell',
          quantity: amount.toFixed(),
          price: price.toFixed(),
          fee: fee.toFixed(),
          feeCurrency,
        })
        quantity = quantity.plus(buy ? amount : amount.negated())
        cash = cash.minus(amount.times(price).times(buy ? 1 : -1))
        fees[feeCurrency as 'BTC'] = fees[feeCurrency as 'BTC'].plus(fee)
      }
      const left = quantity.minus(fees.BTC)
      expect(new Exact(positions.get('s', 'BTC-USDT').quantity).eq(left)).toBe(true)
      // After closing at a price, the realised P&L is all money received minus all money paid, whatever was rounded before.
      positions.settle('BTC-USDT', '7.25')
      const { realised, fees: paid } = positions.get('s', 'BTC-USDT')
      expect([realised, paid]).toEqual(
        [cash.plus(left.times('7.25')), fees.USDT].map(value => value.plus(0).toFixed().replace(/^-0$/, '0')),
      )
      expect(positions.get('s', 'BTC-USDT')).toMatchObject({ quantity: '0', costBasis: '0' })
      expect(positions.summary('total', 'BNB').fees).toBe(fees.BNB.toFixed())
    }),
    { numRuns: 300, seed: 12 },
  )
})
