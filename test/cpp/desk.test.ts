// A strategy in C++ takes part in a desk as those in TypeScript and Python do: exactly once, restarted, fenced, stopped in order, and replayed.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verify } from 'ticktape'
import { auditSession, Gateway, Lifecycle, replaySession, type SupervisorEvent } from 'ticktape/runtime'
import { BookTop } from 'ticktape/trading'
import { beforeAll, describe, expect, test } from 'vitest'
import { listDirectory } from '../../dist/journal/files/directory.js'
import { CPP, compile, NO_CPP } from '../support/cpp.ts'
import {
  fillsOf,
  framesOf,
  moduleOf,
  newHome,
  ordersOf,
  PushedFeed,
  playToEnd,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  until,
} from '../support/desks.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'
import { NO_PYTHON, pythonStrategy } from '../support/python.ts'

const KILLS = Number(process.env['TICKTAPE_CPP_KILLS'] ?? 2)
const folder = makeFolderForAll()

/** cpp/tests/strategies.cpp, whose name says which strategy it is. */
function program(name: string): string {
  const file = join(makeFolder(), name)
  copyFileSync(join(folder, 'strategies'), file)
  return file
}

const lives = (home: string, id: string): string[] =>
  framesOf<{ event: string }>(join(home, 'strategies', id), Lifecycle).map(frame => frame.event)

const verdicts = async (home: string): Promise<Record<string, string>> => {
  const { gateway, exchanges, strategies } = await replaySession({ home })
  return Object.fromEntries(
    [gateway, ...exchanges, ...strategies].map(({ who, verdict, text }) => [who, `${verdict}: ${text}`]),
  )
}

