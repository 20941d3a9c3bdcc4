import { Decimal } from 'decimal.js'
import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { Instruments } from '../../../dist/trading/instruments/instruments.js'
import { OwnPositions } from '../../../dist/trading/strategies/own-positions.js'
import { DecimalPosition } from '../../support/decimal-position.ts'

Decimal.set({ precision: 100 })

const future = (priceTick: string, quantityStep: string, multiplier: string) =>
  ({
    venue: 'sim',
    symbol: 'BTCUSDT_F',
    kind: 'future',
    base: 'BTC',
    quote: 'USDT',
    priceTick,
    quantityStep,
    multiplier,
  }) as const

interface FillOf {
  readonly isBuy: boolean
  readonly ticks: number
  readonly steps: number
}

/** What a strategy is shown after these fills and a quote. */
function shown(spec: ReturnType<typeof future>, fills: readonly FillOf[], bid: number, ask: number) {
  const instruments = new Instruments()
  const instrument = instruments.add(spec)
  const positions = new OwnPositions(instruments)
  const { price, quantity } = instrument
  for (const { isBuy, ticks, steps } of fills)
    positions.filled({
      instrument: 1,
      side: isBuy ? 'buy' : 'sell',
      price: price.valueOf(ticks),
      quantity: quantity.valueOf(steps),
    } as never)
  positions.quoted(1, price.valueOf(bid), price.valueOf(ask))
  return positions.of(instrument)
}

test('unrealised profit is exact: a middle between two ticks, and a multiplier, are no calculation in doubles', () => {
  // (0.1 + 0.2) / 2 is 0.15000000000000002 in doubles.
  expect((0.1 + 0.2) / 2).not.toBe(0.15)
  const fills = [{ isBuy: true, ticks: 1, steps: 3 }]
  expect(shown(future('0.1', '1', '1'), fills, 1, 2)).toEqual({
    quantity: 3,
    averagePrice: 0.1,
    realised: 0,
    unrealised: 0.15,
  })
  // 3 * 0.05 * 0.1: 0.015000000000000003 in doubles.
  expect(shown(future('0.1', '1', '0.1'), fills, 1, 2).unrealised).toBe(0.015)
  expect(shown(future('0.1', '1', '1'), fills, 0, 2).unrealised).toBe(0)
})

test('realised and unrealised profit are the doubles nearest to what a decimal library says', () => {
  const fill = record({ isBuy: boolean(), ticks: integer({ min: 1, max: 1e6 }), steps: integer({ min: 1, max: 1000 }) })
  const spec = record({
    tick: constantFrom('0.1', '0.00001', '0.25', '3'),
    step: constantFrom('0.001', '1', '0.5'),
    multiplier: constantFrom('1', '0.01', '10', '0.001'),
  })
  assert(
    property(
      spec,
      array(fill, { minLength: 1, maxLength: 20 }),
      integer({ min: 1, max: 1e6 }),
      ({ tick, step, multiplier }, given, bid) => {
        // All of one side, so that no share of a cost is divided; then a half is closed.
        const opened = given.map(one => ({ ...one, isBuy: given[0].isBuy, steps: 2 * one.steps }))
        const total = opened.reduce((sum, { steps }) => sum + steps, 0)
        const fills = [...opened, { isBuy: !given[0].isBuy, ticks: bid, steps: total / 2 }]
        const ask = bid + 1
        const worth = (ticks: Decimal.Value, steps: number): Decimal =>
          new Decimal(ticks).times(tick).times(steps).times(step).times(multiplier)
        const sign = given[0].isBuy ? 1 : -1
        const cost = opened.reduce((sum, one) => sum.plus(worth(one.ticks, one.steps)), new Decimal(0)).div(2)
        const realised = worth(bid, total / 2)
          .minus(cost)
          .times(sign)
        const unrealised = worth(new Decimal(bid).plus(ask).div(2), total / 2)
          .minus(cost)
          .times(sign)
        const position = shown(future(tick, step, multiplier), fills, bid, ask)
        expect([position.realised, position.unrealised]).toEqual([realised.toNumber() + 0, unrealised.toNumber() + 0])
      },
    ),
  )
})

test('fills of both sides, with shares of a cost that are no decimals, give what a decimal library gives, to the last bit', () => {
  const fill = record({ isBuy: boolean(), ticks: integer({ min: 900, max: 1100 }), steps: integer({ min: 1, max: 7 }) })
  assert(
    property(array(fill, { minLength: 1, maxLength: 200 }), fills => {
      const expected = new DecimalPosition()
      for (const { isBuy, ticks, steps } of fills) expected.fill(isBuy ? steps : -steps, ticks)
      const { quantity, averagePrice, realised } = shown(future('0.1', '0.001', '1'), fills, 0, 0)
      expect({ quantity, averagePrice, realised }).toEqual(expected.shown(10, 1000))
    }),
  )
})
