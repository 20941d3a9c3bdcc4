/** Positions: exact to the last digit against a decimal library; the cases that go wrong elsewhere; settlement. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { type Fill, Positions } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'

const LONG = Boolean(process.env['TICKTAPE_STATE_LONG'])

function fill(side: 'buy' | 'sell', quantity: string | number, price: string | number, more: Partial<Fill> = {}): Fill {
  return { strategy: 's', symbol: 'X', side, quantity, price, ...more }
}

function after(...fills: Fill[]): Positions {
  const positions = new Positions()
  for (const each of fills) positions.apply(each)
  return positions
}

describe('average cost', () => {
  test('opening long', () => {
    const positions = after(fill('buy', '0.003', '61800.2', { fee: '0.01' }))
    expect(positions.get('s', 'X')).toEqual({
      quantity: '0.003',
      costBasis: '185.4006',
      averagePrice: '61800.2',
      realised: '0',
      fees: '0.01',
    })
    expect(positions.get('s', 'X').unrealised('61900.2')).toBe('0.3')
    expect(positions.unrealised('s', 'X', 61700.2)).toBe('-0.3')
  })

  test('adding averages, closing a part takes its share of the cost', () => {
    const positions = after(fill('buy', 1, 100), fill('buy', 3, 200), fill('sell', 2, 300))
    expect(positions.get('s', 'X')).toEqual({
      quantity: '2',
      costBasis: '350',
      averagePrice: '175',
      realised: '250',
      fees: '0',
    })
  })

  test('closing all leaves nothing, whatever was rounded before', () => {
    const positions = after(fill('buy', 3, '0.00000001'), fill('sell', 1, 1), fill('sell', 1, 1), fill('sell', 1, 1))
    expect(positions.get('s', 'X')).toEqual({
      quantity: '0',
      costBasis: '0',
      averagePrice: '0',
      realised: '2.99999997',
      fees: '0',
    })
  })

  test('short, and back', () => {
    const positions = after(fill('sell', 2, 100))
    expect(positions.get('s', 'X')).toMatchObject({
      quantity: '-2',
      costBasis: '-200',
      averagePrice: '100',
      realised: '0',
    })
    expect(positions.get('s', 'X').unrealised(90)).toBe('20')
    positions.apply(fill('buy', 1, 90))
    expect(positions.get('s', 'X')).toMatchObject({
      quantity: '-1',
      costBasis: '-100',
      averagePrice: '100',
      realised: '10',
    })
    positions.apply(fill('sell', 1, 110))
    expect(positions.get('s', 'X')).toMatchObject({
      quantity: '-2',
      costBasis: '-210',
      averagePrice: '105',
      realised: '10',
    })
  })

  test('through zero in one fill, both ways', () => {
    const long = after(fill('buy', 2, 100), fill('sell', 5, 110))
    expect(long.get('s', 'X')).toEqual({
      quantity: '-3',
      costBasis: '-330',
      averagePrice: '110',
      realised: '20',
      fees: '0',
    })
    long.apply(fill('buy', 4, 100))
    expect(long.get('s', 'X')).toEqual({
      quantity: '1',
      costBasis: '100',
      averagePrice: '100',
      realised: '50',
      fees: '0',
    })
  })

  test('an average with endless decimals is rounded only in the result', () => {
    const positions = after(fill('buy', 1, 1), fill('buy', 2, 2))
    expect(positions.get('s', 'X').averagePrice).toBe('1.66666667')
    positions.apply(fill('sell', 3, 3))
    expect(positions.get('s', 'X').realised).toBe('4')
  })

  test('half a unit stays half a unit, whatever parts are closed', () => {
    const positions = after(fill('buy', 1, '0.00000001'), fill('buy', 1, '0.00000002'))
    expect(positions.get('s', 'X').averagePrice).toBe('0.00000002')
    for (const part of ['0.3', '0.7', '0.11', '0.13']) positions.apply(fill('sell', part, 1))
    expect(positions.get('s', 'X')).toMatchObject({ quantity: '0.76', averagePrice: '0.00000002' })
  })

  test('prices below zero, and fees that are earned', () => {
    const positions = after(fill('buy', 1, '-37.63', { fee: '-0.5' }), fill('sell', 1, '10', { fee: '0.1' }))
    expect(positions.get('s', 'X')).toMatchObject({ realised: '47.63', fees: '-0.4' })
    expect(positions.summary()).toEqual({ realised: '47.63', fees: '-0.4', net: '48.03' })
  })

  test('a position that was read does not change with later fills', () => {
    const positions = after(fill('buy', 1, 100))
    const then = positions.get('s', 'X')
    positions.apply(fill('buy', 1, 200))
    expect([then.quantity, then.unrealised(150)]).toEqual(['1', '50'])
  })
})

describe('decimals', () => {
  test('sums have no floating point errors', () => {
    const positions = new Positions()
    for (let i = 0; i < 10; i++) positions.apply(fill('buy', '0.1', '0.1'))
    expect(positions.get('s', 'X')).toMatchObject({ quantity: '1', costBasis: '0.1' })
    positions.apply(fill('buy', '90071992547409931234567890.00000001', '1'))
    expect(positions.get('s', 'X').quantity).toBe('90071992547409931234567891.00000001')
  })

  test('numbers that the scale cannot hold are refused as texts are, and never rounded', () => {
    const positions = new Positions()
    for (const [quantity, price] of [
      [1e12, 4.2e-9],
      [1e9, 0.000008123456],
    ])
      expect(failureOf(() => positions.apply(fill('buy', quantity, price)))).toMatchObject({
        code: 'ERR_FIELD_VALUE',
        message: expect.stringContaining('8 decimals'),
      })
    expect(failureOf(() => positions.apply(fill('buy', 1, 1, { fee: 1e-17 }))).code).toBe('ERR_FIELD_VALUE')
    expect(failureOf(() => positions.settle('X', 1 / 3)).code).toBe('ERR_FIELD_VALUE')
    expect(positions.symbols()).toEqual([])
    const fine = new Positions({ scale: { price: 18, quantity: 18 } })
    fine.apply(fill('buy', 1e12, 4.2e-9))
    expect(fine.get('s', 'X').costBasis).toBe('4200')
    fine.apply(fill('sell', 1e12, 4.2e-9))
    fine.apply(fill('buy', 1e9, 0.000008123456))
    expect(fine.get('s', 'X').costBasis).toBe('8123.456')
  })

  test("a number's digits after the 15th are ignored when they do not fit the scale", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 6 }), fc.integer({ min: 1, max: 10 ** 6 }), (a, b) => {
        const positions = new Positions()
        positions.apply(fill('buy', a / 1e8 + b / 1e8, 1))
        expect(positions.get('s', 'X').quantity).toBe(new Decimal(a + b).div(1e8).toFixed())
      }),
      { numRuns: 500, seed: 10 },
    )
  })

  test('a text is exact or refused, a number too', () => {
    const positions = new Positions({ scale: { price: 2, quantity: 0 } })
    positions.apply(fill('buy', 3, 0.1 + 0.2))
    expect(positions.get('s', 'X').averagePrice).toBe('0.3')
    positions.apply(fill('buy', '3e0', '+1.50'))
    for (const bad of [
      '0.001',
      'one',
      '',
      ' 1',
      '1,5',
      '0x10',
      'NaN',
      '.',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      null,
      undefined,
      {},
    ]) {
      expect(failureOf(() => positions.apply(fill('buy', 1, bad as never))).code).toBe('ERR_FIELD_VALUE')
    }
    for (const bad of ['0', '-1', 0, '1.5', 0.4])
      expect(failureOf(() => positions.apply(fill('buy', bad, 1))).code, String(bad)).toBe('ERR_FIELD_VALUE')
    expect(positions.get('s', 'X').quantity).toBe('6')
  })

  test('small and large numbers are used exactly', () => {
    const positions = after(fill('buy', 1e-8, 1e21))
    expect(positions.get('s', 'X')).toMatchObject({
      quantity: '0.00000001',
      averagePrice: '1000000000000000000000',
      costBasis: '10000000000000',
    })
  })

  test('an invalid fill is refused with a named error and counts nothing', () => {
    const positions = new Positions()
    for (const bad of [{ side: 'hold' }, { strategy: '' }, { symbol: 7 }, { account: 7 }, { fees: 1 }, { fee: 'x' }]) {
      expect(failureOf(() => positions.apply({ ...fill('buy', 1, 1), ...bad } as never)).code).toBe('ERR_FIELD_VALUE')
    }
    expect(failureOf(() => positions.apply(null as never)).code).toBe('ERR_FIELD_VALUE')
    expect(failureOf(() => new Positions({ scale: { price: 19, quantity: 8 } })).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => new Positions({ scales: 8 } as never)).code).toBe('ERR_INVALID_OPTION')
    expect(positions.symbols()).toEqual([])
    expect(positions.get('s', 'X')).toEqual({
      quantity: '0',
      costBasis: '0',
      averagePrice: '0',
      realised: '0',
      fees: '0',
    })
  })
})

test('a strategy, an account and the total are each netted by themselves', () => {
  const positions = after(
    fill('buy', 2, 100, { strategy: 'a', account: 'one', fee: 1 }),
    fill('sell', 2, 110, { strategy: 'b', account: 'one', fee: 1 }),
    fill('buy', 1, 120, { strategy: 'a', account: 'two', symbol: 'Y' }),
  )
  expect(positions.get('a', 'X')).toMatchObject({ quantity: '2', realised: '0' })
  expect(positions.get('b', 'X')).toMatchObject({ quantity: '-2', realised: '0' })
  expect(positions.account('one', 'X')).toMatchObject({ quantity: '0', realised: '20', fees: '2' })
  expect(positions.total('X')).toMatchObject({ quantity: '0', realised: '20', fees: '2' })
  expect(positions.summary({ account: 'one' })).toEqual({ realised: '20', fees: '2', net: '18' })
  expect(positions.summary({ strategy: 'a' })).toEqual({ realised: '0', fees: '1', net: '-1' })
  expect([positions.symbols({ strategy: 'a' }), positions.owners('account')]).toEqual([
    ['X', 'Y'],
    ['one', 'two'],
  ])
  expect(failureOf(() => positions.summary('all' as never)).code).toBe('ERR_INVALID_OPTION')
})

/** The same rules in a decimal library, which keeps far more digits than are shown. */
class Reference {
  static readonly Exact = Decimal.clone({ precision: 80 })
  quantity = new Reference.Exact(0)
  cost = new Reference.Exact(0)
  realised = new Reference.Exact(0)
  fees = new Reference.Exact(0)

