import { Decimal } from 'decimal.js'
import { array, assert, boolean, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { InversePosition } from '../../../dist/trading/strategies/inverse-position.js'

Decimal.set({ precision: 60 })

/** A contract over 100 USD that is settled in BTC. */
const PERPETUAL = new Instrument(1, {
  venue: 'sim',
  symbol: 'BTCUSD_PERP',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USD',
  settlement: 'BTC',
  priceTick: '0.5',
  quantityStep: '1',
  multiplier: '100',
  inverse: true,
})

interface FillOf {
  readonly isBuy: boolean
  readonly ticks: number
  readonly quantity: number
}

/** The same with a decimal library: average cost, without any rounding that matters. */
function fold(fills: readonly FillOf[]) {
  let [position, cost, realised] = [new Decimal(0), new Decimal(0), new Decimal(0)]
  for (const { isBuy, ticks, quantity } of fills) {
    const price = new Decimal(ticks).times('0.5')
    const signed = new Decimal(isBuy ? quantity : -quantity)
    const valueOf = (steps: Decimal): Decimal => steps.times(100).div(price)
    const isClosing = !position.isZero() && position.isPositive() !== isBuy
    const closed = isClosing
      ? Decimal.min(position.abs(), quantity).times(position.isPositive() ? 1 : -1)
      : new Decimal(0)
    if (isClosing) {
      const part = cost.times(closed).div(position)
      realised = realised.plus(part).minus(valueOf(closed))
      cost = cost.minus(part)
      position = position.minus(closed)
    }
    const opened = signed.plus(closed)
    position = position.plus(opened)
    cost = cost.plus(valueOf(opened))
  }
  return { position, cost, realised }
}

const FILLS = array(
  record({
    isBuy: boolean(),
    ticks: integer({ min: 1_000, max: 400_000 }),
    quantity: integer({ min: 1, max: 500 }),
  }),
  { minLength: 1, maxLength: 60 },
)

test("an inverse contract's position, average price and profit are those of a decimal library", () => {
  assert(
    property(FILLS, integer({ min: 1_000, max: 400_000 }), (fills, lastTicks) => {
      const position = new InversePosition(PERPETUAL)
      for (const { isBuy, ticks, quantity } of fills) position.fill(isBuy, ticks / 2, quantity)
      const expected = fold(fills)
      expect(position.quantity).toBe(expected.position.toNumber())
      // Each fill is rounded twice at most, to 10^-18.
      const within = (actual: number, exact: Decimal): void => {
        const error = exact.minus(actual).abs()
        expect(
          error.lte(
            exact
              .abs()
              .times(1e-15)
              .plus(fills.length * 1e-17),
          ),
        ).toBe(true)
      }
      within(position.realised, expected.realised)
      const last = lastTicks / 2
      const open = expected.position.isZero()
        ? new Decimal(0)
        : expected.cost.minus(expected.position.times(100).div(last))
      // Each fill was rounded to 10^-18, and the result once to a double.
      within(position.unrealised(lastTicks, lastTicks), open)
      if (expected.position.isZero()) expect(position.averagePrice).toBe(0)
      else within(position.averagePrice, expected.position.times(100).div(expected.cost))
    }),
  )
})

test('a long position gains in the settlement currency when the price rises, a short one when it falls', () => {
  const long = new InversePosition(PERPETUAL)
  long.fill(true, 50_000, 10)
  expect([long.quantity, long.averagePrice, long.unrealised(100_000, 100_000)]).toEqual([10, 50_000, 0])
  long.fill(false, 62_500, 10)
  // 1000 / 50,000 - 1000 / 62,500
  expect([long.quantity, long.averagePrice, long.realised]).toEqual([0, 0, 0.004])
  const short = new InversePosition(PERPETUAL)
  short.fill(false, 62_500, 10)
  short.fill(true, 50_000, 15)
  expect([short.quantity, short.averagePrice, short.realised]).toEqual([5, 50_000, 0.004])
})
