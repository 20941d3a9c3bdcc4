/** The gateway is killed with the strategies inside it, and everything is there once. `npm run test:supervision` kills more often. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditSession, replaySession, SyntheticFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { ordersOf } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { GatewayProcess, strategyFile } from '../../support/gateways.ts'

/** Market events in each life. */
const EVENTS = 700

const KILLS = Number(process.env['TICKTAPE_IN_PROCESS_KILLS'] ?? 3)

test('killed at random with its strategies inside, repeatedly: every event, order and report once', {
  timeout: 120_000 + 10_000 * KILLS,
}, async () => {
  const home = join(makeFolder('memory'), 'home')
  const synthetic = { seed: 3, rate: 4000, limit: 100_000_000 }
  const strategies = [{ module: strategyFile('busy.mjs'), inProcess: true }]
  const options = { home, strategies, synthetic }
  let gateway = await GatewayProcess.start(options)
  for (let life = 1; ; life++) {
    while ((await gateway.status()).events < life * EVENTS) await sleep(10)
    if (life > KILLS) break
    await sleep(Math.random() * 100)
    await gateway.kill()
    gateway = await GatewayProcess.start(options)
  }
  expect(await gateway.stop()).toBe(true)

  const audit = await auditSession(home, new SyntheticFeed(synthetic))
  expect(audit).toMatchObject({
    sound: true,
    feed: { gaps: 0, duplicates: 0 },
    gateway: { gaps: 0, strays: 0, filledTwice: 0 },
  })
  expect(audit.strategies).toHaveLength(2)
  for (const { id, ...counts } of audit.strategies) {
    expect(counts.orders).toBeGreaterThan(50)
    expect(counts).toMatchObject({ gaps: 0, duplicates: 0, unanswered: 0, answeredTwice: 0, answered: counts.orders })
    expect(counts.runs).toBe(KILLS + 1)
    const ids = ordersOf(home, id)
      .filter(({ action }) => action === 'new')
      .map(({ orderId }) => orderId)
    expect(new Set(ids).size).toBe(ids.length)
  }
  // Each market order names its trade, and no trade has two.
  const trades = ordersOf(home, 'eager')
    .filter(({ clientOrderId }) => clientOrderId !== '')
    .map(({ cause }) => cause)
  expect(new Set(trades).size).toBe(trades.length)
  expect(await replaySession({ home })).toMatchObject({ verdict: 'same' })
})

test('killed inside a handler, between two orders: both appear once, when the frame is handled again', {
  timeout: 120_000,
}, async () => {
  const folder = makeFolder('memory')
  const home = join(folder, 'home')
  process.env['MARKER'] = join(folder, 'marker')
  const synthetic = { seed: 5, rate: 20_000, limit: 200, symbols: ['BTCUSDT'] }
  const strategies = [{ module: strategyFile('suicidal.mjs'), inProcess: true }]
  const options = { home, strategies, synthetic, speed: 'max' } as const
  let starts = 0
  for (let ended = false; !ended; starts++) {
    const gateway = await GatewayProcess.start(options).catch(() => undefined)
    if (gateway === undefined) continue
    ended = await settledOrKilled(gateway)
  }
  expect(starts).toBeGreaterThanOrEqual(3)
  const orders = ordersOf(home, 'suicidal').map(order => order.clientOrderId)
  expect(orders.length).toBeGreaterThan(30)
  expect(new Set(orders).size).toBe(orders.length)
  expect(await auditSession(home, new SyntheticFeed(synthetic))).toMatchObject({ sound: true, feed: { events: 200 } })
  expect(await replaySession({ home })).toMatchObject({ verdict: 'same' })
})

/** Whether it came to its end; it may kill itself before. */
async function settledOrKilled(gateway: GatewayProcess): Promise<boolean> {
  try {
    await gateway.fed()
    let status = await gateway.status()
    while ((status.strategies[0].progress?.position ?? 0) < status.position) {
      await sleep(20)
      status = await gateway.status()
    }
    return await gateway.stop()
  } catch {
    return false
  }
}
