import { join } from 'node:path'
import { Gateway, type GatewayOptions, replayGateway, replayStrategy } from 'ticktape/runtime'
import { Order, SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { Intent, TimerFired, TimerRequest } from '../../../dist/trading/sequence/frames.js'
import {
  fillsOf,
  framesOf,
  moduleOf,
  newHome,
  notesOf,
  ordersOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'

/** Ticks of 0.1 and steps of 0.001. */
const BTC = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const
const ETH = { ...BTC, symbol: 'ETHUSDT', base: 'ETH' } as const

interface Played {
  readonly home: string
  readonly file: string
}

/** Runs a strategy while the test gives it the market; then everything must be the same in replay. */
async function play(
  body: string,
  market: (feed: PushedFeed, gateway: Gateway) => Promise<void>,
  options: Partial<GatewayOptions> = {},
  settles = true,
): Promise<Played> {
  const home = options.home ?? newHome()
  const file = moduleOf(body)
  const feed = new PushedFeed()
  const venue = options.venue ?? new SimulatedExchange({ instruments: [BTC, ETH] })
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [file], feed, venue, ...options })
  try {
    await market(feed, gateway)
    if (settles) await settled(gateway)
  } finally {
    expect(await gateway.stop()).toBe(true)
  }
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  return { home, file }
}

/** The last report of each order, by its label. */
function endsOf(home: string): Record<string, string> {
  const labels = new Map(ordersOf(home).map(order => [order.orderId, order.clientOrderId] as const))
  for (const order of ordersOf(home)) if (order.clientOrderId !== '') labels.set(order.orderId, order.clientOrderId)
  const ends: Record<string, string> = {}
  for (const { orderId, state, reason } of reportsOf(home)) ends[labels.get(orderId) ?? ''] = `${state} ${reason}`
  return ends
}

