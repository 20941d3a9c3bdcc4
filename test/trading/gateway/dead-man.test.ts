import { setTimeout as sleep } from 'node:timers/promises'
import { auditSession, DeadMan, Gateway, replayGateway } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { DeadMan as Switch } from '../../../dist/trading/desk/dead-man.js'
import {
  moduleOf,
  newHome,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'

/** Rests two orders at the first trade, and ends at the second one: always, or only once. */
const dyingIf = (condition: string): string =>
  moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
export default defineStrategy({ id: 'a',
  onTrade({ symbol, tradeId }, context) {
    if (tradeId === 1n) for (const price of [50, 51]) context.order({ symbol, side: 'buy', quantity: 1, price })
    if (tradeId === 2n && ${condition}) process.exit(1)
  } })`)
const dying = (): string => dyingIf('true')
const lively = (): string =>
  moduleOf(`export default defineStrategy({ id: 'b',
  onTrade({ symbol, tradeId }, context) {
    if (tradeId === 1n) context.order({ symbol, side: 'buy', quantity: 1, price: 40 })
  } })`)

const statesOf = (home: string): string[] => [
  ...new Map(
    reportsOf(home).map(({ orderId, dest, state, reason }) => [orderId, `${dest} ${state} ${reason}`]),
  ).values(),
]

test('a strategy that is gone for too long has its orders cancelled, with the reason on record; replay agrees', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const options = { ...QUICK, home, feed, venue: new SimulatedExchange(), restarts: { max: 0, withinMs: 1000 } }
  const gateway = await Gateway.start({ ...options, strategies: [dying(), lively()], deadManMs: 600 })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await settled(gateway)
  expect(statesOf(home).toSorted()).toEqual(['1 accepted none', '1 accepted none', '2 accepted none'])
  feed.push(trade('BTCUSDT', 100, 2))
  await until(() => gateway.status.strategies[0].phase === 'failed', 'its end')
  await sleep(200)
  expect(statesOf(home)).not.toContain('1 cancelled dead-man-switch')
  await until(() => sequenceOf(home, DeadMan).length > 0, 'the switch')
  await settledAlone(gateway)
  expect(statesOf(home).toSorted()).toEqual([
    '1 cancelled dead-man-switch',
    '1 cancelled dead-man-switch',
    '2 accepted none',
  ])
  await gateway.stop()
  expect(sequenceOf(home, DeadMan)).toMatchObject([{ strategy: 1, orders: 2 }])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

test('a strategy that the next gateway does not have is gone too', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const options = { ...QUICK, home, venue: new SimulatedExchange() }
  const first = await Gateway.start({ ...options, feed, strategies: [dyingIf('false'), lively()] })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await settled(first)
  await first.stop()
  const second = await Gateway.start({
    ...options,
    feed: new PushedFeed(),
    venue: new SimulatedExchange(),
    strategies: [lively()],
    deadManMs: 300,
  })
  await until(() => statesOf(home).filter(state => state === '1 cancelled dead-man-switch').length === 2, 'the switch')
  await second.stop()
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('the switch counts from the end of a process until another one is ready, and not while there is no gateway', () => {
  const switched = new Switch()
  switched.setLimit(1000)
  const second = 1e9
  switched.gone(1, 0)
  switched.gone(2, second / 2)
  // Started again, and ended before it was ready: it has been gone all the time.
  switched.gone(1, second / 2)
  expect(switched.nextAt).toBe(second)
  switched.returned(2)
  expect(switched.take(second - 1)).toBeUndefined()
  expect([switched.take(second), switched.take(second)]).toEqual([1, undefined])
  // It is still gone: the next limit begins.
  expect(switched.nextAt).toBe(2 * second)
  switched.restart(100 * second)
  expect(switched.nextAt).toBe(101 * second)
  const again = new Switch()
  again.setLimit(1000)
  again.load(switched.save())
  expect(again.nextAt).toBe(101 * second)
  again.returned(1)
  expect(again.nextAt).toBe(Number.POSITIVE_INFINITY)
  switched.setLimit(0)
  expect(switched.nextAt).toBe(Number.POSITIVE_INFINITY)
  switched.gone(3, 0)
  expect(switched.nextAt).toBe(Number.POSITIVE_INFINITY)
})

/** Until the living strategy has read everything. */
async function settledAlone(gateway: Gateway): Promise<void> {
  await until(() => (gateway.status.strategies[1].progress?.position ?? 0) >= gateway.status.position, 'the other one')
}