  apply(side: string, quantity: string, price: string, fee: string): void {
    const signed = new Reference.Exact(quantity).times(side === 'buy' ? 1 : -1)
    this.fees = this.fees.plus(fee)
    let opens = signed
    if (!this.quantity.isZero() && this.quantity.isPositive() !== signed.isPositive()) {
      const closes = Reference.Exact.min(signed.abs(), this.quantity.abs()).times(this.quantity.isPositive() ? 1 : -1)
      const cost = this.cost.times(closes).div(this.quantity)
      this.realised = this.realised.plus(closes.times(price)).minus(cost)
      this.cost = this.cost.minus(cost)
      this.quantity = this.quantity.minus(closes)
      opens = signed.plus(closes)
    }
    this.quantity = this.quantity.plus(opens)
    this.cost = this.cost.plus(opens.times(price))
  }

  /** As positions show themselves. */
  get shown(): object {
    // In two steps: half a unit that was shared comes out as a half again, and not as what is left of it in the last of 80 digits.
    const rounded = (value: Decimal, places: number): string =>
      noMinusZero(
        value.toDecimalPlaces(places + 8, Decimal.ROUND_HALF_EVEN).toDecimalPlaces(places, Decimal.ROUND_HALF_EVEN),
      )
    const money = (value: Decimal): string => rounded(value, 16)
    const average = this.quantity.isZero() ? this.quantity : this.cost.div(this.quantity)
    return {
      quantity: noMinusZero(this.quantity),
      costBasis: money(this.cost),
      averagePrice: rounded(average, 8),
      realised: money(this.realised),
      fees: money(this.fees),
    }
  }
}

