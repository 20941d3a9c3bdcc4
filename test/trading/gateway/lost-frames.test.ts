import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { auditSession, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { Order } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { readersOf } from '../../../dist/journal/inspect/inspect.js'
import { Intent, Lost, StrategyStart } from '../../../dist/trading/sequence/frames.js'
import { CAMPAIGN_GATEWAY, SUPPORT } from '../../support/campaign.ts'
import { CampaignFold } from '../../support/campaign-fold.ts'
import { columnsOf, EXCHANGE } from '../../support/campaign-market.mjs'
import { type Child, startChild } from '../../support/child.ts'
import { newHome, ordersOf, reportsOf, SEQUENCE, STRATEGY_JOURNALS, sequenceOf } from '../../support/desks.ts'
import { ExchangeServer } from '../../support/exchange-server.ts'
import { makeFolder } from '../../support/folders.ts'
import { GatewayProcess, strategyFile } from '../../support/gateways.ts'
import { cutJournal, durableEnd, endBoot, journalsOf, positionsOf } from '../../support/power-loss.ts'

/** TICKTAPE_POWER_LOSS_DESKS: how often a desk loses power in the random test. */
const LOSSES = Number(process.env['TICKTAPE_POWER_LOSS_DESKS'] ?? 2)
const FEED = { seed: 6, rate: 4000, limit: 6000, symbols: ['BTCUSDT', 'ETHUSDT'] }

const epochOf = (orderId: bigint): number => Number((orderId >> 32n) & 0xfffffn)

/** Until no process of a killed desk is left. */
async function allEnded(home: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (readersOf(join(home, 'gateway')).every(({ alive }) => !alive)) return
    await sleep(10)
  }
  throw new Error('processes of a killed desk do not end')
}

function start(home: string): Promise<GatewayProcess> {
  return GatewayProcess.start({ home, strategies: [strategyFile('busy.mjs')], synthetic: FEED })
}

/** A desk that was killed in the middle of its work. */
async function killedDesk(): Promise<string> {
  const home = newHome()
  const gateway = await start(home)
  while ((await gateway.status()).orders < 300) await sleep(20)
  await gateway.kill()
  await allEnded(home)
  return home
}

/** Goes on with it to the end of the feed. */
async function goOn(home: string): Promise<void> {
  const gateway = await start(home)
  await gateway.fed()
  expect(await gateway.stop()).toBe(true)
}

async function expectSame(home: string): Promise<void> {
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  for (const strategy of ['eager', 'patient'])
    expect(await replayStrategy({ home, strategy })).toMatchObject({ difference: undefined })
}

function expectOnce(home: string): void {
  const submits = sequenceOf<{ action: string; orderId: bigint }>(home, Intent).filter(
    ({ action }) => action === 'submit',
  )
  expect(new Set(submits.map(({ orderId }) => orderId)).size).toBe(submits.length)
}

test('after the sequence lost its end with the power, orders caused by it are denied, epochs skip ahead, and the feed continues there', {
  timeout: 240_000,
}, async () => {
  const home = await killedDesk()
  const sequence = join(home, 'gateway')
  cutJournal(sequence, positionsOf(sequence).at(-800) as number)
  endBoot(home)
  await goOn(home)

  const lost = sequenceOf<{ journal: number; last: boolean; taken: number; epoch: number }>(home, Lost)
  expect(lost.map(({ journal }) => journal).toSorted((a, b) => a - b)).toEqual([0, 1, 4097, 4098])
  expect(lost.map(({ last }) => last)).toEqual([false, false, false, true])
  for (const { strategy, epoch } of sequenceOf<{ strategy: number; epoch: number }>(home, StrategyStart).slice(2))
    expect(epoch).toBe(1 + (lost.find(({ journal }) => journal === STRATEGY_JOURNALS + strategy)?.epoch ?? 0))
  // None of the orders that were not in what is left of the sequence leaves.
  const at = lost[0].taken
  const intents = sequenceOf<{ orderId: bigint; action: string }>(home, Intent)
  const old = [...ordersOf(home, 'eager'), ...ordersOf(home, 'patient')].filter(
    ({ action, orderId, cause }) => action === 'new' && epochOf(orderId) < 1000 && (cause ?? 0) >= at,
  )
  expect(old.length).toBeGreaterThan(0)
  const reports = reportsOf(home)
  for (const { orderId } of old) {
    expect(intents.filter(intent => intent.orderId === orderId)).toEqual([])
    expect(reports.filter(report => report.orderId === orderId && report.request === 0)).toMatchObject([
      { state: 'denied', reason: 'lost-cause' },
    ])
  }
  expectOnce(home)
  // No event of the feed is missing or there twice.
  const audit = await auditSession(home, new SyntheticFeed(FEED))
  expect(audit).toMatchObject({
    gateway: { gaps: 0, strays: 0, filledTwice: 0 },
    feed: { gaps: 0, duplicates: 0, events: 6000 },
  })
  await expectSame(home)
})

test("a strategy's journal lost what the sequence has taken: it goes on, and no id is used again", {
  timeout: 240_000,
}, async () => {
  const home = await killedDesk()
  const before = sequenceOf<{ orderId: bigint }>(home, Intent).length
  for (const id of ['eager', 'patient']) {
    const journal = join(home, 'strategies', id)
    cutJournal(journal, positionsOf(journal).at(-30) as number)
  }
  endBoot(home)
  await goOn(home)
  expect(sequenceOf(home, Lost)).toHaveLength(4)
  expect(sequenceOf(home, Intent).length).toBeGreaterThan(before)
  expectOnce(home)
  const ids = sequenceOf<{ action: string; orderId: bigint }>(home, Order)
    .filter(({ action }) => action === 'new')
    .map(({ orderId }) => orderId)
  expect(new Set(ids).size).toBe(ids.length)
  await expectSame(home)
})

