// The sampler on a desk that trades: what it says is what the journals have, and what is sampled does not notice.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { type Sample, Sampler, sample } from 'ticktape/ops'
import { Gateway } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillsOf, moduleOf, ordersOf, PushedFeed, QUICK, quote, reportsOf, settled, until } from '../support/desks.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { CAPACITY, fill, makeJournal, PAGE_SIZE } from '../support/journals.ts'
import { LINUX, skipUnless } from '../support/skips.ts'

/** Buys at 100, rests at 90, and sends an order of a size that is denied. */
const STRATEGY = `
  export default defineStrategy({ id: 'maker', onBook({ bid, ask }, context) {
    if (bid === 100) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask })
    if (bid === 101) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 2, price: 90 })
    if (bid === 102) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 50, price: 90 })
  } })`

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')
const feed = new PushedFeed()
let gateway: Gateway

beforeAll(async () => {
  const venue = new SimulatedExchange({ fees: { maker: '0', taker: '0.001' } })
  const risk = {
    maxOrderQuantity: 10,
    maxPosition: 10,
    maxExposure: 1000,
    maxOpenOrders: 4,
    strategies: { maker: { maxPosition: 6 } },
  }
  gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [moduleOf(STRATEGY, 'maker.mjs', folder)],
    feed,
    venue,
    risk,
  })
  feed.push(quote('BTCUSDT', 100, 101))
  await until(() => fillsOf(home).length === 1, 'a fill')
  feed.push(quote('BTCUSDT', 101, 102), quote('BTCUSDT', 102, 103))
  await until(() => reportsOf(home).some(({ state }) => state === 'denied'), 'all orders')
  await settled(gateway)
}, 60_000)

afterAll(async () => {
  await gateway.stop()
})

/** Every file of a directory with its time of change and its bytes. */
function filesOf(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    files.map(file => [file, `${statSync(file).mtimeMs} ${readFileSync(file).toString('base64')}`]),
  )
}

test('journals: end, writer, readers, pages, as a reader finds them', () => {
  const { kind, journals, problems } = sample(home)
  expect([kind, problems]).toEqual(['home', []])
  expect(journals.map(({ name }) => name)).toEqual(['gateway', 'operator', 'strategies/maker'])
  const [sequence, operator, strategy] = journals
  using reader = Reader.open(join(home, 'gateway'), { from: 'end' })
  expect(sequence).toMatchObject({
    firstPosition: 0,
    position: reader.position,
    bytes: sequence.pages * 65_536,
    durable: undefined,
    writer: { alive: true, pid: process.pid, epoch: 1 },
    rollsWaited: 0,
    slotsPerSecond: undefined,
  })
  expect(sequence.readers).toMatchObject([{ name: 'maker', alive: true, lag: 0 }])
  expect(sequence.ageMs).toBeGreaterThanOrEqual(0)
  expect(strategy.writer).toMatchObject({ alive: true, pid: gateway.status.strategies[0].pid })
  // People's commands are written by whoever gives one: nobody has it open.
  expect(operator.writer.alive).toBe(false)
})

test('processes: pids, memory and processor time; the heartbeat of the strategy', () => {
  const { processes } = sample(home)
  expect(processes.map(({ name, kind, alive }) => [name, kind, alive])).toEqual([
    ['gateway', 'gateway', true],
    ['maker', 'strategy', true],
  ])
  const [own, strategy] = processes
  expect(own).toMatchObject({ pid: process.pid, hasHeartbeat: false })
  expect(strategy).toMatchObject({ phase: 'running', epoch: 1, restarts: 0, hasHeartbeat: true, sent: 3, lag: 0 })
  if (skipUnless(LINUX, 'memory and processor time', 'they are read from /proc')) return
  const { user, system } = process.cpuUsage()
  expect(own.cpuSeconds).toBeGreaterThan(0)
  expect(own.cpuSeconds).toBeLessThan((user + system) / 1e6 + 1)
  expect(Math.abs((own.residentBytes ?? 0) / process.memoryUsage.rss() - 1)).toBeLessThan(0.5)
})

