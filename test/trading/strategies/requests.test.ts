import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { SyntheticFeed } from 'ticktape/runtime'
import { Order } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import {
  moduleOf,
  newHome,
  notesOf,
  ordersOf,
  playToEnd,
  reportsOf,
  SEQUENCE,
  STRATEGY_JOURNALS,
  sequenceOf,
} from '../../support/desks.ts'

const IDLE = "export default defineStrategy({ id: 'a', onTrade() {} })"

async function play(body: string, events = 300, home = newHome()): Promise<string> {
  const feed = new SyntheticFeed({ limit: events })
  expect(await playToEnd({ home, strategies: [moduleOf(body)], feed })).toBe(true)
  return home
}

/** A strategy that sends an order with every so many trades, and fails when it gets a report of another's. */
function everyTrade(id: string, every: number): string {
  return `defineStrategy({ id: '${id}', onTrade(trade, { order }) {
      if (trade.tradeId % ${every}n === 0n) order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: String(trade.position) })
    }, onOrder(report, { id }) {
      if (report.dest !== (id === 'a' ? 1 : 2)) throw new Error('the report is for ' + report.dest)
    } })`
}

describe('a strategy', () => {
  test('names the cause of each order, has ids of its own, and gets only its own reports', async () => {
    const home = await play(`export default [${everyTrade('a', 2)}, ${everyTrade('b', 3)}]`)
    for (const [id, number] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const orders = ordersOf(home, id)
      expect(orders.length).toBeGreaterThan(3)
      orders.forEach((order, i) => {
        expect(order).toMatchObject({
          cause: Number(order.clientOrderId),
          causeJournal: SEQUENCE,
          source: number,
          // Strategy, epoch 1, and a counter from 1.
          orderId: (BigInt(number) << 52n) | (1n << 32n) | BigInt(i + 1),
        })
      })
      // The first report of each order has its copy in the sequence as its cause.
      const copies = sequenceOf<{ orderId: bigint }>(home, Order).filter(copy => copy.source === number)
      expect(copies.map(({ orderId }) => orderId)).toEqual(orders.map(({ orderId }) => orderId))
      const firsts = new Map<bigint, unknown>()
      for (const report of reportsOf(home).filter(({ dest }) => dest === number))
        if (!firsts.has(report.orderId)) firsts.set(report.orderId, [report.cause, report.causeJournal])
      expect([...firsts]).toEqual(copies.map(({ orderId, position }) => [orderId, [position, SEQUENCE]]))
    }
  })

  test('gets the frames of its symbols and handlers', async () => {
    const home = await play(`
      const seen = new Set()
      const note = kind => (frame, { order }) => {
        if (frame.symbol !== 'ETHUSDT') throw new Error(frame.symbol)
        if (seen.size < 3 && !seen.has(kind)) order({ symbol: 'ETHUSDT', side: 'buy', quantity: 1, clientOrderId: kind })
        seen.add(kind)
      }
      export default defineStrategy({ id: 'a', symbols: ['ETHUSDT'], onTicker: note('ticker'), onBook: note('book'), onTrade: note('trade') })`)
    expect(notesOf(home).toSorted()).toEqual(['book', 'ticker', 'trade'])
  })

  test('gets the time of the frame, and is started and stopped once; its final orders are answered too', async () => {
    const home = await play(`
      let [first, last, starts] = [undefined, 0n, 0]
      export default defineStrategy({ id: 'a',
        onStart() { starts++ },
        onTrade(trade, context) {
          if (context.now !== trade.time) throw new Error('another time')
          last = context.now
          first ??= context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, price: 0.001 })
        },
        onStop(context) {
          if (context.now < last) throw new Error('time went back')
          context.cancel(first)
          context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, clientOrderId: 'starts' + starts })
        } })`)
    const orders = ordersOf(home)
    expect(orders.slice(-2)).toMatchObject([
      { action: 'cancel', orderId: orders[0].orderId },
      { action: 'new', clientOrderId: 'starts1' },
    ])
    expect(orders.at(-1)?.cause).toEqual(expect.any(Number))
    const states = (id: bigint): string[] =>
      reportsOf(home)
        .filter(({ orderId }) => orderId === id)
        .map(({ state }) => state)
    expect(states(orders[0].orderId)).toEqual(['accepted', 'cancelled'])
    expect(states(orders.at(-1)?.orderId ?? 0n).at(-1)).toMatch(/^(filled|cancelled)$/)
  })

  test('gets a named error for an invalid request, and nothing is sent', async () => {
    const invalid = [
      '{}',
      "{ symbol: S, side: 'buy' }",
      "{ symbol: S, side: 'up', quantity: 1 }",
      "{ side: 'buy', quantity: 1 }",
      "{ symbol: S, side: 'buy', quantity: 0 }",
      "{ symbol: S, side: 'buy', quantity: -0 }",
      "{ symbol: S, side: 'buy', quantity: NaN }",
      "{ symbol: S, side: 'buy', quantity: Infinity }",
      "{ symbol: S, side: 'buy', quantity: '1' }",
      "{ symbol: S, side: 'buy', quantity: 1, price: -1 }",
      "{ symbol: S, side: 'buy', quantity: 1, price: NaN }",
      "{ symbol: S, side: 'buy', quantity: 1, orderType: 'limit' }",
      "{ symbol: S, side: 'buy', quantity: 1, price: 2, orderType: 'market' }",
      "{ symbol: S, side: 'buy', quantity: 1, orderType: 'stop' }",
      "{ symbol: S, side: 'buy', quantity: 1, stopPrice: 2, orderType: 'limit', price: 1 }",
      "{ symbol: S, side: 'buy', quantity: 1, price: 1, timeInForce: 'gtd' }",
      "{ symbol: S, side: 'buy', quantity: 1, price: 1, expireAt: 5n }",
      "{ symbol: S, side: 'buy', quantity: 1, postOnly: true }",
      "{ symbol: S, side: 'buy', quantity: 1, size: 1 }",
      "{ symbol: S, side: 'buy', quantity: 1, account: 'other' }",
      "{ symbol: S, side: 'buy', quantity: 1, clientOrderId: 'x'.repeat(33) }",
    ]
    const unknown = [
      "{ symbol: 'NEVERSEEN', side: 'buy', quantity: 1 }",
      "{ instrument: 999, side: 'buy', quantity: 1 }",
      "{ symbol: S, venue: 'nowhere', side: 'buy', quantity: 1 }",
    ]
    const others = [
      'context.cancel(5n)',
      'context.cancel(1n << 60n)',
      'context.amend(id, {})',
      'context.amend(id, { price: 0 })',
    ]
    const home = await play(`
      let done = false
      export default defineStrategy({ id: 'a', onTrade(trade, context) {
        if (done) return
        done = true
        const S = trade.symbol
        const codes = []
        const id = context.order({ symbol: S, side: 'buy', quantity: 1, price: 0.001, clientOrderId: 'sound' })
        for (const send of [${[...invalid, ...unknown].map(request => `() => context.order(${request})`).join(', ')}, ${others.map(call => `() => ${call}`).join(', ')}]) {
          try { send(); codes.push('sent') } catch (error) { codes.push(error.code ?? String(error)) }
        }
        const count = what => codes.filter(code => code === what).length
        context.order({ symbol: S, side: 'buy', quantity: 1, price: 0.001,
          clientOrderId: count('ERR_INVALID_OPTION') + ' ' + count('ERR_UNKNOWN_INSTRUMENT') + ' ' + codes.length })
      } })`)
    const all = invalid.length + unknown.length + others.length
    expect(notesOf(home)).toEqual(['sound', `${invalid.length + others.length} ${unknown.length} ${all}`])
    expect(ordersOf(home)).toHaveLength(2)
  })

  test('cannot send outside its handlers, nor more for one frame than fits on a page; what it sent before is answered', async () => {
    const home = await play(`
      let kept
      let outside = 'nothing'
      let full = 0
      export default defineStrategy({ id: 'a',
        onStart(context) {
          kept = context
          try { context.cancel((1n << 52n) | (1n << 32n) | 1n) } catch (error) { outside = error.code }
        },
        onTrade(trade, context) {
          if (full > 0) return
          const order = note => context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, price: 0.001, clientOrderId: note })
          order(outside)
          try { for (;;) order('more ' + full++) } catch (error) { outside = error.code }
          setImmediate(() => { try { kept.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 }) } catch (late) { outside += ' late ' + late.code } })
        },
        onStop(context) { context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, clientOrderId: outside.replaceAll('ERR_', '') }) }
      })`)
    const orders = ordersOf(home)
    const [cause] = orders.map(order => order.cause)
    const together = orders.filter(order => order.cause === cause)
    expect(together.length).toBeGreaterThan(400)
    expect(orders).toHaveLength(together.length + 1)
    expect(notesOf(home)[0]).toBe('ERR_INVALID_STATE')
    expect(notesOf(home).at(-1)).toBe('INVALID_STATE late INVALID_STATE')
    const answered = new Set(reportsOf(home).map(({ orderId }) => orderId))
    expect(orders.filter(({ orderId }) => !answered.has(orderId))).toEqual([])
  })

  test("cannot act in another's name by writing its journal itself: the gateway goes by whose journal it is", async () => {
    const home = await play(IDLE)
    const forged = {
      orderId: (9n << 52n) | (1n << 32n) | 1n,
      instrument: 1,
      request: 0,
      account: 0,
      side: 'buy',
      orderType: 'limit',
      timeInForce: 'gtc',
      action: 'new',
      postOnly: false,
      reduceOnly: false,
      price: 1,
      quantity: 1,
      stopPrice: 0,
      expireAt: 0n,
      clientOrderId: '',
    } as const
    // Of its own number, but of an epoch that is over.
    const old = { ...forged, orderId: (1n << 52n) | (1n << 32n) | 7n } as const
    const writer = Writer.open(join(home, 'strategies', 'a'), {
      journalId: STRATEGY_JOURNALS + 1,
      durability: 'process',
    })
    writer.write(Order, forged)
    writer.write(Order, { ...forged, action: 'cancel' })
    writer.write(Order, { ...forged, action: 'amend' })
    writer.write(Order, old)
    writer.close()
    await play(IDLE, 500, home)
    expect(reportsOf(home)).toMatchObject([
      { state: 'denied', reason: 'unknown-order', dest: 1, orderId: forged.orderId },
      { state: 'denied', reason: 'unknown-order', dest: 1 },
      { state: 'denied', reason: 'unknown-order', dest: 1 },
      { state: 'denied', reason: 'strategy-fenced', dest: 1, orderId: old.orderId },
    ])
  })

  test("that begins at the 'end' does not get frames before its first start, and later continues as any other", async () => {
    const home = await play("export default defineStrategy({ id: 'b', onTrade() {} })")
    const before = Reader.open(join(home, 'gateway'), { from: 'end' })
    const end = before.position
    before.close()
    await play(
      `export default defineStrategy({ id: 'a', from: 'end', onTrade(trade, context) {
      context.order({ symbol: trade.symbol, side: 'buy', quantity: 1 })
    } })`,
      600,
      home,
    )
    const orders = ordersOf(home)
    expect(Math.min(...orders.map(order => order.cause as number))).toBeGreaterThanOrEqual(end)
    expect(orders.length).toBeGreaterThan(20)
    // The second strategy of the home.
    expect(orders[0].source).toBe(2)
  })
})
