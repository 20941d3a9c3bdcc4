import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { on, Reader } from 'ticktape'
import { Gateway, type GatewayOptions, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { listDirectory } from '../../../dist/journal/files/directory.js'
import { openPage } from '../../../dist/journal/pages/page.js'
import { SnapshotEnd, SnapshotPart } from '../../../dist/trading/sequence/frames.js'
import { findSnapshot, snapshotsOf } from '../../../dist/trading/snapshots/find.js'
import {
  feedOf,
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
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'
import { BTC } from '../../support/orders.ts'
import { endBoot } from '../../support/power-loss.ts'
import { SequenceMaker } from '../../support/sequence-maker.ts'
import { ChangedExchange } from '../../support/venues.ts'

const sequence = (home: string): string => join(home, 'gateway')
const EXCHANGE = { name: 'binance', instruments: [BTC] }

/** A home as a gateway leaves it that was killed, with so many snapshots. */
function recorded(snapshots: number): string {
  const home = newHome()
  const maker = new SequenceMaker({ home, exchange: EXCHANGE, instruments: [BTC], journals: true })
  const [btc] = maker.instruments
  maker.start(1)
  for (let i = 0; i < 40 * (snapshots + 1); i++) {
    maker.now += 1e6
    maker.quote(btc, 1000 + (i % 7), 1000.1 + (i % 7))
    maker.order(1, {
      instrument: btc.number,
      quantity: 0.001,
      price: 990 + (i % 30),
      side: i % 2 === 0 ? 'buy' : 'sell',
    })
    if (i % 40 === 39 && i < 40 * snapshots) maker.snapshot()
  }
  maker.close()
  return home
}

/** Starts a gateway of such a home and stops it. Returns what it said of snapshots. */
async function restarted(home: string, options: Partial<GatewayOptions> = {}): Promise<string[]> {
  const problems: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [],
    feed: feedOf([quote('BTCUSDT', 1000, 1001)]),
    venue: new SimulatedExchange(EXCHANGE),
    onProblem: problem => problems.push(`${problem.code}: ${problem.message}`),
    ...options,
  })
  await gateway.fed
  await gateway.stop()
  return problems.filter(text => text.startsWith('ERR_SNAPSHOT'))
}

function copyOf(home: string): string {
  const copy = join(makeFolder('memory'), 'copy')
  cpSync(home, copy, { recursive: true })
  return copy
}

/** Changes one byte of a frame. */
function spoil(journal: string, position: number, offset: number): void {
  const first = openPage(journal, listDirectory(journal).pages[0], false)
  const { capacity } = first
  first.mapping.close()
  const page = openPage(journal, Math.floor(position / capacity), true)
  page.memory.u8[4096 + (position % capacity) * 64 + offset] ^= 1
  page.mapping.close()
}

/** Offsets of a byte of a part's contents, and of a snapshot's number of parts. */
const CONTENTS = 200
const PARTS = 36

