/** Profit as risk counts it, against `Positions` and against decimal.js. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { Positions } from 'ticktape/trading'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Instrument, InstrumentSpec } from '../../../dist/trading/instruments/instrument.js'
import { profitOf } from '../../../dist/trading/risk/desk.js'
import type { Owner } from '../../../dist/trading/risk/owner.js'
import { BTC, ETH, INVERSE } from '../../support/orders.ts'
import { TestDesk } from '../../support/risk.ts'

beforeAll(() => {
  Decimal.set({ precision: 80 })
})

function profitIn(desk: TestDesk, owner: Owner, currency: string): Decimal {
  const { decimals } = desk.risk.desk.currency(currency)
  return new Decimal(String(profitOf(owner, desk.risk.desk.currency(currency)))).div(new Decimal(10).pow(decimals))
}

function kept(desk: TestDesk, owner: Owner, currency: string): Decimal {
  const money = desk.risk.desk.currency(currency)
  return new Decimal(String(owner.totalsIn(money).profit.toBigInt())).div(new Decimal(10).pow(money.decimals))
}

const FINE: InstrumentSpec = { ...BTC, symbol: 'PEPEUSDT', base: 'PEPE', priceTick: '0.00000001', quantityStep: '1' }
const COARSE: InstrumentSpec = {
  ...BTC,
  symbol: 'ES',
  base: 'ES',
  priceTick: '0.25',
  quantityStep: '1',
  multiplier: '50',
}

const trades = fc.array(
  fc.record({
    instrument: fc.nat(2),
    strategy: fc.constantFrom(1, 2),
    account: fc.constantFrom(0, 1),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    steps: fc.integer({ min: 1, max: 5000 }),
    ticks: fc.integer({ min: 1, max: 1_000_000 }),
    fee: fc.integer({ min: -500, max: 500 }),
  }),
  { minLength: 1, maxLength: 25 },
)
const quotes = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 3, maxLength: 3 })

describe('linear instruments', () => {
  test('realised and unrealised profit less fees is that of Positions, by strategy, account and total', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(trades, quotes, (list, prices) => {
        const desk = new TestDesk({ maxDailyLoss: 1e12 }, [BTC, ETH, FINE])
        const positions = new Positions({ scale: { price: 8, quantity: 8 } })
        for (const { instrument: index, strategy, account, side, steps, ticks, fee } of list) {
          const instrument = desk.all[index]
          const order = desk.order(
            { side: side === 'buy' ? 0 : 1, steps, ticks, accountNumber: account },
            strategy,
            instrument,
          )
          desk.orders.submit(order, desk.now)
          desk.fill(order, steps, ticks, { fee: fee / 1e6, feeCurrency: 'USDT' })
          positions.apply({
            strategy: String(strategy),
            account: String(account),
            symbol: instrument.symbol,
            side,
            price: decimal(instrument.spec.priceTick, ticks),
            quantity: decimal(instrument.spec.quantityStep, steps),
            fee: decimal('0.000001', fee),
          })
        }
        desk.all.forEach((instrument, i) => desk.quote(prices[i], prices[i] + 10, instrument))
        for (const [owner, of] of [
          [desk.risk.desk.strategy(1), (symbol: string) => positions.get('1', symbol)],
          [desk.risk.desk.strategy(2), (symbol: string) => positions.get('2', symbol)],
          [desk.risk.desk.account(1), (symbol: string) => positions.account('1', symbol)],
          [desk.risk.desk.desk, (symbol: string) => positions.total(symbol)],
        ] as const) {
          let wanted = new Decimal(0)
          desk.all.forEach((instrument, i) => {
            const position = of(instrument.symbol)
            const closing = Number(position.quantity) > 0 ? prices[i] : prices[i] + 10
            wanted = wanted
              .add(position.realised)
              .sub(position.fees)
              .add(position.unrealised(decimal(instrument.spec.priceTick, closing)))
          })
          expect(profitIn(desk, owner, 'USDT').toFixed()).toBe(wanted.toFixed())
        }
        expect(kept(desk, desk.risk.desk.desk, 'USDT').toFixed()).toBe(
          profitIn(desk, desk.risk.desk.desk, 'USDT').toFixed(),
        )
      }),
      { numRuns: 50 },
    )
  })
  test('amounts that no double holds are exact', () => {
    const desk = new TestDesk({ maxDailyLoss: 1e15 }, [FINE, COARSE])
    const [fine, coarse] = desk.all
    desk.trade(2 ** 40 + 1, 123_456_789, 1, fine)
    desk.trade(-(2 ** 30 + 1), 20_001, 1, coarse)
    desk.quote(123_456_788, 123_456_790, fine)
    desk.quote(20_000, 20_003, coarse)
    const wanted = new Decimal(2 ** 40 + 1)
      .mul(-1)
      .mul('1e-8')
      .add(new Decimal(2 ** 30 + 1).mul(-2).mul('0.25').mul(50))
    expect(profitIn(desk, desk.risk.desk.desk, 'USDT').toFixed()).toBe(wanted.toFixed())
    expect(kept(desk, desk.risk.desk.desk, 'USDT').toFixed()).toBe(wanted.toFixed())
  })
  test('a finer instrument that comes later changes no sum and no limit', () => {
    const desk = new TestDesk({ maxExposure: 5, maxDailyLoss: 1 }, [BTC])
    desk.trade(20, 1000)
    const order = desk.send({ steps: 10 })
    const before = kept(desk, desk.risk.desk.desk, 'USDT').toFixed()
    const fine = desk.instruments.add({ ...FINE, priceTick: '0.000000000001' })
    desk.risk.addInstrument(fine)
    expect(desk.risk.desk.currency('USDT').decimals).toBeGreaterThan(12)
    expect(kept(desk, desk.risk.desk.desk, 'USDT').toFixed()).toBe(before)
    expect(desk.reasonFor({ steps: 21 })).toBe('exposure-limit')
    expect(desk.reasonFor({ steps: 20 })).toBe('none')
    desk.say(order, 'cancelled', { filledSteps: 0 })
    expect(desk.reasonFor({ steps: 31 })).toBe('exposure-limit')
    expect(desk.reasonFor({ steps: 30 })).toBe('none')
  })
  test('an instrument that is too fine to be counted is refused by name, and changes nothing', () => {
    const desk = new TestDesk({ maxExposure: 5 }, [BTC])
    const fine = desk.instruments.add({ ...FINE, priceTick: '0.0000000000001', quantityStep: '0.0000000001' })
    expect(() => desk.risk.addInstrument(fine)).toThrow(/PEPEUSDT\.binance have 23 decimals/)
    const large = desk.instruments.add({ ...FINE, symbol: 'HUGE', priceTick: '100000000', quantityStep: '100' })
    expect(() => desk.risk.addInstrument(large)).toThrow(/cannot count HUGE\.binance exactly/)
    expect(desk.reasonFor({ steps: 50 })).toBe('none')
  })
  test('a fee in another currency is a loss in that currency', () => {
    const desk = new TestDesk({ maxDailyLoss: 0.5 })
    const order = desk.send()
    desk.fill(order, 10, 1000, { fee: 0.5, feeCurrency: 'BNB' })
    expect(desk.reasonFor()).toBe('none')
    expect(kept(desk, desk.risk.desk.desk, 'BNB').toFixed()).toBe('-0.5')
    expect(kept(desk, desk.risk.desk.desk, 'USDT').toFixed()).toBe('-0.001')
    const next = desk.send()
    desk.fill(next, 1, 1000, { fee: 1e-9, feeCurrency: 'BNB' })
    expect(desk.reasonFor()).toBe('daily-loss')
  })
})

describe('inverse contracts', () => {
  /** What a quantity is worth, rounded as the rule says. */
  const value = ({ spec, price }: Instrument, steps: number, ticks: number, decimals: number): Decimal =>
    new Decimal(steps)
      .mul(spec.multiplier ?? 1)
      .div(new Decimal(ticks).mul(price.step))
      .toDecimalPlaces(decimals, Decimal.ROUND_HALF_UP)

  test('profit in the base currency is the sum of rounded values, and near the exact one', { timeout: 120_000 }, () => {
    const list = fc.array(
      fc.record({
        side: fc.constantFrom(1, -1),
        steps: fc.integer({ min: 1, max: 100_000 }),
        ticks: fc.integer({ min: 1, max: 2_000_000 }),
      }),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 2_000_000 }), (fills, bid) => {
        const desk = new TestDesk({ maxDailyLoss: 1e9 }, [INVERSE])
        const instrument = desk.btc
        const { decimals } = desk.risk.desk.currency('BTC')
        let wanted = new Decimal(0)
        let exact = new Decimal(0)
        let position = 0
        for (const { side, steps, ticks } of fills) {
          desk.trade(side * steps, ticks)
          wanted = wanted.add(value(instrument, steps, ticks, decimals).mul(side))
          exact = exact.add(new Decimal(side * steps * 100).div(new Decimal(ticks).div(10)))
          position += side * steps
        }
        desk.quote(bid, bid + 1)
        const closing = position > 0 ? bid : bid + 1
        wanted = wanted.sub(value(instrument, position, closing, decimals))
        exact = exact.sub(new Decimal(position * 100).div(new Decimal(closing).div(10)))
        const found = kept(desk, desk.risk.desk.desk, 'BTC')
        expect(found.toFixed()).toBe(wanted.toFixed())
        const most = new Decimal(10)
          .pow(-decimals)
          .div(2)
          .mul(fills.length + 1)
        expect(found.sub(exact).abs().lte(most)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
  test('a long position gains when the price rises', () => {
    const desk = new TestDesk({ maxDailyLoss: 1 }, [INVERSE])
    desk.trade(500, 500_000)
    desk.quote(625_000, 625_010)
    // 50,000 USD at 50,000 and at 62,500: 1 BTC and 0.8 BTC.
    expect(kept(desk, desk.risk.desk.desk, 'BTC').toFixed()).toBe('0.2')
  })
  test('its notional and exposure are its quantity in the quote currency, whatever the price', () => {
    const desk = new TestDesk({ maxOrderNotional: 1000, maxExposure: 2500 }, [INVERSE])
    expect(desk.reasonFor({ steps: 11 })).toBe('notional-too-large')
    expect(desk.reasonFor({ steps: 10, ticks: 900_000 })).toBe('none')
    desk.trade(20, 5)
    expect(desk.reasonFor({ steps: 6 })).toBe('exposure-limit')
    expect(desk.reasonFor({ steps: 5 })).toBe('none')
  })
})

function decimal(step: string, units: number): string {
  return new Decimal(step).mul(units).toFixed()
}
