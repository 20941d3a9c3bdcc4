/** Nothing is created and nothing is lost: money, quantity, and the order of the book, whatever is sent. */
import * as fc from 'fast-check'
import type { SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { INSTRUMENTS, Stream, type StreamOptions } from './stream.ts'

const FEES = { maker: '-0.00015', taker: '0.00075' }
const KINDS: Record<string, StreamOptions> = {
  'accounts without limits': { fees: FEES },
  'accounts with balances, and liquidations': {
    fees: FEES,
    balances: { USDT: 3, BTC: '0.08' },
    leverage: 200,
    maintenanceMargin: 0.01,
  },
  'no recorded market': { fees: FEES, recorded: false, selfTrade: 'decrement' },
  'the probabilistic queue': { fees: FEES, queue: 'probabilistic', selfTrade: 'cancel-oldest' },
  'latency and faults': {
    fees: FEES,
    latencyNs: { to: { min: 10, max: 100 }, from: 30 },
    faults: {
      reject: 0.1,
      lostRequest: 0.1,
      lostAnswer: 0.1,
      late: 0.05,
      doubled: 0.1,
      reordered: 0.1,
      disconnect: 0.01,
    },
  },
}

function checkBook(exchange: SimulatedExchange): void {
  const open = new Map(
    exchange
      .record()
      .orders.filter(({ state }) => state === 'open')
      .map(order => [order.idLow, order]),
  )
  for (const instrument of INSTRUMENTS) {
    const { bids, asks } = exchange.book(instrument)
    if (bids.length > 0 && asks.length > 0) expect(bids[0].ticks).toBeLessThan(asks[0].ticks)
    for (const [levels, sign] of [
      [bids, -1],
      [asks, 1],
    ] as const) {
      for (const [i, level] of levels.entries()) {
        if (i > 0) expect((level.ticks - levels[i - 1].ticks) * sign).toBeGreaterThan(0)
        expect(level.orders.length).toBeGreaterThan(0)
        // Who came first has no more in front.
        const ahead = level.orders.map(order => order.ahead)
        expect(ahead).toEqual([...ahead].sort((a, b) => a - b))
        for (const { idLow, steps } of level.orders) {
          const order = open.get(idLow)
          expect(order).toMatchObject({
            ticks: level.ticks,
            side: sign < 0 ? 'buy' : 'sell',
            instrument: instrument.number,
          })
          expect(steps).toBe((order?.steps ?? 0) - (order?.filledSteps ?? 0))
          expect(steps).toBeGreaterThan(0)
        }
      }
    }
  }
}

/** Every order's fills add up to what is filled of it; every trade between two orders has two equal sides. */
function checkRecord(exchange: SimulatedExchange): void {
  const { orders, fills } = exchange.record()
  const filled = new Map<string, number>()
  for (const fill of fills) {
    const key = `${fill.idHigh}-${fill.idLow}`
    filled.set(key, (filled.get(key) ?? 0) + fill.steps)
  }
  for (const { idHigh, idLow, filledSteps, steps, state } of orders) {
    expect(filled.get(`${idHigh}-${idLow}`) ?? 0).toBe(filledSteps)
    expect(filledSteps).toBeLessThanOrEqual(steps)
    expect(filledSteps === steps).toBe(state === 'filled')
  }
  const trades = new Map<string, (typeof fills)[number][]>()
  for (const fill of fills) trades.set(fill.tradeId, [...(trades.get(fill.tradeId) ?? []), fill])
  for (const sides of trades.values()) {
    expect(sides.length).toBeLessThanOrEqual(2)
    if (sides.length === 1) continue
    expect(sides.map(({ side }) => side).sort()).toEqual(['buy', 'sell'])
    expect(sides.filter(({ maker }) => maker)).toHaveLength(1)
    expect([sides[0].ticks, sides[0].steps]).toEqual([sides[1].ticks, sides[1].steps])
    expect(sides[0].account).not.toBe(sides[1].account)
  }
}

describe('for every stream of calls', () => {
  for (const [name, options] of Object.entries(KINDS)) {
    test(`${name}: sums stay what they were, and the book is sorted and never crossed`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 400 }), (seed, length) => {
          const stream = new Stream(seed, options)
          const { exchange } = stream
          const paidIn = exchange.sums().cash
          for (let i = 0; i < length; i++) {
            stream.step()
            const { cash, positions } = exchange.sums()
            for (const [currency, sum] of Object.entries(cash)) expect(sum).toBe(paidIn[currency] ?? '0')
            for (const sum of Object.values(positions)) expect(sum).toBe(0)
          }
          checkBook(exchange)
          checkRecord(exchange)
        }),
        { numRuns: 40 },
      )
    })
  }

  test('no account stays below its maintenance margin while somebody would trade with it', () => {
    let liquidations = 0
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), seed => {
        const stream = new Stream(seed, { fees: FEES, balances: { USDT: 3, BTC: '0.08' }, leverage: 200 })
        const { exchange } = stream
        for (let i = 0; i < 300; i++) {
          stream.step()
          for (const [index] of exchange.accounts.entries()) {
            const { margins, positions } = exchange.account(index)
            for (const { currency, equity, maintenance } of margins) {
              if (equity >= maintenance) continue
              const open = positions.filter(
                one => one.currency === currency && one.instrument > 1 && one.position !== 0,
              )
              for (const { instrument, position } of open) {
                const { bids, asks } = exchange.book(INSTRUMENTS[instrument - 1])
                expect(position > 0 ? bids : asks).toEqual([])
              }
            }
          }
        }
        liquidations += exchange.record().orders.filter(({ idHigh }) => idHigh === 0).length
      }),
      { numRuns: 40 },
    )
    expect(liquidations).toBeGreaterThan(0)
  })

  test('nothing stays reserved once every order has ended', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), seed => {
        const stream = new Stream(seed, { fees: FEES, balances: { USDT: 400, BTC: '0.5' }, leverage: 20 })
        const { exchange } = stream
        for (let i = 0; i < 300; i++) stream.step()
        for (const { idHigh, idLow, state } of exchange.record().orders)
          if (state === 'open') exchange.cancel(idHigh, idLow, 1, stream.now)
        expect(exchange.record().orders.filter(({ state }) => state === 'open')).toEqual([])
        for (const [index] of exchange.accounts.entries()) {
          const { reserved, balances } = exchange.account(index)
          expect(Object.values(reserved).filter(amount => amount !== '0')).toEqual([])
          // Spot alone cannot make a balance negative, and the exchange pays for the rest.
          expect(Object.keys(balances).length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 40 },
    )
  })
})
