import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, replayGateway } from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Switch } from '../../../dist/trading/sequence/frames.js'
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
import { runTicktape, ticktape } from '../../support/journals.ts'

test('a halt is seen by the very next order, lets cancels pass, outlives the gateway, and is the same in replay', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const strategies = [
    moduleOf(`let first
      export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
        const id = context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
        first ??= id
        if (tradeId === 3n) context.cancel(first)
      } })`),
  ]
  const market = [quote('BTCUSDT', 100, 101)]
  const start = async (): Promise<[Gateway, PushedFeed]> => {
    const feed = new PushedFeed()
    feed.push(...market)
    const venue = new SimulatedExchange()
    return [await Gateway.start({ ...QUICK, home, strategies, feed, venue }), feed]
  }
  const stateOf = (label: string): string | undefined => {
    const report = reportsOf(home).findLast(
      ({ clientOrderId, orderId }) => clientOrderId === label || orderId === ids.get(label),
    )
    return report === undefined ? undefined : `${report.state} ${report.reason}`
  }
  const ids = new Map([1, 2, 3, 4, 5].map(n => [String(n), (1n << 52n) | (1n << 32n) | BigInt(n)] as const))
  const [gateway, feed] = await start()
  const send = async (id: number): Promise<void> => {
    const event = trade('BTCUSDT', 100, id)
    market.push(event)
    feed.push(event)
    await settled(gateway)
  }
  await send(1)
  expect(stateOf('1')).toBe('accepted none')

  // Another process pulls it: nothing but a word in shared memory.
  expect(ticktape('halt', home, 'too hot')).toMatchObject({ status: 0 })
  await send(2)
  expect(stateOf('2')).toBe('denied halted')
  await send(3)
  expect(stateOf('3')).toBe('denied halted')
  expect(stateOf('1')).toBe('cancelled requested')
  expect(await gateway.stop()).toBe(true)

  // It is still pulled.
  const [second, more] = await start()
  const event = trade('BTCUSDT', 100, 4)
  market.push(event)
  more.push(event)
  await settled(second)
  expect(reportsOf(home).at(-1)).toMatchObject({ state: 'denied', reason: 'halted', clientOrderId: '' })
  expect(await runTicktape('resume', home)).toMatchObject({ status: 0 })
  await until(() => sequenceOf<{ state: string }>(home, Switch).at(-1)?.state === 'active', 'the resume')
  more.push(trade('BTCUSDT', 100, 5))
  await settled(second)
  expect(reportsOf(home).at(-1)).toMatchObject({ state: 'accepted', clientOrderId: '5' })
  expect(await second.stop()).toBe(true)

  const switches = sequenceOf<{ state: string; text: string; reason: string }>(home, Switch)
  expect(switches.map(({ state, text }) => [state, text])).toEqual([
    ['halted', 'too hot'],
    ['active', ''],
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('a halt between two bursts counts for the second: what is decided follows the sequence', async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const strategies = [
    moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
        for (let i = 0; i < 3; i++) context.order({ symbol, side: 'buy', quantity: 1, price: 50 })
      } })`),
  ]
  const gateway = await Gateway.start({ ...QUICK, home, strategies, feed })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await settled(gateway)
  const breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  breaker.halt('now')
  feed.push(trade('BTCUSDT', 100, 2))
  await settled(gateway)
  breaker.close()
  await gateway.stop()
  expect(reportsOf(home).map(({ state }) => state)).toEqual([
    ...Array<string>(3).fill('accepted'),
    ...Array<string>(3).fill('denied'),
  ])
  const [halt] = sequenceOf(home, Switch)
  for (const { position, state } of reportsOf(home)) expect(position > halt.position).toBe(state === 'denied')
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('a desk whose breaker is removed can be halted: the gateway takes the breaker that is there then, and says so', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const strategies = [
    moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
      context.order({ symbol, side: 'buy', quantity: 1, price: tradeId === 1n ? 200 : 50, clientOrderId: String(tradeId) })
    } })`),
  ]
  const feed = new PushedFeed()
  const problems: string[] = []
  feed.push(quote('BTCUSDT', 100, 101))
  const venue = new SimulatedExchange()
  const onProblem = ({ code, message }: { code: string; message: string }): void =>
    void problems.push(`${code} ${message}`)
  const gateway = await Gateway.start({ ...QUICK, home, strategies, feed, venue, onProblem })
  try {
    feed.push(trade('BTCUSDT', 100, 1))
    await settled(gateway)
    rmSync(join(home, 'state', 'breaker'))
    expect(ticktape('halt', home, 'gone')).toMatchObject({ status: 0 })
    await until(() => sequenceOf<{ state: string }>(home, Switch).at(-1)?.state === 'halted', 'the halt')
    feed.push(trade('BTCUSDT', 100, 2))
    await settled(gateway)
    expect(reportsOf(home).at(-1)).toMatchObject({ state: 'denied', reason: 'halted' })
    expect(problems).toEqual([expect.stringMatching(/^ERR_STATE_REPLACED .*state\/breaker was removed or replaced/)])
    // A second time: what the sequence says stays, and the new breaker shows the position.
    rmSync(join(home, 'state', 'breaker'))
    await until(() => CircuitBreaker.find(join(home, 'state', 'breaker'))?.halted === true, 'the next breaker')
    using breaker = CircuitBreaker.find(join(home, 'state', 'breaker')) as CircuitBreaker
    await until(() => breaker.position(1) === 1, 'the position')
    expect(problems).toHaveLength(2)
  } finally {
    await gateway.stop()
  }
})