describe('the context of a strategy', () => {
  test('amends, cancels, and cancels all: the order that works is the one asked for last', async () => {
    const { home } = await play(
      `let first, second, third, step = 0
      export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
        switch (Number(tradeId)) {
          case 1:
            first = context.order({ symbol, side: 'buy', quantity: 1, price: 90, clientOrderId: 'first' })
            second = context.order({ symbol, side: 'buy', quantity: 2, price: 91, clientOrderId: 'second' })
            third = context.order({ symbol, side: 'sell', quantity: 1, price: 120, clientOrderId: 'third' })
            context.order({ symbol: 'ETHUSDT', side: 'buy', quantity: 1, price: 5, clientOrderId: 'other' })
            break
          case 2:
            context.amend(first, { price: 92 })
            context.amend(second, { quantity: 5 })
            context.amend(third, { price: 121.05 })
            break
          case 3:
            context.cancelAll('BTCUSDT')
            break
          case 4:
            context.amend(first, { price: 93 })
            context.cancel(first)
            break
        }
      } })`,
      async (feed, gateway) => {
        feed.push(quote('ETHUSDT', 10, 11), quote('BTCUSDT', 100, 101))
        for (let id = 1; id <= 4; id++) {
          feed.push(trade('BTCUSDT', 100, id))
          await settled(gateway)
        }
      },
    )
    const seen = reportsOf(home).map(({ clientOrderId, request, state, reason, price, quantity }) => [
      clientOrderId,
      request,
      state,
      reason,
      price,
      quantity,
    ])
    expect(seen).toEqual([
      ['first', 0, 'accepted', 'none', 90, 1],
      ['second', 0, 'accepted', 'none', 91, 2],
      ['third', 0, 'accepted', 'none', 120, 1],
      ['other', 0, 'accepted', 'none', 5, 1],
      ['first', 1, 'accepted', 'none', 92, 1],
      ['second', 1, 'accepted', 'none', 91, 5],
      // Not a multiple of the tick.
      ['third', 1, 'accepted', 'price-tick', 120, 1],
      ['first', expect.any(Number), 'cancelled', 'requested', 92, 1],
      ['second', expect.any(Number), 'cancelled', 'requested', 91, 5],
      ['third', expect.any(Number), 'cancelled', 'requested', 120, 1],
      ['first', 2, 'cancelled', 'order-is-final', 92, 1],
      ['first', 3, 'cancelled', 'order-is-final', 92, 1],
    ])
  })

  test('knows its orders and its position, also after a restart of its process, and what was on the way', async () => {
    const { home } = await play(
      `const note = (context, what) => context.order({ symbol: 'ETHUSDT', side: 'sell', quantity: 1, price: 1000, clientOrderId: what })
      let n = 0
      export default defineStrategy({ id: 'a',
        onStart(context) { n = context.openOrders().length },
        onTrade({ symbol, tradeId }, context) {
          const [id] = [Number(tradeId)]
          if (id === 1) {
            context.order({ symbol, side: 'buy', quantity: 0.3, price: 101 })
            const open = context.openOrders(symbol)
            if (open.length !== 1 || open[0].state !== 'submitted' || open[0].quantity !== 0.3) throw new Error(JSON.stringify(open))
            context.order({ symbol, side: 'buy', quantity: 0.5, price: 90.5, clientOrderId: 'rests' })
          }
          if (id === 2 || id === 4) {
            const { quantity, averagePrice, realised, unrealised } = context.position(symbol)
            const open = context.openOrders(symbol)
            note(context, [n, quantity, averagePrice, realised, unrealised.toFixed(4), open.length, open[0]?.state].join(' '))
            if (id === 2) context.order({ symbol, side: 'sell', quantity: 0.1, price: 99 })
          }
          if (id === 3 && n === 0) process.kill(process.pid, 'SIGKILL')
        } })`,
      async (feed, gateway) => {
        feed.push(quote('ETHUSDT', 10, 11), quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
        await settled(gateway)
        feed.push(quote('BTCUSDT', 110, 112), trade('BTCUSDT', 100, 2))
        await settled(gateway)
        feed.push(trade('BTCUSDT', 100, 3))
        await until(() => gateway.status.strategies[0].restarts === 1, 'the restart')
        await settled(gateway)
        feed.push(trade('BTCUSDT', 100, 4))
      },
    )
    const notes = notesOf(home).filter(note => note !== '' && note !== 'rests')
    // Bought 0.3 at 101, the market at 111; then sold 0.1 at 110: 0.9 realised.
    expect(notes).toEqual(['0 0.3 101 0 3.0000 1 accepted', '2 0.2 101 0.9 2.0000 1 accepted'])
  })

  test('has timers that fire once or again and again, by the time of the sequence, and random numbers: both the same in replay', async () => {
    const { home } = await play(
      `const note = (context, what) => context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: 1, clientOrderId: what })
      let ticks = 0
      export default defineStrategy({ id: 'a',
        onStart(context) { context.after(1, 'early') },
        onTrade({ tradeId }, context) {
          if (tradeId === 1n) { context.every(5, 'again'); context.after(12, 'once') }
        },
        onTimer(timer, context) {
          if (context.now < timer.due) throw new Error('too early')
          if (timer.name === 'again' && ++ticks > 5) return
          note(context, timer.name + ' ' + timer.id + ' ' + context.random())
        } })`,
      async (feed, gateway) => {
        feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
        await until(() => gateway.status.orders >= 3 + 7, 'seven notes and three requests')
      },
      {},
      // A timer that fires again and again never comes to rest.
      false,
    )
    const notes = notesOf(home).map(note => note.split(' '))
    expect(notes.map(([name]) => name).toSorted()).toEqual([
      'again',
      'again',
      'again',
      'again',
      'again',
      'early',
      'once',
    ])
    expect(new Set(notes.map(([, , random]) => random)).size).toBe(7)
    for (const [, , random] of notes) expect(Number(random)).toBeLessThan(1)
    const requests = framesOf<{ name: string; after: bigint; every: bigint }>(
      join(home, 'strategies', 'a'),
      TimerRequest,
    )
    expect(requests.map(({ name, after, every }) => [name, after, every])).toEqual([
      ['early', 1_000_000n, 0n],
      ['again', 5_000_000n, 5_000_000n],
      ['once', 12_000_000n, 0n],
    ])
    const fired = sequenceOf<{ name: string; due: bigint }>(home, TimerFired)
    for (const { due, time } of fired) expect(time).toBeGreaterThanOrEqual(due)
    const again = fired.filter(({ name }) => name === 'again').map(({ due }) => due)
    for (let i = 1; i < again.length; i++) expect((again[i] - again[i - 1]) % 5_000_000n).toBe(0n)
  })

  test('ends a timer: it fires no more, also if it was due before the gateway knew', async () => {
    const { home } = await play(
      `let ticks = 0
      let id = 0
      export default defineStrategy({ id: 'a',
        onStart(context) { context.cancelTimer(context.after(1, 'never')); id = context.every(5, 'again') },
        onTrade(trade, context) {
          for (const wrong of [0, 99, 1.5, '1']) try { context.cancelTimer(wrong) } catch (error) { context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: 1, clientOrderId: error.code }) }
        },
        onTimer(timer, context) {
          if (timer.name === 'never' || ticks === 3) throw new Error('it had ended')
          if (++ticks === 3) { context.cancelTimer(id); context.cancelTimer(id) }
        } })`,
      async (feed, gateway) => {
        feed.push(trade('BTCUSDT', 100, 1))
        await until(() => gateway.status.orders >= 3 + 1 + 4, 'all requests')
        await new Promise(resolve => setTimeout(resolve, 50))
      },
    )
    expect(notesOf(home)).toEqual(Array.from({ length: 4 }, () => 'ERR_INVALID_OPTION'))
    const requests = framesOf<{ timer: number; after: bigint }>(join(home, 'strategies', 'a'), TimerRequest)
    expect(requests.filter(({ after }) => after < 0n).map(({ timer }) => timer)).toEqual([1, 2])
  })

  test('says in its first onStart that it has no orders and no position, though no instrument is named yet', async () => {
    const { home } = await play(
      `const state = {}
      export default defineStrategy({ id: 'a',
        onStart(context) {
          state.orders = context.openOrders('BTCUSDT').length + context.openOrders().length
          state.position = Object.values(context.position('BTCUSDT')).join(' ')
        },
        onTrade({ symbol }, context) {
          let code = ''
          try { context.position('NONEUSDT') } catch (error) { code = error.code }
          context.order({ symbol, side: 'buy', quantity: 1, price: 1, clientOrderId: state.orders + ' ' + state.position })
          context.order({ symbol, side: 'buy', quantity: 1, price: 1, clientOrderId: code })
        } })`,
      async feed => feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1)),
    )
    expect(notesOf(home)).toEqual(['0 0 0 0 0', 'ERR_UNKNOWN_INSTRUMENT'])
  })

  test('gets the market of its history before onStart, and can send nothing meanwhile', async () => {
    const home = newHome()
    const first = new PushedFeed()
    const venue = (): SimulatedExchange => new SimulatedExchange({ instruments: [BTC, ETH] })
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [], feed: first, venue: venue() })
    first.push(...Array.from({ length: 20 }, (_, i) => trade('BTCUSDT', 100, i)), trade('ETHUSDT', 10, 99))
    await until(() => gateway.status.events === 21)
    await gateway.stop()
    const played = await play(
      `let [old, failure, seen] = [0, '', '']
      export default defineStrategy({ id: 'a', symbols: ['BTCUSDT'], from: 'end', history: '10m',
        onStart() { seen = String(old) },
        onTrade(trade, context) {
          if (context.history) {
            old++
            try { context.order({ symbol: trade.symbol, side: 'buy', quantity: 1 }) } catch (error) { failure = error.code }
          } else context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, price: 1, clientOrderId: seen + ' ' + old + ' ' + failure })
        } })`,
      async feed => {
        feed.push(...Array.from({ length: 20 }, (_, i) => trade('BTCUSDT', 100, i)), trade('ETHUSDT', 10, 99))
        feed.push(trade('BTCUSDT', 100, 1000))
        await Promise.resolve()
      },
      { home, venue: venue() },
    )
    expect(notesOf(played.home)).toEqual(['20 20 ERR_INVALID_STATE'])
  })

  test('sends orders of every kind through the gateway: what expires, what triggers, what may not trade, each ends as it should', async () => {
    const { home } = await play(
      `export default defineStrategy({ id: 'a',
        onTrade({ symbol, tradeId }, context) {
          if (tradeId !== 1n) return
          const order = (clientOrderId, terms) => context.order({ symbol, quantity: 1, clientOrderId, ...terms })
          order('gtd', { side: 'buy', price: 90, timeInForce: 'gtd', expireAt: context.now + 3_000_000_000n })
          order('gtc', { side: 'buy', price: 89 })
          order('ioc', { side: 'buy', price: 90, timeInForce: 'ioc' })
          order('fok', { side: 'buy', price: 102, quantity: 1000, timeInForce: 'fok' })
          order('post', { side: 'buy', price: 101, postOnly: true })
          order('stop', { side: 'buy', stopPrice: 105 })
          order('stop-limit', { side: 'sell', stopPrice: 95, price: 94 })
          order('market', { side: 'sell' })
        },
        onFill(fill, context) {
          if (fill.price * fill.quantity <= 0) throw new Error('a fill of nothing')
          context.order({ symbol: 'ETHUSDT', side: 'buy', quantity: fill.quantity, price: 0.1, clientOrderId: 'filled at ' + fill.price })
        } })`,
      async (feed, gateway) => {
        feed.push(quote('ETHUSDT', 10, 11), quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
        await settled(gateway)
        feed.push(quote('BTCUSDT', 104, 105), trade('BTCUSDT', 105, 2))
        await settled(gateway)
        feed.push(quote('BTCUSDT', 95, 96), trade('BTCUSDT', 95, 3))
        await settled(gateway)
        await until(() => reportsOf(gateway.home).some(({ state }) => state === 'expired'), 'the expiry')
      },
    )
    const ends = endsOf(home)
    expect(ends).toMatchObject({
      gtd: 'expired time-in-force',
      gtc: 'accepted none',
      ioc: expect.stringMatching(/^(cancelled|expired) (not-marketable|time-in-force)$/) as string,
      fok: expect.stringMatching(/^(cancelled|expired|rejected) (not-marketable|time-in-force)$/) as string,
      post: 'rejected post-only-would-trade',
      stop: 'filled none',
      'stop-limit': 'filled none',
      market: 'filled none',
    })
    const fills = fillsOf(home).map(({ side, price, quantity }) => [side, price, quantity])
    expect(fills).toEqual([
      ['sell', 100, 1],
      ['buy', 105, 1],
      ['sell', 95, 1],
    ])
    expect(notesOf(home).filter(note => note.startsWith('filled'))).toEqual([
      'filled at 100',
      'filled at 105',
      'filled at 95',
    ])
    // Each fill came to its strategy once, with the report's cause.
    for (const fill of fillsOf(home)) expect(fill.dest).toBe(1)
  })

  test('cancels a hundred orders with one call in onStop', async () => {
    const { home } = await play(
      `export default defineStrategy({ id: 'a',
        onTrade({ symbol, tradeId }, context) {
          if (tradeId <= 100n) context.order({ symbol, side: 'buy', quantity: 1, price: 50 + Number(tradeId) / 10 })
        },
        onStop(context) { context.cancelAll() } })`,
      async feed => {
        feed.push(quote('BTCUSDT', 100, 101), ...Array.from({ length: 100 }, (_, i) => trade('BTCUSDT', 100, i + 1)))
        await Promise.resolve()
      },
    )
    expect(ordersOf(home).map(({ action }) => action)).toEqual([...Array<string>(100).fill('new'), 'cancel-all'])
    const ends = new Map(reportsOf(home).map(({ orderId, state }) => [orderId, state] as const))
    expect([...ends.values()]).toEqual(Array<string>(100).fill('cancelled'))
    expect(sequenceOf<{ action: string }>(home, Intent).filter(({ action }) => action === 'cancel')).toHaveLength(100)
    expect(sequenceOf(home, Order)).toHaveLength(101)
  })
})
