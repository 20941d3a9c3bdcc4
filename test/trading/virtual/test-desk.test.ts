import { existsSync } from 'node:fs'
import { PromiseReturnedError } from 'ticktape'
import { defineStrategy } from 'ticktape/runtime'
import { matchers, TestDesk } from 'ticktape/testing'
import { SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { feedOf, moduleOf, newHome, playToEnd, quote } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

expect.extend(matchers)
declare module 'vitest' {
  interface Assertion<T> {
    toReplay(): Promise<T>
  }
}

/** Buys when the price rises, and cancels what rests for five seconds. */
const momentum = () => {
  let last = 0
  return defineStrategy({
    id: 'momentum',
    onBook({ symbol, bid, ask }, context) {
      if (last > 0 && bid > last) {
        context.order({ symbol, side: 'buy', quantity: 1, price: ask })
        context.after(5000, 'patience')
      }
      last = bid
    },
    onTimer(_, context) {
      for (const { orderId } of context.openOrders()) context.cancel(orderId)
    },
    onFill({ price }, context) {
      context.log(`filled at ${price}`)
    },
  })
}

describe('a desk for tests', () => {
  test('gives market data, lets time pass, and shows orders, fills and positions', async () => {
    const desk = await TestDesk.open({ strategies: [momentum()], exchange: { fees: { maker: 0, taker: '0.001' } } })
    desk.quote('BTCUSDT', 100, 101)
    expect(desk.orders()).toEqual([])
    desk.quote('BTCUSDT', 101, 102, { ask: 0.4 })
    expect(desk.orders()).toMatchObject([
      {
        strategy: 'momentum',
        symbol: 'BTCUSDT',
        side: 'buy',
        state: 'partially-filled',
        filledQuantity: 0.4,
        price: 102,
      },
    ])
    expect(desk.fills('momentum')).toMatchObject([{ price: 102, quantity: 0.4, fee: 0.0408, liquidity: 'taker' }])
    desk.advance('4s')
    expect(desk.openOrders().length).toBe(1)
    desk.trade('BTCUSDT', 101.5, 0.1, 'sell')
    expect(desk.position('BTCUSDT')).toBe(0.5)
    desk.advance(1000)
    expect(desk.orders()).toMatchObject([{ state: 'cancelled', filledQuantity: 0.5 }])
    expect([desk.position('BTCUSDT', 'momentum'), desk.position('BTCUSDT', 'other')]).toEqual([0.5, 0])
    expect(desk.logs()).toEqual(['filled at 102', 'filled at 102'])
    expect(desk.now).toBe(BigInt(Date.UTC(2026, 0, 1, 0, 0, 5)) * 1_000_000n)
    expect((desk.venue() as SimulatedExchange).record().fills.length).toBe(2)
    await desk.close()
    expect(desk.orders().length).toBe(1)
    expect(existsSync(desk.home)).toBe(false)
  })

  test('halts and resumes, limits, and delays as live', async () => {
    const desk = await TestDesk.open({
      strategies: [momentum],
      exchange: { latencyNs: 250e6 },
      risk: { maxOrderQuantity: 1, maxPosition: 1.5 },
      at: new Date('2026-03-04T05:06:07Z'),
    })
    // The exchange says that the account is known, which takes as long as everything.
    desk.advance('1s')
    desk.quote('BTCUSDT', 100, 101)
    desk.halt('lunch')
    desk.quote('BTCUSDT', 101, 102)
    desk.resume()
    desk.quote('BTCUSDT', 102, 103)
    desk.quote('BTCUSDT', 103, 104)
    const states = (): (string | undefined)[][] => desk.orders().map(({ state, reason }) => [state, reason])
    expect(states()).toEqual([
      ['denied', 'halted'],
      ['submitted', 'none'],
      ['denied', 'position-limit'],
    ])
    desk.advance('249ms')
    expect(desk.orders()[1].state).toBe('submitted')
    desk.advance('251ms')
    expect(desk.orders()[1].state).not.toBe('submitted')
    expect(desk.now).toBe(BigInt(Date.UTC(2026, 2, 4, 5, 6, 8, 500)) * 1_000_000n)
    await desk.close()
  })

  test('a strategy that keeps a state has it again after a kill, also what it learnt since it was saved', async () => {
    const counting = () => {
      let seen = 0
      return defineStrategy({
        id: 'counting',
        state: {
          save: () => seen,
          load: (saved: number) => {
            seen = saved
          },
        },
        onBook(_, context) {
          seen++
          context.log(String(seen))
        },
      })
    }
    const desk = await TestDesk.open({ strategies: [counting] })
    for (let i = 0; i < 5; i++) {
      desk.quote('BTCUSDT', 100 + i, 101 + i)
      desk.advance('400ms')
    }
    await desk.restartStrategy('counting')
    await desk.restartGateway()
    desk.quote('BTCUSDT', 200, 201)
    expect(desk.logs()).toEqual(['1', '2', '3', '4', '5', '6'])
    await desk.close()
  })

  test('a strategy that keeps a state knows after a kill what it had sent, also what nobody has answered yet', async () => {
    const careful = () => {
      let sent = 0
      return defineStrategy({
        id: 'careful',
        state: {
          save: () => sent,
          load: (saved: number) => {
            sent = saved
          },
        },
        onBook({ symbol }, context) {
          if (context.openOrders().length > 0) return
          context.order({ symbol, side: 'buy', quantity: 1, price: 1, clientOrderId: `n${++sent}` })
        },
      })
    }
    const desk = await TestDesk.open({ strategies: [careful], exchange: { latencyNs: 2e9 } })
    desk.advance('5s')
    for (let i = 0; i < 3; i++) {
      desk.quote('BTCUSDT', 100 + i, 101 + i)
      desk.advance('600ms')
    }
    await desk.restartStrategy('careful')
    desk.quote('BTCUSDT', 200, 201)
    desk.advance('5s')
    desk.quote('BTCUSDT', 201, 202)
    expect(desk.orders().map(({ clientOrderId, state }) => [clientOrderId, state])).toEqual([['n1', 'accepted']])
    await desk.close()
  })

  test('kills and starts again a strategy or the gateway: nothing is lost, and nothing comes twice', async () => {
    const desk = await TestDesk.open({ strategies: [momentum] })
    desk.quote('BTCUSDT', 100, 101)
    desk.quote('BTCUSDT', 99, 100)
    await desk.restartStrategy('momentum')
    // It has forgotten the last price, as a new process would.
    desk.quote('BTCUSDT', 100, 101)
    expect(desk.orders()).toEqual([])
    desk.quote('BTCUSDT', 101, 102)
    expect(desk.orders()).toMatchObject([{ state: 'filled' }])
    await desk.restartGateway()
    expect(desk.position('BTCUSDT', 'momentum')).toBe(1)
    desk.quote('BTCUSDT', 101, 102)
    desk.quote('BTCUSDT', 102, 103)
    expect(desk.fills().map(({ price }) => price)).toEqual([102, 103])
    await desk.close()
  })

  test('passes on what a handler throws, and refuses what it cannot do by name', async () => {
    const desk = await TestDesk.open({
      strategies: [
        defineStrategy({
          id: 'a',
          onBook() {
            throw new RangeError('too far')
          },
        }),
      ],
    })
    expect(() => desk.quote('BTCUSDT', 100, 101)).toThrow('too far')
    const waiting = await TestDesk.open({
      strategies: [defineStrategy({ id: 'a', onBook: () => Promise.resolve() as never })],
    })
    expect(() => waiting.quote('BTCUSDT', 100, 101)).toThrow(PromiseReturnedError)
    await waiting.close()
    expect(() => desk.advance('soon')).toThrow("advance() takes ms or a time such as '5s'")
    expect(() => desk.venue('moon')).toThrow('there is no venue "moon"')
    expect(() => desk.position('XYZ')).toThrow('there is no instrument')
    expect(await rejectionOf(desk.restartStrategy('b'))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    await desk.close()
    for (const options of [
      {},
      { strategies: [{}] },
      { strategies: [momentum, momentum] },
      { strategies: [momentum], at: 5 },
    ])
      expect(await rejectionOf(TestDesk.open(options as never))).toMatchObject({
        code: expect.stringMatching(/^ERR_(INVALID_OPTION|STRATEGY)$/) as string,
      })
  })

  test('expect(home).toReplay() passes for a home and a desk, and says who differs', { timeout: 120_000 }, async () => {
    const file = moduleOf(`let n = 0
      export default defineStrategy({ id: 'a', onBook({ symbol }, { order }) {
        order({ symbol, side: 'buy', quantity: ++n, price: 100 })
      } })`)
    const desk = await TestDesk.open({ strategies: [file] })
    for (let i = 0; i < 5; i++) desk.quote('BTCUSDT', 100 - i, 101 - i)
    await expect(desk).toReplay()
    await desk.close()
    const clock = moduleOf(`export default defineStrategy({ id: 'clock', onBook({ symbol }, { order }) {
      order({ symbol, side: 'buy', quantity: 1 + (process.pid % 100_000) / 1e6, price: 100 })
    } })`)
    const home = newHome()
    await playToEnd({ home, strategies: [clock], feed: feedOf([quote('BTCUSDT', 99, 101)]) })
    await expect(expect(home).toReplay()).rejects.toThrow(
      /does not replay\ngateway: same: .*\nsim: same: .*\nclock: different: it sends other values: quantity/,
    )
    await expect(expect(5).toReplay()).rejects.toThrow('a home, or something that has one, was expected')
  })
})