test('a start that ends in the middle of its repair is gone on with by the next; after an orderly end nothing is lost', {
  timeout: 240_000,
}, async () => {
  const home = await killedDesk()
  endBoot(home)
  // One strategy's journal is in use: the first start can record the loss, and not go on.
  const writer = Writer.open(join(home, 'strategies', 'patient'), {
    journalId: STRATEGY_JOURNALS + 2,
    durability: 'process',
  })
  await expect(start(home)).rejects.toThrow(/is being written by|ERR_WRITER_LOCKED/)
  expect(sequenceOf(home, Lost)).toHaveLength(4)
  writer.close()
  await goOn(home)
  await goOn(home)
  expect(sequenceOf(home, Lost)).toHaveLength(4)
  endBoot(home)
  await goOn(home)
  expect(sequenceOf(home, Lost)).toHaveLength(8)
  const audit = await auditSession(home, new SyntheticFeed(FEED))
  expect(audit).toMatchObject({ sound: true, feed: { events: 6000 } })
  await expectSame(home)
})

test('a sequence restored from an older copy is refused also after a start of the machine', {
  timeout: 240_000,
}, async () => {
  const home = await killedDesk()
  const sequence = join(home, 'gateway')
  const positions = positionsOf(sequence)
  // Orders that were sent for a minute and more, each because of a frame that the copy does not have.
  cutJournal(sequence, positions[positions.length >> 1])
  const clock = Date.now()
  const writer = Writer.open(join(home, 'strategies', 'eager'), {
    journalId: STRATEGY_JOURNALS + 1,
    durability: 'process',
    timestamps: false,
  })
  for (const seconds of [1, 90]) {
    const order = writer.begin(Order)
    order.orderId = (1n << 52n) | (1n << 32n) | 1_000_000n
    order.instrument = 1
    writer.commit({
      time: BigInt(clock + seconds * 1000) * 1_000_000n,
      cause: { journal: SEQUENCE, position: positions.at(-1) as number },
    })
  }
  writer.close()
  endBoot(home)
  await expect(start(home)).rejects.toThrow(/differ by \d\d+ s, .*restored from an older copy/)
  expect(sequenceOf(home, Lost)).toEqual([])
})

test(`a desk with a venue in a process of its own loses power ${LOSSES} times, each journal another part: no order is sent twice, no fill is lost`, {
  timeout: 300_000 + 60_000 * LOSSES,
}, async () => {
  const seed = Date.now() >>> 0
  console.log(`seed ${seed}`)
  let state = seed
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const folder = makeFolder('memory')
  const home = join(folder, 'home')
  process.env['EXCHANGE_SOCKET'] = join(folder, 'exchange')
  process.env['GREEDY_OUT'] = join(folder, 'result')
  const server = await ExchangeServer.listen(process.env['EXCHANGE_SOCKET'], { ...EXCHANGE, seed })
  const marker = join(folder, 'drain')
  let gateway: Child
  const begin = async (): Promise<void> => {
    gateway = startChild(CAMPAIGN_GATEWAY, [home, strategyFile('greedy.mjs'), marker, SUPPORT, 'remote', 'interval', 3])
    await gateway.hear()
  }
  await begin()
  for (let loss = 0; loss < LOSSES; loss++) {
    const before = server.requests
    for (let i = 0; i < 2000 && server.requests < before + 500; i++) await sleep(10)
    expect(server.requests).toBeGreaterThan(before)
    await sleep(random() * 200)
    await gateway!.kill('SIGKILL')
    await allEnded(home)
    for (const journal of journalsOf(home)) {
      // What was synced is there; of the rest each journal keeps another part.
      const end = durableEnd(journal)
      const positions = positionsOf(journal).filter(position => position >= end)
      if (positions.length > 0) cutJournal(journal, positions[Math.floor(random() * positions.length)])
    }
    endBoot(home)
    await begin()
  }
  const last = server.requests
  for (let i = 0; i < 2000 && server.requests < last + 500; i++) await sleep(10)
  mkdirSync(marker)
  const fold = new CampaignFold(join(home, 'gateway'))
  let found: string[] = ['not compared']
  for (let i = 0; i < 60 && found.length > 0; i++) {
    await sleep(500)
    await fold.read()
    found = fold
      .disagreements(columnsOf(server.exchange.record()))
      // That an order of which the sequence lost everything has ended without a fill, nobody needs to know any more.
      .filter(text => !/: the exchange (cancelled|rejected|expired) 0, the sequence (denied)? 0$/.test(text))
    if (fold.open > 0) found.push(`${fold.open} open`)
  }
  console.log(`${fold.newOrders} orders, ${fold.fillCount} fills, ${fold.denied} denied`)
  expect(found.slice(0, 20)).toEqual([])
  expect(fold.sentTwice).toBe(0)
  expect(server.exchange.record().duplicates).toBe(0)
  gateway!.tell('stop')
  expect(await gateway!.hear()).toBe(true)
  await gateway!.end()
  await fold.read()
  fold.close()
  expect(sequenceOf(home, Lost).filter(({ last: isLast }) => isLast === true)).toHaveLength(LOSSES)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  for (let n = 0; n < 5; n++)
    expect(await replayStrategy({ home, strategy: `greedy-${n}` })).toMatchObject({ difference: undefined })
})
