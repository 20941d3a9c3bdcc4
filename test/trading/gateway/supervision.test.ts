import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'ticktape'
import { Gateway, replayGateway, replayStrategy, StrategyEvent, type SupervisorEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import {
  moduleOf,
  newHome,
  notesOf,
  PushedFeed,
  QUICK,
  quote,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'

/** Sends an order with the number of each trade, and does something else at some of them. */
const noting = (id: string, atTrade = ''): string =>
  moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
    export default defineStrategy({ id: '${id}',
      onTrade({ symbol, tradeId }, context) {
        context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
        ${atTrade}
      } })`)

const once = (marker: string, tradeId: number, what: string): string =>
  `if (tradeId === ${tradeId}n && !existsSync('${marker}')) { writeFileSync('${marker}', ''); ${what} }`

const eventsOf = (home: string): string[] =>
  sequenceOf<{ strategy: number; epoch: number; event: string }>(home, StrategyEvent).map(
    ({ strategy, epoch, event }) => `${strategy}.${epoch} ${event}`,
  )

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i))

test('a strategy that never returns is found, killed and started again; the others miss nothing', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const marker = join(makeFolder(), 'hung')
  const feed = new PushedFeed()
  const told: SupervisorEvent[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [noting('a', once(marker, 3, 'for (;;);')), noting('b')],
    feed,
    hangMs: 400,
    onStrategy: (id, event) => id === 'a' && told.push(event),
  })
  feed.push(quote('BTCUSDT', 100, 101))
  for (let id = 1; id <= 10; id++) feed.push(trade('BTCUSDT', 100, id))
  await until(() => notesOf(home).length === 10, 'the rest')
  await settled(gateway)
  expect(gateway.status.strategies.map(({ restarts, phase }) => [restarts, phase])).toEqual([
    [1, 'running'],
    [0, 'running'],
  ])
  expect(await gateway.stop()).toBe(true)
  // What the handler that did not return had sent was never published: its frame was handled again.
  expect(notesOf(home)).toEqual(numbers(1, 10))
  expect(notesOf(home, 'b')).toEqual(numbers(1, 10))
  expect(told.map(({ kind }) => kind)).toEqual(['started', 'ready', 'hung', 'ended', 'started', 'ready', 'ended'])
  expect(eventsOf(home).toSorted()).toEqual(['1.1 hung', '1.1 ready', '1.2 ready', '2.1 ready'])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  for (const strategy of ['a', 'b'])
    expect(await replayStrategy({ home, strategy })).toMatchObject({ difference: undefined })
})

test('a strategy that is slow, and one that has nothing to do, are not taken for hung', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const slow = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)'
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [noting('a', slow)], feed, hangMs: 500 })
  feed.push(quote('BTCUSDT', 100, 101))
  for (let id = 1; id <= 15; id++) feed.push(trade('BTCUSDT', 100, id))
  await until(() => notesOf(home).length === 15, 'all of them')
  await sleep(1200)
  expect(gateway.status.strategies).toMatchObject([{ restarts: 0, phase: 'running' }])
  expect(await gateway.stop()).toBe(true)
  expect(eventsOf(home)).toEqual(['1.1 ready'])
})

test('a suspended strategy is hung as soon as it has something to do', { timeout: 60_000 }, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [noting('a')], feed, hangMs: 400 })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await settled(gateway)
  const [{ pid = 0 }] = gateway.status.strategies
  process.kill(pid, 'SIGSTOP')
  await sleep(1000)
  expect(gateway.status.strategies[0].restarts).toBe(0)
  feed.push(trade('BTCUSDT', 100, 2))
  await until(() => notesOf(home).length === 2, 'the second one')
  expect(await gateway.stop()).toBe(true)
  expect(notesOf(home)).toEqual(['1', '2'])
  expect(eventsOf(home)).toEqual(['1.1 ready', '1.1 hung', '1.2 ready'])
})

test('a strategy that throws always is given up after its restarts, and can be replaced; the others miss nothing', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const told: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [noting('a', "throw new Error('always')"), noting('b')],
    feed,
    restarts: { max: 3, withinMs: 60_000 },
    onStrategy: (id, event) => id === 'a' && told.push(event.kind),
  })
  feed.push(quote('BTCUSDT', 100, 101))
  for (let id = 1; id <= 10; id++) feed.push(trade('BTCUSDT', 100, id))
  await until(() => gateway.status.strategies[0].phase === 'failed', 'that it is given up')
  await until(() => notesOf(home, 'b').length === 10, 'the other one')
  expect(gateway.status.strategies[0]).toMatchObject({ pid: undefined, restarts: 3 })
  // A frame whose handler throws counts as handled: what it sent before stands.
  expect(notesOf(home)).toEqual(numbers(1, 4))
  expect(told.at(-1)).toBe('given-up')

  await gateway.replaceStrategy('a', noting('a'))
  await settled(gateway)
  expect(gateway.status.strategies[0]).toMatchObject({ phase: 'running', restarts: 0 })
  expect(notesOf(home)).toEqual(numbers(1, 10))
  expect(notesOf(home, 'b')).toEqual(numbers(1, 10))
  expect(await gateway.stop()).toBe(true)
  expect(eventsOf(home).filter(event => event.startsWith('1.'))).toEqual([
    ...numbers(1, 4).map(epoch => `1.${epoch} ready`),
    '1.4 failed',
    '1.5 ready',
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('an idle strategy writes nothing, whatever the market does', { timeout: 60_000 }, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const idle = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [idle], feed })
  feed.push(quote('BTCUSDT', 100, 101))
  await settled(gateway)
  const before = inspect(join(home, 'strategies', 'a')).endPosition
  for (let id = 1; id <= 20; id++) {
    feed.push(trade('BTCUSDT', 100, id))
    await sleep(25)
  }
  await settled(gateway)
  expect(gateway.status.strategies[0].progress?.read).toBeGreaterThan(20)
  expect(inspect(join(home, 'strategies', 'a')).endPosition).toBe(before)
  await gateway.stop()
})

test('a strategy that does not stop gets SIGTERM, and is killed at the end of its time', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const marker = join(makeFolder(), 'term')
  const deaf = moduleOf(`import { writeFileSync } from 'node:fs'
    process.removeAllListeners('message')
    process.on('SIGTERM', () => writeFileSync('${marker}', ''))
    process.removeListener('SIGTERM', process.listeners('SIGTERM')[0])
    export default defineStrategy({ id: 'a', onTrade() {} })`)
  const how: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [deaf],
    feed,
    stopMs: 1000,
    onStrategy: (_, event) => event.kind === 'ended' && how.push(event.how),
  })
  feed.push(quote('BTCUSDT', 100, 101))
  await settled(gateway)
  const begun = performance.now()
  expect(await gateway.stop()).toBe(false)
  expect(performance.now() - begun).toBeLessThan(3000)
  expect(existsSync(marker)).toBe(true)
  expect(how).toEqual(['SIGKILL'])
})