function noMinusZero(value: Decimal): string {
  return value.isZero() ? '0' : value.toFixed()
}

const FILLS = LONG ? 1_000_000 : 30_000

test(
  `${FILLS} random fills: every position equal to a decimal library's in every digit`,
  () => {
    const random = generator(20_260_731)
    const strategies = ['momentum', 'mean-reversion', 'market-maker']
    const symbols = ['BTC-USDT', 'ETH-USDT', 'YES-1']
    const positions = new Positions()
    const references = new Map<string, Reference>()
    for (let i = 0; i < FILLS; i++) {
      const strategy = strategies[random(strategies.length)]
      const symbol = symbols[random(symbols.length)]
      const side = random(2) === 0 ? 'buy' : 'sell'
      // Digits of all lengths, and often exactly what is open: through zero, to zero, to its last unit.
      const open = references.get(`${strategy} ${symbol}`)?.quantity.abs().toFixed() ?? '0'
      const quantity = random(20) === 0 && open !== '0' ? open : decimal(random, 4, 8)
      const price = decimal(random, 6, 8)
      const fee = decimal(random, 2, 8)
      positions.apply({ strategy, symbol, side, quantity, price, fee })
      for (const key of [`${strategy} ${symbol}`, symbol]) {
        let reference = references.get(key)
        if (reference === undefined) references.set(key, (reference = new Reference()))
        reference.apply(side, quantity, price, fee)
      }
      if (i % 97 === 0 || i === FILLS - 1) {
        expect(positions.get(strategy, symbol)).toEqual(references.get(`${strategy} ${symbol}`)?.shown)
        expect(positions.total(symbol)).toEqual(references.get(symbol)?.shown)
      }
    }
    for (const strategy of strategies) {
      for (const symbol of symbols)
        expect(positions.get(strategy, symbol)).toEqual(references.get(`${strategy} ${symbol}`)?.shown)
    }
  },
  LONG ? 600_000 : 60_000,
)