test('orders, positions, profit, latency, market and limits, from the sequence', () => {
  const { desk } = sample(home) as Sample & { desk: NonNullable<Sample['desk']> }
  expect(desk).toMatchObject({ run: 1, behind: 0, trading: { state: 'active' } })
  expect(desk.orders.byState).toMatchObject({ accepted: 1, filled: 1, denied: 1, cancelled: 0 })
  expect(desk.orders.open.map(({ price, state }) => [price, state])).toEqual([[90, 'accepted']])
  expect(desk.orders.last.map(({ state }) => state).toSorted()).toEqual(['denied', 'filled'])
  expect(desk.positions.byStrategy).toMatchObject([
    { owner: 'maker', instrument: 'BTCUSDT.sim', quantity: '1', averagePrice: '101' },
  ])
  // At the middle of 102 and 103.
  expect(desk.profit).toEqual([{ currency: 'USDT', realised: 0, unrealised: 1.5, fees: 0.101 }])
  expect(desk.feed).toMatchObject({ events: 3 })
  expect(desk.markets).toMatchObject([{ instrument: 'BTCUSDT.sim', bid: 102, ask: 103 }])
  expect(desk.venues).toEqual([{ name: 'sim', account: 'main', state: 'reconciled', since: undefined }])
  const use = desk.limits.map(({ owner, limit, used, share }) => [owner, limit, used, share])
  expect(use).toEqual([
    // One that is held, and two that are wanted.
    ['desk', 'maxPosition', 3, 0.3],
    ['desk', 'maxExposure', 102.5 + 180, 0.2825],
    ['desk', 'maxOpenOrders', 1, 0.25],
    ['strategies/maker', 'maxPosition', 3, 0.5],
  ])
  const hops = Object.fromEntries(desk.latency.map(hop => [hop.hop, hop]))
  // One is denied before it leaves.
  expect(Object.values(hops).map(({ count }) => count)).toEqual([3, 3, 2, 2])
  const orders = ordersOf(home, 'maker')
  const decided = orders.map(order => Number(order.time))
  expect(decided).toHaveLength(3)
  for (const { buckets, count, p50, p99, longestNs, sumNs } of Object.values(hops)) {
    expect(buckets.at(-1)?.[1]).toBeLessThanOrEqual(count)
    expect(buckets.every(([, sum], i) => i === 0 || sum >= buckets[i - 1][1])).toBe(true)
    expect(p50).toBeLessThanOrEqual(p99)
    expect(p99).toBeLessThanOrEqual(longestNs)
    expect(sumNs).toBeLessThanOrEqual(count * longestNs)
  }
})

test('a second sample has rates, and what came since', async () => {
  using sampler = new Sampler(home)
  const first = sampler.sample()
  feed.push(quote('BTCUSDT', 103, 104), quote('BTCUSDT', 104, 105))
  await until(() => sampler.sample().desk?.feed.events === (first.desk?.feed.events ?? 0) + 2, 'two events')
  feed.push(quote('BTCUSDT', 103, 104))
  await settled(gateway)
  const second = sampler.sample()
  expect(second.sinceMs).toBeGreaterThan(0)
  expect(second.journals[0].slotsPerSecond).toBeGreaterThan(0)
  expect(second.desk?.feed.eventsPerSecond).toBeGreaterThan(0)
  expect(second.processes[0].cpu).toBeGreaterThanOrEqual(0)
  expect(second.desk?.position).toBe(second.journals[0].position)
})

test('a sampler leaves no trace: no byte of the desk changes, also no name of a reader', async () => {
  await gateway.stop()
  const before = filesOf(home)
  using sampler = new Sampler(home)
  for (let i = 0; i < 3; i++) expect(sampler.sample().problems).toEqual([])
  expect(filesOf(home)).toEqual(before)
  const { journals, processes } = sampler.sample()
  expect(journals[0].writer.alive).toBe(false)
  expect(processes).toMatchObject([{ name: 'gateway', alive: false, phase: 'stopped', pid: 0 }])
})

test('a plain journal, and a directory of journals; a durable one says how far', async () => {
  const directory = makeFolder()
  await makeJournal(join(directory, 'quotes'), 100, true)
  using writer = Writer.open(join(directory, 'notes'), { pageSize: PAGE_SIZE, durability: 'process' })
  // What the writer itself says of its rolls.
  const waits: boolean[] = []
  const onRoll = (roll: unknown): void => void waits.push((roll as { readonly waited: boolean }).waited)
  subscribe('ticktape:journal.roll', onRoll)
  fill(writer, 3 * CAPACITY)
  unsubscribe('ticktape:journal.roll', onRoll)
  const { kind, journals, desk, processes } = sample(directory)
  expect([kind, desk, processes]).toEqual(['journals', undefined, []])
  expect(journals).toMatchObject([
    { name: 'notes', position: writer.position, durable: undefined, rolls: 3, writer: { alive: true } },
    { name: 'quotes', writer: { alive: false } },
  ])
  expect(journals[1].durable).toBe(journals[1].position)
  expect(waits).toHaveLength(3)
  expect(journals[0].rollsWaited).toBe(waits.filter(Boolean).length)
  expect(sample(join(directory, 'quotes')).journals).toMatchObject([{ name: 'quotes' }])
  expect(() => sample(makeFolder())).toThrow(/there is no journal in/)
})

test('a journal that is damaged is a problem of the sample, and the others are sampled', async () => {
  const directory = makeFolder()
  await makeJournal(join(directory, 'good'), 10)
  await makeJournal(join(directory, 'bad'), 10)
  writeFileSync(join(directory, 'bad', '0000000000.page'), Buffer.alloc(PAGE_SIZE))
  const { journals, problems } = sample(directory)
  expect(journals.map(({ name }) => name)).toEqual(['good'])
  expect(problems).toMatchObject([{ path: join(directory, 'bad'), code: expect.stringMatching(/^ERR_/) as string }])
})