describe('snapshots of a gateway', () => {
  test('a start plays only what follows the last one, and decides as before; replay checks each', {
    timeout: 120_000,
  }, async () => {
    const home = recorded(3)
    const [last] = snapshotsOf(sequence(home))
    expect(await restarted(home)).toEqual([])
    expect(await replayGateway({ home })).toMatchObject({ from: 0, snapshots: 3, difference: undefined })
    // What is before the last one is not read: a start does not see that it was changed. Replay does.
    const report = reportsOf(home).find(({ position }) => position < last.at - 1000)
    spoil(sequence(home), report?.position as number, 60)
    expect(await restarted(home)).toEqual([])
    expect((await replayGateway({ home })).difference?.position).toBe(report?.position)
  })

  test('one that is damaged is not used: the one before is, or the beginning, and it is said', {
    timeout: 120_000,
  }, async () => {
    const home = recorded(2)
    const [last, before] = [...snapshotsOf(sequence(home))]
    const changed = copyOf(home)
    const part = sequenceOf<{ snapshot: number }>(changed, SnapshotPart).find(one => one.snapshot === last.number)
    spoil(sequence(changed), part?.position as number, CONTENTS)
    expect(await restarted(changed)).toEqual([
      expect.stringMatching(new RegExp(`checksum is wrong.*true at position ${before.at}$`)),
    ])
    const { difference } = await replayGateway({ home: changed })
    expect(difference).toMatchObject({ position: last.end, found: expect.stringContaining('checksum') as string })

    const all = copyOf(home)
    for (const { end } of [last, before]) spoil(sequence(all), end, PARTS)
    const texts = await restarted(all)
    expect(texts.length).toBe(2)
    for (const text of texts) expect(text).toMatch(/part \d+ of \d+ is not there|contradicts itself/)
    for (const text of texts) expect(text).toContain('the beginning of the sequence')
  })

  test('one that a kill has left without its end does not count', () => {
    const home = recorded(2)
    const [last, before] = [...snapshotsOf(sequence(home))]
    expect(findSnapshot(sequence(home)).found?.place).toEqual(last)
    expect(findSnapshot(sequence(home), last.at - 1).found?.place).toEqual(before)
    expect(findSnapshot(sequence(home), before.at - 1)).toEqual({ found: undefined, unusable: [] })
  })

  test('without a usable one a sequence that has lost its beginning is refused by name', {
    timeout: 60_000,
  }, async () => {
    const home = recorded(2)
    for (const { end } of snapshotsOf(sequence(home))) spoil(sequence(home), end, PARTS)
    rmSync(join(sequence(home), '0000000000.page'), { force: true })
    const { pages } = listDirectory(sequence(home))
    if (pages[0] === 0) throw new Error('the first page is still there')
    const refused = {
      code: 'ERR_HOME',
      message: expect.stringMatching(/pages are gone|lost its first pages/) as string,
    }
    expect(await rejectionOf(restarted(home))).toMatchObject(refused)
    expect(await rejectionOf(replayGateway({ home }))).toMatchObject({ code: 'ERR_PAGES_GONE' })
  })

  test('a venue that cannot be saved has none: it is said once, and everything else works', {
    timeout: 60_000,
  }, async () => {
    const home = newHome()
    const problems: string[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      snapshotBytes: 16 * 1024,
      strategies: [],
      feed: new SyntheticFeed({ limit: 3000 }),
      venue: new ChangedExchange(),
      onProblem: problem => problems.push(`${problem.code}: ${problem.message}`),
    })
    await gateway.fed
    await until(() => problems.length > 0, 'the message', 50_000)
    await gateway.stop()
    expect(problems).toEqual([expect.stringMatching(/^ERR_SNAPSHOT: .*'changed'.*There will be none/)])
  })
})

