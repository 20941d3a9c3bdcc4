import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Writer, type WriterOptions } from 'ticktape'
import { auditSession, Gateway, type GatewayOptions, SyntheticFeed } from 'ticktape/runtime'
import { Order } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { moduleOf, SEQUENCE, STRATEGY_JOURNALS } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { moveToOtherBoot, patch, slotAt } from '../../support/journals.ts'

/** Sends an order for every tenth trade. */
const strategyModule = (): string =>
  moduleOf(`export default defineStrategy({ id: 'a', onTrade(trade, context) {
    if (trade.tradeId % 10n === 0n) context.order({ symbol: trade.symbol, side: 'buy', quantity: 1 })
  } })`)

const FEED = { seed: 4, symbols: ['BTCUSDT'] }

async function play(home: string, strategy: string, limit: number, options: Partial<GatewayOptions>): Promise<void> {
  const feed = new SyntheticFeed({ ...FEED, limit })
  const gateway = await Gateway.start({
    home,
    strategies: [strategy],
    feed,
    speed: 'max',
    pageSize: 65536,
    strategyPageSize: 65536,
    ...options,
  })
  await gateway.fed
  expect(await gateway.stop()).toBe(true)
}

/** Writes an order that the gateway has not read yet, as the last event before the power loss. Returns its position. */
function orderUnseen(writer: Writer): number {
  return writer.write(
    Order,
    {
      orderId: (1n << 52n) | (1n << 32n) | 1_000_000n,
      instrument: 1,
      request: 0,
      account: 0,
      side: 'buy',
      orderType: 'market',
      timeInForce: 'ioc',
      action: 'new',
      postOnly: false,
      reduceOnly: false,
      price: 0,
      quantity: 1,
      stopPrice: 0,
      expireAt: 0n,
      clientOrderId: 'last',
    },
    { source: 1, cause: { journal: SEQUENCE, position: 0 } },
  )
}

/** Changes a session's files to what the disk has when the machine starts again. */
function afterPowerLoss(home: string): string {
  const copy = join(makeFolder('memory'), 'home')
  // A page that is being prepared gets its name while the others are copied.
  cpSync(home, copy, { recursive: true, filter: path => !path.endsWith('.tmp') })
  for (const journal of [join(copy, 'gateway'), join(copy, 'strategies', 'a')]) {
    for (const name of readdirSync(journal).filter(file => file.endsWith('.page'))) moveToOtherBoot(join(journal, name))
  }
  return copy
}

/** A session whose strategy was writing when power was lost, and the position of its last order. */
async function lostWhileWriting(strategy: string, writing: WriterOptions): Promise<{ home: string; position: number }> {
  const { durability } = writing as Pick<GatewayOptions, 'durability'>
  const home = join(makeFolder('memory'), 'home')
  await play(home, strategy, 400, { durability })
  using writer = Writer.open(join(home, 'strategies', 'a'), { journalId: STRATEGY_JOURNALS + 1, ...writing })
  const position = orderUnseen(writer)
  return { home: afterPowerLoss(home), position }
}

describe('a gateway started after power loss', () => {
  test("has its strategies' journals repaired before it reads an order from them: no order that the repair removes is answered", {
    timeout: 120_000,
  }, async () => {
    const strategy = strategyModule()
    const { home } = await lostWhileWriting(strategy, { durability: 'interval', syncInterval: 60_000 })
    await play(home, strategy, 800, { durability: 'interval' })
    const audit = await auditSession(home, new SyntheticFeed({ ...FEED, limit: 800 }))
    expect(audit).toMatchObject({ sound: true, feed: { events: 800 }, gateway: { strays: 0 } })
    expect(audit.strategies[0]).toMatchObject({ unanswered: 0, answered: audit.strategies[0].orders })
    expect(audit.strategies[0].orders).toBeGreaterThan(10)
  })

  test('starts although a cursor reached the disk and the order below it did not', { timeout: 120_000 }, async () => {
    const strategy = strategyModule()
    const { home, position } = await lostWhileWriting(strategy, { durability: 'process' })
    patch(join(home, 'strategies', 'a', '0000000000.page'), slotAt(position), new Uint8Array(128))
    await play(home, strategy, 800, { durability: 'process' })
    expect(await auditSession(home, new SyntheticFeed({ ...FEED, limit: 800 }))).toMatchObject({
      sound: true,
      feed: { events: 800 },
    })
  })

  test('also repairs journals of strategies that it no longer runs', { timeout: 120_000 }, async () => {
    const strategy = strategyModule()
    const { home, position } = await lostWhileWriting(strategy, { durability: 'process' })
    patch(join(home, 'strategies', 'a', '0000000000.page'), slotAt(position), new Uint8Array(128))
    const gateway = await Gateway.start({
      home,
      strategies: [],
      feed: new SyntheticFeed({ ...FEED, limit: 401 }),
      speed: 'max',
      strategyPageSize: 131072,
    })
    await gateway.fed
    expect(await gateway.stop()).toBe(true)
  })
})
