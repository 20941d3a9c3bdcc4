/** Balances and fees are those that a decimal library computes from the reported fills. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { Instrument, type InstrumentSpec, SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'

const Exact = Decimal.clone({ precision: 60 })

interface Trade {
  readonly account: number
  readonly other: number
  readonly ticks: number
  readonly steps: number
}

const trades = fc.array(
  fc.record({
    account: fc.integer({ min: 0, max: 2 }),
    other: fc.integer({ min: 1, max: 2 }),
    ticks: fc.oneof(fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 2 ** 24 })),
    steps: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2 ** 24 })),
  }),
  { minLength: 1, maxLength: 40 },
)
const rates = fc.integer({ min: -1000, max: 1000 }).map(n => new Exact(n).div(1e6).toFixed())
const terms = fc.record({
  priceTick: fc.constantFrom('0.1', '0.05', '25', '0.00000001', '0.0025'),
  quantityStep: fc.constantFrom('1', '0.001', '0.00001', '10', '0.3'),
  multiplier: fc.constantFrom('1', '0.01', '100'),
})

/** Each trade as a resting buy order and a market sell order. Answers what was reported of fees. */
function play(exchange: SimulatedExchange, instrument: Instrument, list: readonly Trade[]): Map<string, number> {
  const fees = new Map<string, number>()
  exchange.start(event => {
    if (event.kind === 'fill') fees.set(`${event.idLow}`, event.fee)
  })
  const order = (idLow: number, account: number, side: number, type: number, { ticks, steps }: Trade): void =>
    exchange.submit(
      {
        idHigh: 1,
        idLow,
        instrument,
        account,
        side,
        type,
        timeInForce: 0,
        ticks: type === 0 ? ticks : 0,
        steps,
        stopTicks: 0,
        expireAt: 0,
        postOnly: false,
        reduceOnly: false,
        deadline: 0,
      },
      0,
    )
  for (const [i, trade] of list.entries()) {
    order(2 * i + 1, trade.account, 0, 0, trade)
    order(2 * i + 2, (trade.account + trade.other) % 3, 1, 1, trade)
  }
  return fees
}

function specOf(kind: 'spot' | 'perpetual', inverse: boolean, more: Partial<InstrumentSpec>): InstrumentSpec {
  return { venue: 'sim', symbol: 'X', kind, base: 'BTC', quote: 'USDT', inverse, ...more } as InstrumentSpec
}

describe('equal to a decimal library', () => {
  test('spot: quote and base balances, with fees and rebates', () => {
    fc.assert(
      fc.property(terms, rates, rates, trades, (grid, maker, taker, list) => {
        const spec = specOf('spot', false, grid)
        const instrument = new Instrument(1, spec)
        const exchange = new SimulatedExchange({ accounts: 3, fees: { maker, taker } })
        const fees = play(exchange, instrument, list)
        const cash = [new Exact(0), new Exact(0), new Exact(0)]
        const base = [new Exact(0), new Exact(0), new Exact(0)]
        for (const [i, { account, other, ticks, steps }] of list.entries()) {
          const seller = (account + other) % 3
          const size = new Exact(steps).mul(grid.quantityStep).mul(grid.multiplier)
          const value = size.mul(new Exact(ticks).mul(grid.priceTick))
          expect(fees.get(`${2 * i + 1}`)).toBe(value.mul(maker).toNumber() + 0)
          expect(fees.get(`${2 * i + 2}`)).toBe(value.mul(taker).toNumber() + 0)
          cash[account] = cash[account].minus(value).minus(value.mul(maker))
          cash[seller] = cash[seller].plus(value).minus(value.mul(taker))
          base[account] = base[account].plus(size)
          base[seller] = base[seller].minus(size)
        }
        for (const index of [0, 1, 2]) {
          const { balances } = exchange.account(index)
          expect(balances.USDT ?? '0').toBe(plain(cash[index]))
          expect(balances.BTC ?? '0').toBe(plain(base[index]))
        }
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  test('linear contracts: profit after all positions are settled', () => {
    fc.assert(
      fc.property(
        terms,
        rates,
        rates,
        trades,
        fc.integer({ min: 1, max: 2_000_000 }),
        (grid, maker, taker, list, last) => {
          const instrument = new Instrument(1, specOf('perpetual', false, grid))
          const exchange = new SimulatedExchange({ accounts: 3, fees: { maker, taker } })
          play(exchange, instrument, list)
          exchange.settle(instrument, last, 0)
          const cash = [new Exact(0), new Exact(0), new Exact(0)]
          const size = new Exact(grid.quantityStep).mul(grid.multiplier)
          for (const { account, other, ticks, steps } of list) {
            const seller = (account + other) % 3
            const value = size.mul(steps).mul(grid.priceTick).mul(ticks)
            const worth = size.mul(steps).mul(grid.priceTick).mul(last)
            cash[account] = cash[account].plus(worth).minus(value).minus(value.mul(maker))
            cash[seller] = cash[seller].minus(worth).plus(value).minus(value.mul(taker))
          }
          for (const index of [0, 1, 2]) expect(exchange.account(index).balances.USDT ?? '0').toBe(plain(cash[index]))
        },
      ),
      { numRuns: 60, endOnFailure: true },
    )
  })

  test('inverse contracts: each value rounded to 8 decimals, half up', () => {
    fc.assert(
      fc.property(
        terms,
        rates,
        rates,
        trades,
        fc.integer({ min: 10_000, max: 2_000_000 }),
        (drawnTerms, maker, taker, drawn, last) => {
          const grid = drawnTerms.priceTick === '0.00000001' ? { ...drawnTerms, priceTick: '0.001' } : drawnTerms
          // At prices near 0 an inverse contract is worth more than the exchange accepts.
          const list = drawn.map(trade => ({ ...trade, ticks: trade.ticks + 10_000 }))
          const instrument = new Instrument(1, specOf('perpetual', true, grid))
          const exchange = new SimulatedExchange({ accounts: 3, fees: { maker, taker } })
          play(exchange, instrument, list)
          exchange.settle(instrument, last, 0)
          const valueAt = (steps: number, ticks: number): Decimal =>
            new Exact(steps)
              .mul(grid.quantityStep)
              .mul(grid.multiplier)
              .div(new Exact(ticks).mul(grid.priceTick))
              .toDecimalPlaces(8, Decimal.ROUND_HALF_UP)
          const cost = [new Exact(0), new Exact(0), new Exact(0)]
          const fees = [new Exact(0), new Exact(0), new Exact(0)]
          const positions = [0, 0, 0]
          for (const { account, other, ticks, steps } of list) {
            const seller = (account + other) % 3
            const value = valueAt(steps, ticks)
            cost[account] = cost[account].plus(value)
            cost[seller] = cost[seller].minus(value)
            fees[account] = fees[account].plus(value.mul(maker))
            fees[seller] = fees[seller].plus(value.mul(taker))
            positions[account] += steps
            positions[seller] -= steps
          }
          for (const index of [0, 1, 2]) {
            const position = positions[index]
            const worth = valueAt(Math.abs(position), last).mul(Math.sign(position))
            // A contract in base earns what it cost more than it is worth.
            const expected = cost[index].minus(worth).minus(fees[index])
            expect(exchange.account(index).balances.BTC ?? '0').toBe(plain(expected))
          }
        },
      ),
      { numRuns: 60, endOnFailure: true },
    )
  })
})

function plain(value: Decimal): string {
  return value.isZero() ? '0' : value.toFixed()
}
