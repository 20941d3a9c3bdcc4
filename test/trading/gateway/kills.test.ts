import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Handlers, on, Reader } from 'ticktape'
import { auditSession, Lifecycle, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { Order } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Intent } from '../../../dist/trading/sequence/frames.js'
import { ordersOf, STRATEGY_JOURNALS, sequenceOf } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { GatewayProcess, strategyFile } from '../../support/gateways.ts'
import { CAPACITY } from '../../support/journals.ts'

/** A seeded generator: a run that fails prints the seed, so that its schedule can be repeated. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function lifeOf(home: string, id: string) {
  const events: { event: string; next: number; read: number }[] = []
  using reader = Reader.open(join(home, 'strategies', id))
  const handlers = on(Lifecycle, frame =>
    events.push({ event: frame.event, next: Number(frame.next), read: Number(frame.read) }),
  )
  while (reader.poll(handlers) > 0);
  return events
}

async function expectSame(home: string, id: string): Promise<void> {
  expect(await replayStrategy({ home, strategy: id })).toMatchObject({
    difference: undefined,
    orders: ordersOf(home, id).length,
  })
}

test('strategies and gateway killed at random, repeatedly: every event, order and report once', {
  timeout: 90_000,
}, async () => {
  const seed = Date.now() >>> 0
  const random = generator(seed)
  const home = join(makeFolder('memory'), 'home')
  const feed = { seed: 3, rate: 4000, limit: 1_000_000 }
  const options = { home, strategies: [strategyFile('busy.mjs')], synthetic: feed }
  let gateway = await GatewayProcess.start(options)
  let [gateways, strategies] = [0, 0]
  for (let i = 0; i < 12; i++) {
    await sleep(150 + random() * 500)
    const { strategies: running } = await gateway.status()
    const pid = running[Math.floor(random() * running.length)].pid
    if (i % 3 === 2) {
      await gateway.kill()
      gateways++
      gateway = await GatewayProcess.start(options)
    } else if (pid !== undefined) {
      strategies += process.kill(pid, 'SIGKILL') ? 1 : 0
    }
  }
  while ((await gateway.status()).events < 8000) await sleep(50)
  console.log(`schedule of kills: seed ${seed}`)
  expect(await gateway.stop()).toBe(true)
  expect([gateways, strategies]).toEqual([4, expect.toSatisfy((count: number) => count >= 3)])

  const audit = await auditSession(home, new SyntheticFeed(feed))
  expect(audit).toMatchObject({
    sound: true,
    feed: { gaps: 0, duplicates: 0 },
    gateway: { gaps: 0, strays: 0, filledTwice: 0 },
  })
  expect(audit.feed?.events).toBeGreaterThan(5000)
  expect(audit.gateway.pages).toBeGreaterThan(10)
  for (const strategy of audit.strategies) {
    expect(strategy.orders).toBeGreaterThan(100)
    expect(strategy).toMatchObject({
      gaps: 0,
      duplicates: 0,
      unanswered: 0,
      answeredTwice: 0,
      answered: strategy.orders,
    })
    await expectSame(home, strategy.id)
  }
  expect(await replayGateway({ home })).toMatchObject({
    difference: undefined,
    events: audit.feed?.events,
  })
  // The same without the audit: each market order names its trade, and no trade has two.
  const trades = ordersOf(home, 'eager')
    .filter(order => order.clientOrderId !== '')
    .map(order => order.cause)
  expect(new Set(trades).size).toBe(trades.length)
  const ids = [...ordersOf(home, 'eager'), ...ordersOf(home, 'patient')]
    .filter(order => order.action === 'new')
    .map(order => order.orderId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('a strategy is killed inside a handler, between two orders: both appear once, when the frame is handled again', {
  timeout: 60_000,
}, async () => {
  const folder = makeFolder('memory')
  const home = join(folder, 'home')
  process.env['MARKER'] = join(folder, 'marker')
  const synthetic = { seed: 5, rate: 20_000, limit: 300, symbols: ['BTCUSDT'] }
  const gateway = await GatewayProcess.start({
    home,
    strategies: [strategyFile('suicidal.mjs')],
    synthetic,
    speed: 'max',
  })
  await gateway.fed()
  // It is killed at its 7th, 27th ... trade, and fails at its 30th. It has handled all frames before it is stopped.
  let status = await gateway.status()
  for (let i = 0; i < 500 && (status.strategies[0].progress?.position ?? 0) < status.position; i++) {
    await sleep(50)
    status = await gateway.status()
  }
  expect(await gateway.stop()).toBe(true)

  const kills = readdirSync(folder).filter(name => name.startsWith('marker')).length
  expect(kills).toBeGreaterThanOrEqual(2)
  const life = lifeOf(home, 'suicidal').map(({ event }) => event)
  expect(life.filter(event => event === 'started')).toHaveLength(kills + 2)
  expect(life.filter(event => event === 'failed')).toHaveLength(1)
  const orders = ordersOf(home, 'suicidal').map(order => order.clientOrderId)
  expect(new Set(orders).size).toBe(orders.length)
  const audit = await auditSession(home, new SyntheticFeed(synthetic))
  expect(audit).toMatchObject({ sound: true, feed: { events: 300 } })
  expect(orders.length).toBe(2 * (await tradesIn(synthetic)))
  await expectSame(home, 'suicidal')
})

async function tradesIn(options: object): Promise<number> {
  let trades = 0
  for await (const batch of new SyntheticFeed(options).events(0))
    trades += batch.filter(event => event.kind === 'trade').length
  return trades
}

test('a kill between an order and the next checkpoint: orders in the journal are not sent again', {
  timeout: 30_000,
}, async () => {
  const home = join(makeFolder('memory'), 'home')
  const first = {
    home,
    strategies: [strategyFile('busy.mjs')],
    synthetic: { seed: 9, limit: 3000 },
    speed: 'max',
  } as const
  let gateway = await GatewayProcess.start(first)
  await gateway.fed()
  await gateway.stop()
  const before = ordersOf(home, 'eager')
  const { next } = lifeOf(home, 'eager').at(-1) ?? { next: 0 }

  // The state after such a kill: the reader's position is still before frames whose orders were sent.
  using reader = Reader.open(join(home, 'gateway'), { from: { name: 'eager' } })
  // At the end of a page it may already be on the next one.
  const last = [next, Math.ceil(next / CAPACITY) * CAPACITY]
  expect(last).toContain(reader.position)
  reader.seek({ position: 0 })
  reader.poll(
    new Handlers().otherwise(() => {}),
    100,
  )
  reader.close()

  gateway = await GatewayProcess.start({ ...first, synthetic: { seed: 9, limit: 6000 } })
  await gateway.fed()
  await gateway.stop()
  expect(ordersOf(home, 'eager').slice(0, before.length)).toEqual(before)
  expect(lifeOf(home, 'eager').map(({ event, next: at }) => [event, at])).toMatchObject([
    ['started', 0],
    ['stopped', next],
    ['started', expect.toBeOneOf(last)],
    ['stopped', expect.any(Number)],
  ])
  expect(await auditSession(home, new SyntheticFeed({ seed: 9, limit: 6000 }))).toMatchObject({
    sound: true,
    feed: { events: 6000 },
  })
  await expectSame(home, 'eager')
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('the audit finds an order without an answer, and one sent twice', { timeout: 30_000 }, async () => {
  const home = join(makeFolder('memory'), 'home')
  const gateway = await GatewayProcess.start({
    home,
    strategies: [strategyFile('busy.mjs')],
    synthetic: { limit: 2000 },
    speed: 'max',
  })
  await gateway.fed()
  await gateway.stop()
  const { Writer } = await import('ticktape')
  const [order] = ordersOf(home, 'patient')
  const own = Writer.open(join(home, 'strategies', 'patient'), {
    journalId: STRATEGY_JOURNALS + 2,
    durability: 'process',
  })
  const valuesOf = (frame: object, names: readonly string[]): never =>
    Object.fromEntries(Object.entries(frame).filter(([name]) => names.includes(name))) as never
  const fieldsOf = (fields: readonly { readonly name: string }[]): string[] => fields.map(({ name }) => name)
  own.write(Order, valuesOf(order, fieldsOf(Order.fields)), { source: 2, cause: { journal: 1, position: 1 } })
  own.close()
  const [intent] = sequenceOf<{ action: string }>(home, Intent).filter(({ action }) => action === 'submit')
  const sequence = Writer.open(join(home, 'gateway'), { journalId: 1, durability: 'process' })
  const position = sequence.write(Intent, valuesOf(intent, fieldsOf(Intent.fields)), {
    cause: { journal: 1, position: intent.cause as number },
    source: 1,
  })
  sequence.close()

  const audit = await auditSession(home)
  expect(audit.sound).toBe(false)
  const sum = (name: 'unanswered' | 'answeredTwice') =>
    audit.strategies.reduce((total, strategy) => total + strategy[name], 0)
  expect([sum('unanswered'), sum('answeredTwice')]).toEqual([1, 1])
  expect((await replayGateway({ home })).difference).toMatchObject({
    position,
    found: expect.stringContaining('Intent') as string,
    expected: undefined,
  })
})
