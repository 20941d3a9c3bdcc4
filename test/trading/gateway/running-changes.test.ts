import { auditSession, Gateway, replayGateway, replayStrategy } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { StrategyEnd, StrategyStart } from '../../../dist/trading/sequence/frames.js'
import {
  moduleOf,
  newHome,
  ordersOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
} from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

const each = (id: string, from = 'start'): string =>
  moduleOf(`export default defineStrategy({ id: '${id}', from: '${from}',
    onTrade({ symbol, tradeId }, context) {
      context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
    },
    onStop(context) { context.cancelAll() } })`)

test('a strategy is added, removed and added again while the others go on without a gap', {
  timeout: 90_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [each('a')], feed })
  const send = async (...ids: number[]): Promise<void> => {
    feed.push(...ids.map(id => trade('BTCUSDT', 100, id)))
    await settled(gateway)
  }
  const labels = (id: string): string[] =>
    ordersOf(home, id)
      .filter(({ action }) => action === 'new')
      .map(({ clientOrderId }) => clientOrderId)
  feed.push(quote('BTCUSDT', 100, 101))
  await send(1, 2)
  const other = each('b', 'end')
  await gateway.addStrategy(other)
  await send(3, 4)
  expect(gateway.status.strategies.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(await rejectionOf(gateway.addStrategy(other))).toMatchObject({ code: 'ERR_STRATEGY' })
  expect(await rejectionOf(gateway.addStrategy('/nonexistent.mjs'))).toMatchObject({ code: 'ERR_STRATEGY' })
  expect(await rejectionOf(gateway.removeStrategy('c'))).toMatchObject({ code: 'ERR_STRATEGY' })

  expect(await gateway.removeStrategy('b')).toBe(true)
  expect(gateway.status.strategies.map(({ id }) => id)).toEqual(['a'])
  // Its last words are heard: what it had open is cancelled.
  await settled(gateway)
  const last = new Map(reportsOf(home).map(({ orderId, state, dest }) => [orderId, [dest, state]] as const))
  expect([...last.values()].filter(([dest]) => dest === 2)).toEqual([
    [2, 'cancelled'],
    [2, 'cancelled'],
  ])
  await send(5, 6)
  await gateway.addStrategy(other)
  await send(7)
  expect(await gateway.stop()).toBe(true)
  expect(await rejectionOf(gateway.addStrategy(other))).toMatchObject({ code: 'ERR_INVALID_STATE' })

  expect(labels('a')).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  // It reads on where it had stopped, in an epoch of its own.
  expect(labels('b')).toEqual(['3', '4', '5', '6', '7'])
  const epochs = (definition: unknown): [number, number][] =>
    sequenceOf<{ strategy: number; epoch: number }>(home, definition).map(({ strategy, epoch }) => [strategy, epoch])
  expect(epochs(StrategyStart)).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
  ])
  expect(epochs(StrategyEnd).toSorted(([a, b], [c, d]) => a - c || b - d)).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
  ])
  expect(await auditSession(home)).toMatchObject({ sound: true })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  for (const strategy of ['a', 'b'])
    expect(await replayStrategy({ home, strategy })).toMatchObject({ difference: undefined })
})