describe('retention of a home', () => {
  const TRADER = `let n = 0
    export default defineStrategy({ id: 'a', onTrade(trade, context) {
      if (++n % 20 !== 0) return
      if (context.openOrders().length > 5) context.cancelAll()
      else context.order({ symbol: trade.symbol, side: n % 40 === 0 ? 'buy' : 'sell', quantity: 1, price: trade.price })
    } })`

  test('pages go that no start and no strategy needs; starts, replay and new strategies work without them', {
    timeout: 180_000,
  }, async () => {
    const home = newHome()
    const file = moduleOf(TRADER)
    const start = (options: Partial<GatewayOptions>): Promise<Gateway> =>
      Gateway.start({
        ...QUICK,
        home,
        strategies: [file],
        feed: new SyntheticFeed({ rate: 1000 }),
        speed: 'realtime',
        ...options,
      })
    const gateway = await start({ snapshotBytes: 32 * 1024, retain: { snapshots: 1 } })
    using reader = Reader.open(sequence(home), { from: 'end' })
    let complete = 0
    const counting = on(SnapshotEnd, () => {
      complete++
    })
    await until(() => reader.poll(counting, 100_000) >= 0 && complete >= 3, 'snapshots', 60_000)
    await until(() => listDirectory(sequence(home)).pages[0] > 0, 'retired pages', 60_000)
    await gateway.addStrategy(moduleOf(TRADER.replaceAll("'a'", "'late'"), 'late.mjs'))
    await gateway.stop()
    expect(readdirSync(home).filter(name => name.endsWith('.tmp'))).toEqual([])
    const { found } = findSnapshot(sequence(home))
    expect(found).toBeDefined()

    const problems: string[] = []
    const again = await start({
      feed: new SyntheticFeed({ limit: 100 }),
      speed: 'max',
      onProblem: problem => problems.push(problem.message),
    })
    await settled(again)
    await again.stop()
    expect(problems).toEqual([])
    const replayed = await replayGateway({ home })
    expect(replayed.from).toBeGreaterThan(0)
    expect(replayed.outcomes).toBeGreaterThan(0)
    expect(replayed.difference).toBeUndefined()
    // Its first run began on pages that are gone; the second one did not.
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ runs: 1, firstRun: 2, difference: undefined })
  })

  test.each([
    ['no state', ''],
    ['a state', 'state: { save: () => n, load: saved => { n = saved } },'],
  ])(
    'a strategy with %s that sends nothing keeps few pages, also over a power loss; forgotten it keeps none',
    {
      timeout: 180_000,
    },
    async (_, state) => {
      const home = newHome()
      const quiet = `let n = 0
      export default defineStrategy({ id: 'quiet', ${state} onTrade() { n++ } })`
      const feed = new PushedFeed()
      const options = {
        ...QUICK,
        home,
        strategies: [moduleOf(quiet)],
        feed,
        pageSize: 64 * 1024,
        strategyPageSize: 64 * 1024,
        snapshotBytes: 32 * 1024,
        retain: { snapshots: 1 },
      }
      const firstPage = (journal = 'gateway'): number => listDirectory(join(home, journal)).pages[0]
      const gateway = await Gateway.start(options)
      let trades = 0
      const feedUntil = async (isEnough: () => boolean): Promise<void> => {
        await until(
          () => {
            feed.push(...Array.from({ length: 50 }, () => trade('BTCUSDT', 10, ++trades)))
            return isEnough()
          },
          'retired pages',
          60_000,
        )
      }
      await feedUntil(() => firstPage() > 2)
      await settled(gateway)
      const copy = copyOf(home)
      await gateway.stop()
      endBoot(copy)
      const again = await Gateway.start({ ...options, home: copy, feed: new PushedFeed() })
      await settled(again)
      expect(again.status.strategies[0].restarts).toBe(0)
      await again.stop()

      const without = await Gateway.start({ ...options, strategies: [] })
      const before = firstPage()
      for (let i = 0; i < 20; i++) feed.push(...Array.from({ length: 50 }, () => trade('BTCUSDT', 10, ++trades)))
      ticktape('prune', sequence(home), '--forget', 'quiet')
      await feedUntil(() => firstPage() > before + 2)
      await without.stop()
    },
  )

  test('orders, positions and why say the same without pages that were retired', { timeout: 60_000 }, () => {
    const home = recorded(3)
    const lines = (directory: string, ...args: string[]): Record<string, unknown>[] => {
      const { status, stdout, stderr } = ticktape(args[0], directory, ...args.slice(1), '--json')
      expect([status, args[0] === 'why' || directory === home ? '' : stderr]).toEqual([
        0,
        args[0] === 'why' || directory === home ? '' : expect.stringContaining('a snapshot says what was known there'),
      ])
      return stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
    }
    const short = copyOf(home)
    const [, middle] = [...snapshotsOf(sequence(short))]
    const first = openPage(sequence(short), 0, false)
    const { capacity } = first
    first.mapping.close()
    const gone = Math.floor(middle.at / capacity)
    expect(gone).toBeGreaterThan(0)
    for (let page = 0; page < gone; page++)
      rmSync(join(sequence(short), `${String(page).padStart(10, '0')}.page`), { force: true })
    for (const by of ['strategy', 'account', 'desk']) {
      const all = lines(home, 'positions', '--by', by)
      expect(all.length).toBe(1)
      expect(lines(short, 'positions', '--by', by)).toEqual(all)
    }
    // When it was taken is on a page that is gone, and what changed it last. Denied orders never were in the book.
    const ordersOf = (directory: string): unknown[] =>
      lines(directory, 'orders', '--all', '-n', '1000').map(order => ({
        ...order,
        takenAt: '',
        changedAt: '',
        position: 0,
      }))
    const byId = (a: unknown, b: unknown): number =>
      String((a as { orderId: string }).orderId).localeCompare(String((b as { orderId: string }).orderId))
    const wasSent = (order: unknown): boolean => (order as { state: string }).state !== 'denied'
    const orders = ordersOf(home).filter(wasSent).sort(byId)
    expect(orders.length).toBeGreaterThan(50)
    expect(ordersOf(short).filter(wasSent).sort(byId)).toEqual(orders)
    const { orderId } = lines(home, 'orders', '--all', '-n', '1').at(-1) as { orderId: string }
    expect(lines(short, 'why', orderId)).toEqual(lines(home, 'why', orderId))
    const refused = ticktape('positions', short, '--by', 'account', '--strategy', 's1')
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('ERR_PAGES_GONE') as string })
  })

  test('prune refuses the journals of a home by name, and doctor does not propose it', { timeout: 60_000 }, () => {
    const home = recorded(1)
    for (const journal of ['gateway', 'strategies/s1']) {
      const refused = ticktape('prune', join(home, journal), '--pages', '1')
      expect(refused).toMatchObject({
        status: 2,
        stderr: expect.stringContaining(`journal of the home ${home}`) as string,
      })
    }
    const { stdout } = ticktape('doctor', sequence(home))
    expect(stdout).not.toMatch(/prune .*--(bytes|pages|age)/)
    Reader.open(sequence(home), { from: { name: 'dashboard' } }).close()
    const forgotten = ticktape('prune', sequence(home), '--forget', 'dashboard')
    expect(forgotten).toMatchObject({ status: 0, stdout: expect.stringContaining('forgot reader dashboard') as string })
    expect(listDirectory(sequence(home)).pages[0]).toBe(0)
  })
})