describe.skipIf(NO_CPP)('a strategy in C++', () => {
  beforeAll(() => {
    const [, page] =
      /```cpp\n\/\/ momentum\.cpp\n([^]*?)```/.exec(readFileSync(join(CPP, '../docs/cpp.md'), 'utf8')) ?? []
    compile(folder, 'strategies', 'ticktape/strategy.h', [
      { name: 'own', source: readFileSync(join(CPP, 'tests/strategies.cpp'), 'utf8') },
      { name: 'snapshots', source: readFileSync(join(CPP, 'tests/snapshots.cpp'), 'utf8') },
      { name: 'page', source: page },
      { name: 'example', source: readFileSync(join(CPP, '../examples/cpp/momentum.cpp'), 'utf8') },
    ])
  }, 300_000)

  test('beside one in TypeScript and one in Python: one order for each frame, whenever they are killed, and all replay the same', {
    timeout: 300_000,
  }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    const ours = moduleOf(`export default defineStrategy({ id: 'ours', onBook(book, context) {
      context.order({ symbol: book.symbol, side: 'sell', quantity: 0.001, price: book.bid, timeInForce: 'ioc' }) } })`)
    const python = pythonStrategy(
      "def on_book(self, book):\n    self.send_order(symbol=book.symbol, side='buy', quantity=0.001, price=book.ask, time_in_force='ioc')",
    )
    const ids = ['every', 'ours', ...(NO_PYTHON ? [] : ['a'])]
    const events: SupervisorEvent[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [program('every'), ours, ...(NO_PYTHON ? [] : [python])],
      feed,
      onStrategy: (_, event) => events.push(event),
    })
    const follow = (): Promise<void> =>
      until(() => gateway.status.strategies.every(({ progress }) => progress !== undefined), 'all follow', 60_000)
    let quotes = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await follow()
      for (let n = 0; n < 300; n++) feed.push(quote('BTCUSDT', 100 + (quotes++ % 7), 101 + (quotes % 7)))
      // In the middle of it, and at another point each time.
      await sleep((kill * 7) % 50)
      for (const { pid } of gateway.status.strategies) if (pid !== undefined) process.kill(pid, 'SIGKILL')
      await until(
        () => gateway.status.strategies.every(({ restarts }) => restarts > kill),
        'all were started again',
        60_000,
      )
    }
    await follow()
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)

    const seen = sequenceOf(home, BookTop).map(frame => frame.position)
    expect(seen).toHaveLength(quotes)
    for (const id of ids) {
      const orders = ordersOf(home, id)
      expect(orders.map(order => order.cause)).toEqual(seen)
      expect(new Set(orders.map(order => order.orderId)).size).toBe(quotes)
      expect(await verify(join(home, 'strategies', id), { deep: true })).toMatchObject({ sound: true, findings: [] })
      expect(lives(home, id).filter(event => event === 'started')).toHaveLength(KILLS + 1)
      expect(lives(home, id).at(-1)).toBe('stopped')
    }
    expect(fillsOf(home).length).toBeGreaterThan(0)
    expect(listDirectory(join(home, 'strategies/every')).pages.length).toBeGreaterThan(1)
    expect(events.filter(event => event.kind === 'failed')).toEqual([])
    expect(await auditSession(home)).toMatchObject({ sound: true })
    const all = await verdicts(home)
    for (const id of ['gateway', 'sim', ...ids]) expect(all[id]).toMatch(/^same/)
    expect(all['every']).toMatch(new RegExp(`^same: .* in ${KILLS + 1} runs, ${quotes} orders`))
  })

  test('is what its page and the example say', () => {
    for (const part of ['page', 'example']) {
      const { stdout, stderr } = spawnSync(join(folder, 'strategies'), [part, 'inspect', 'FILE'], { encoding: 'utf8' })
      expect(stderr).toBe('')
      const one = { id: 'momentum', symbols: ['BTCUSDT'], from: 'start', wantsTicker: false }
      expect(JSON.parse(stdout)).toEqual({ kind: 'strategies', strategies: [one] })
    }
  })

  test('takes the last snapshot that is complete, and reads no pages before it', () => {
    const journal = join(makeFolder('memory'), 'journal')
    const { status, stderr } = spawnSync(join(folder, 'strategies'), ['snapshots', journal], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('knows its orders, positions, time and timers, amends and cancels, and stops in order', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    const terms = { venue: 'sim', kind: 'spot', quote: 'USDT', priceTick: '0.1', quantityStep: '0.1' } as const
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [program('knowing')],
      feed,
      instruments: [
        { ...terms, symbol: 'BTCUSDT', base: 'BTC' },
        { ...terms, symbol: 'ETHUSDT', base: 'ETH' },
      ],
    })
    feed.push(quote('ETHUSDT', 100, 101), quote('BTCUSDT', 100, 101))
    await until(() => reportsOf(home).some(report => report.state === 'cancelled'))
    expect(await gateway.stop()).toBe(true)
    const last = new Map(reportsOf(home).map(({ price, state, reason }) => [price, `${state}: ${reason}`]))
    expect(Object.fromEntries(last)).toMatchObject({
      101: 'filled: none',
      51: 'cancelled: requested',
      50.05: 'denied: price-tick',
      200: 'cancelled: requested', // by cancelAll, in its last store
    })
    const actions = ['new', 'new', 'new', 'new', 'amend', 'cancel', 'cancel-all']
    expect(ordersOf(home, 'knowing').map(order => order.action)).toEqual(actions)
    expect(lives(home, 'knowing')).toEqual(['started', 'stopped'])
    expect(await auditSession(home)).toMatchObject({ sound: true })
    expect((await verdicts(home))['knowing']).toMatch(/^same: .* 7 orders/)
  })

  test('that throws is started again after the frame, says where, and its failure is replayed', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    const events: SupervisorEvent[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [program('every')],
      feed,
      onStrategy: (_, event) => events.push(event),
    })
    for (const bid of [100, 99, 98, 97, 96]) feed.push(quote('BTCUSDT', bid, 101))
    await until(() => ordersOf(home, 'every').length === 5, 'it goes on after the frame')
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)
    const said = events.flatMap(event => (event.kind === 'failed' ? [event.message] : []))
    expect(said).toEqual(['onBook: the bid is 99', 'onBook: it has thrown something that is no std::exception'])
    expect(lives(home, 'every')).toEqual(['started', 'failed', 'started', 'failed', 'started', 'stopped'])
    expect((await verdicts(home))['every']).toMatch(/^same: .* in 3 runs, 5 orders/)
  })

  // Of `npm run test:cpp`: it writes until pages are retired.
  test.skipIf(KILLS <= 10)(
    'knows the same after a start from a snapshot, when the first pages are gone',
    {
      timeout: 300_000,
    },
    async () => {
      const home = newHome()
      const options = {
        ...QUICK,
        home,
        strategies: [program('holding')],
        snapshotBytes: 32 * 1024,
        retain: { snapshots: 1 },
      }
      const feed = new PushedFeed()
      const gateway = await Gateway.start({ ...options, feed })
      let n = 0
      const push = (): void => {
        for (const symbol of ['BTCUSDT', 'ETHUSDT']) feed.push(quote(symbol, 100 + (n++ % 7), 108))
      }
      await until(
        () => {
          if (gateway.status.events + 100 > n) for (let i = 0; i < 50; i++) push()
          return listDirectory(join(home, 'gateway')).pages[0] > 0
        },
        'retired pages',
        120_000,
      )
      await settled(gateway)
      await gateway.stop()
      const json = (...args: string[]): Record<string, unknown>[] =>
        ticktape(...args, '--json')
          .stdout.trim()
          .split('\n')
          .map(line => JSON.parse(line) as Record<string, unknown>)
      const held = json('positions', home).map(({ instrument, quantity, averagePrice }) => [
        String(instrument).replace('.sim', ''),
        [Number(quantity), Number(averagePrice)],
      ])
      const open = json('orders', home).map(({ orderId, price }) => [Number(orderId), price])
      expect(held).toHaveLength(2)
      expect(open).toHaveLength(2)

      push()
      feed.end()
      await playToEnd({ ...options, feed })
      const said = readdirSync(join(home, 'log')).flatMap(name =>
        readFileSync(join(home, 'log', name), 'utf8')
          .split('\n')
          .flatMap(line => line.split(' knows ').slice(1)),
      )
      const [first, second] = said.map(text => JSON.parse(text) as [Record<string, [number, number]>, unknown[]])
      expect(first).toEqual([{}, []])
      for (const [symbol, [quantity, average]] of held as [string, [number, number]][]) {
        expect(second[0][symbol][0]).toBe(quantity)
        expect(second[0][symbol][1]).toBeCloseTo(average, 6)
      }
      expect(second[1]).toEqual(open)
      expect((await verdicts(home))['holding']).toMatch(/^same: .* in 1 run, .*from run 2 on/)
    },
  )
})