test('for any fills, money in minus money out is the realised P&L once all is closed', () => {
  const amount = fc
    .integer({ min: 1, max: 10 ** 9 })
    .map(n => `${Math.floor(n / 1e4)}.${String(n % 1e4).padStart(4, '0')}`)
  fc.assert(
    fc.property(
      fc.array(fc.record({ buy: fc.boolean(), quantity: amount, price: amount }), { minLength: 1, maxLength: 60 }),
      fills => {
        const positions = new Positions()
        let cash = new Decimal(0)
        for (const { buy, quantity, price } of fills) {
          positions.apply(fill(buy ? 'buy' : 'sell', quantity, price))
          cash = cash.plus(new Reference.Exact(quantity).times(price).times(buy ? -1 : 1))
        }
        const { quantity } = positions.get('s', 'X')
        const left = new Reference.Exact(quantity)
        positions.settle('X', '7.25')
        expect(positions.get('s', 'X')).toMatchObject({
          quantity: '0',
          costBasis: '0',
          realised: noMinusZero(cash.plus(left.times('7.25'))),
        })
      },
    ),
    { numRuns: LONG ? 20_000 : 300, seed: 11 },
  )
})

test('settlement of 10,000 accounts: each gets its share, and the sum is exact', () => {
  const random = generator(77)
  const positions = new Positions({ scale: { price: 2, quantity: 0 } })
  const held = new Map<string, number>()
  for (let i = 0; i < 10_000; i++) {
    const account = `account-${i}`
    const yes = 1 + random(500)
    const cents = 1 + random(99)
    positions.apply({
      strategy: 'desk',
      account,
      symbol: 'YES',
      side: 'buy',
      price: (cents / 100).toFixed(2),
      quantity: yes,
    })
    held.set(account, yes * (100 - cents))
  }
  expect(positions.settle('YES', '1')).toBe(10_001)
  let sum = 0
  for (const [account, cents] of held) {
    expect(positions.account(account, 'YES')).toMatchObject({
      quantity: '0',
      costBasis: '0',
      realised: shownCents(cents),
    })
    sum += cents
  }
  expect(positions.total('YES').realised).toBe(shownCents(sum))
  expect(positions.get('desk', 'YES').realised).toBe(shownCents(sum))
  expect(positions.settle('YES', '1')).toBe(0)
})

function shownCents(cents: number): string {
  return new Decimal(cents).div(100).toFixed()
}

/** Whole numbers below `limit`, the same for the same seed (xorshift). */
function generator(seed: number): (limit: number) => number {
  let state = seed | 0
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

/** Up to so many digits before and after the point; above 0. */
function decimal(random: (limit: number) => number, whole: number, places: number): string {
  const digits = (count: number): string => Array.from({ length: count }, () => random(10)).join('')
  return `${String(1 + Number(digits(1 + random(whole))))}.${digits(1 + random(places))}`
}
