// A strategy in Python takes part in a desk as one in JavaScript does: exactly once, restarted, fenced, stopped in order, and replayed.
import { appendFileSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verify } from 'ticktape'
import { auditSession, Gateway, Lifecycle, replaySession, type SupervisorEvent, SyntheticFeed } from 'ticktape/runtime'
import { BookTop } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { listDirectory } from '../../dist/journal/files/directory.js'
import { SnapshotEnd } from '../../dist/trading/sequence/frames.js'
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
import { startTicktape, ticktape } from '../support/journals.ts'
import { isGone } from '../support/processes.ts'
import { NO_PYTHON, pythonStrategy } from '../support/python.ts'

const KILLS = Number(process.env['TICKTAPE_PYTHON_KILLS'] ?? 2)

const lives = (home: string, id = 'a'): string[] =>
  framesOf<{ event: string }>(join(home, 'strategies', id), Lifecycle).map(frame => frame.event)

const verdicts = async (home: string): Promise<Record<string, string>> => {
  const { gateway, exchanges, strategies } = await replaySession({ home })
  return Object.fromEntries(
    [gateway, ...exchanges, ...strategies].map(({ who, verdict, text }) => [who, `${verdict}: ${text}`]),
  )
}

const EVERY_QUOTE = `
def on_book(self, book):
    self.send_order(symbol=book.symbol, side='buy', quantity=0.001, price=book.ask, time_in_force='ioc', client_order_id=f'{self.random():.6f}')`

describe.skipIf(NO_PYTHON)('a strategy in Python', () => {
  test('and one in JavaScript send one order for each frame, whenever they are killed, and replay the same', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    const other = moduleOf(`export default defineStrategy({ id: 'b', onBook(book, context) {
      context.order({ symbol: book.symbol, side: 'sell', quantity: 0.001, price: book.bid, timeInForce: 'ioc' }) } })`)
    const events: SupervisorEvent[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [pythonStrategy(EVERY_QUOTE), other],
      feed,
      onStrategy: (_, event) => events.push(event),
    })
    let quotes = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await until(() => gateway.status.strategies.every(({ progress }) => progress !== undefined), 'both follow')
      for (let n = 0; n < 300; n++) feed.push(quote('BTCUSDT', 100 + (quotes++ % 7), 101 + (quotes % 7)))
      // In the middle of it, and at another point each time.
      await sleep((kill * 7) % 50)
      for (const { pid } of gateway.status.strategies) if (pid !== undefined) process.kill(pid, 'SIGKILL')
      await until(() => gateway.status.strategies.every(({ restarts }) => restarts > kill), 'they were started again')
    }
    await until(() => gateway.status.strategies.every(({ progress }) => progress !== undefined), 'both follow')
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)

    const seen = sequenceOf(home, BookTop).map(frame => frame.position)
    expect(seen).toHaveLength(quotes)
    for (const id of ['a', 'b']) {
      const orders = ordersOf(home, id)
      expect(orders.map(order => order.cause)).toEqual(seen)
      expect(new Set(orders.map(order => order.orderId)).size).toBe(quotes)
      expect(await verify(join(home, 'strategies', id), { deep: true })).toMatchObject({ sound: true, findings: [] })
    }
    expect(fillsOf(home).length).toBeGreaterThan(0)
    expect(readdirSync(join(home, 'strategies/a')).filter(name => name.endsWith('.page')).length).toBeGreaterThan(1)
    expect(lives(home).filter(event => event === 'started')).toHaveLength(KILLS + 1)
    expect(events.filter(event => event.kind === 'failed')).toEqual([])
    expect(await auditSession(home)).toMatchObject({ sound: true })
    expect(await verdicts(home)).toMatchObject({
      gateway: expect.stringMatching(/^same/) as string,
      sim: expect.stringMatching(/^same/) as string,
      a: expect.stringMatching(new RegExp(`^same: .* in ${KILLS + 1} runs, ${quotes} orders`)) as string,
      b: expect.stringMatching(/^same/) as string,
    })
  })

  test('knows its orders, positions, time and timers, amends and cancels, and stops in order', {
    timeout: 60_000,
  }, async () => {
    const home = newHome()
    const file = pythonStrategy(`
symbols = ['BTCUSDT']

def on_start(self):
    self.resting = None
    self.timer('tick', every=5)
    print('{"kind":"ready"}')
    self.log('starts with', self.open_orders(), dict(self.positions))

def on_book(self, book):
    assert book.symbol == 'BTCUSDT' and self.now == book.time
    if self.resting is None:
        self.send_order(symbol='BTCUSDT', side='buy', quantity=1, price=book.ask)
        self.resting = self.send_order(instrument=book.instrument, side='buy', quantity=1, price=50, client_order_id='rests')
        self.send_order(symbol='BTCUSDT.sim', side='buy', quantity=1, price=50.05)
        assert [order.state for order in self.open_orders()] == ['submitted'] * 3

def on_fill(self, fill):
    if fill.side == 'buy':
        held = self.position('BTCUSDT')
        assert (held.quantity, held.average_price) == (1.0, 101.0), held
        self.send_order(symbol=fill.symbol, side='sell', quantity=held.quantity, price=200)
        self.amend(self.resting, price=51)

def on_timer(self, timer):
    mine = [order for order in self.open_orders('BTCUSDT') if order.order_id == self.resting]
    if mine and mine[0].price == 51 and not mine[0].pending_cancel:
        self.cancel(self.resting)
        self.cancel_timer(timer.id)

def on_stop(self):
    self.cancel_all()`)
    const feed = new PushedFeed()
    const terms = { venue: 'sim', kind: 'spot', quote: 'USDT', priceTick: '0.1', quantityStep: '0.1' } as const
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [file],
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
      200: 'cancelled: requested', // by cancel_all, in its last store
    })
    const actions = ['new', 'new', 'new', 'new', 'amend', 'cancel', 'cancel-all']
    expect(ordersOf(home).map(order => order.action)).toEqual(actions)
    expect(lives(home)).toEqual(['started', 'stopped'])
    expect(await auditSession(home)).toMatchObject({ sound: true })
    expect((await verdicts(home))['a']).toMatch(/^same: .* 7 orders/)
  })

  test('that raises is started again after the frame, says where, and its failure is replayed', {
    timeout: 60_000,
  }, async () => {
    const home = newHome()
    const file = pythonStrategy(`
def on_book(self, book):
    self.send_order(symbol=book.symbol, side='buy', quantity=1, price=book.ask, time_in_force='ioc')
    if book.bid == 99:
        return 1 / 0`)
    const feed = new PushedFeed()
    const events: SupervisorEvent[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [file],
      feed,
      onStrategy: (_, event) => events.push(event),
    })
    for (const bid of [100, 99, 98]) feed.push(quote('BTCUSDT', bid, 101))
    await until(() => ordersOf(home).length === 3, 'it goes on after the frame')
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)
    const said = events.flatMap(event => (event.kind === 'failed' ? [event.message] : []))
    expect(said).toEqual(['on_book: ZeroDivisionError: division by zero'])
    expect(lives(home)).toEqual(['started', 'failed', 'started', 'stopped'])
    expect((await verdicts(home))['a']).toMatch(/^same: .* in 2 runs, 3 orders/)
  })

  test('that decides by a clock is different, and one whose code changed cannot be compared', {
    timeout: 60_000,
  }, async () => {
    const home = newHome()
    const file = pythonStrategy(
      `
def on_book(self, book):
    self.send_order(symbol=book.symbol, side='buy', quantity=1, price=time.time_ns() % 1000 + 1)`,
      'import time',
    )
    await playToEnd({ home, strategies: [file], feed: new SyntheticFeed({ symbols: ['BTCUSDT'], limit: 20 }) })
    const { strategies } = await replaySession({ home })
    expect(strategies).toMatchObject([
      { verdict: 'different', text: expect.stringMatching(/^it sends other values: price at the frame/) as string },
    ])
    appendFileSync(file, '# changed\n')
    expect((await verdicts(home))['a']).toMatch(/^cannot compare: its code changed since run 1/)
    // The user may ask whether another version decides the same.
    expect(ticktape('replay', home, '--strategy', 'a', file)).toMatchObject({ status: 1 })
  })

  test('knows the same after a start from a snapshot, when the first pages are gone', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const file = pythonStrategy(
      `
def on_start(self):
    held = {symbol: [one.quantity, one.average_price] for symbol, one in self.positions.items()}
    self.log('knows', json.dumps([held, [[one.order_id, one.price, one.state] for one in self.open_orders()]]))

def on_book(self, book):
    mine = self.open_orders(book.symbol)
    if not mine:
        self.send_order(symbol=book.symbol, side='buy', quantity=0.01, price=round(book.bid / 2, 2))
    if self.position(book.symbol).quantity < 0.05:
        self.send_order(symbol=book.symbol, side='buy', quantity=0.01, price=book.ask, time_in_force='ioc')`,
      'import json',
    )
    const options = { ...QUICK, home, strategies: [file], snapshotBytes: 32 * 1024, retain: { snapshots: 1 } }
    const said = (): string[] =>
      readdirSync(join(home, 'log')).flatMap(name =>
        readFileSync(join(home, 'log', name), 'utf8')
          .split('\n')
          .flatMap(line => line.split(' knows ').slice(1)),
      )
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
      60_000,
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
    const open = json('orders', home).map(({ orderId, price, state }) => [Number(orderId), price, state])
    expect(held).toHaveLength(2)
    expect(open).toHaveLength(2)

    push()
    feed.end()
    await playToEnd({ ...options, feed })
    const [first, second] = said().map(text => JSON.parse(text) as [Record<string, [number, number]>, unknown[]])
    expect(first).toEqual([{}, []])
    for (const [symbol, [quantity, average]] of held as [string, [number, number]][]) {
      expect(second[0][symbol][0]).toBe(quantity)
      expect(second[0][symbol][1]).toBeCloseTo(average, 6)
    }
    expect(second[1]).toEqual(open)
    expect((await verdicts(home))['a']).toMatch(/^same: .* in 1 run, .*from run 2 on/)
  })

  test('and one in JavaScript start when the first page that is left begins within a snapshot', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const other = moduleOf(`export default defineStrategy({ id: 'b', onBook() {} })`)
    const strategies = [pythonStrategy('def on_book(self, book): pass'), other]
    const options = { ...QUICK, home, strategies, snapshotBytes: 32 * 1024 }
    const feed = new PushedFeed()
    const gateway = await Gateway.start({ ...options, feed })
    const snapshots = (): { at: number; begin: number; position: number }[] => sequenceOf(home, SnapshotEnd)
    /** Slots of a page of 64 KiB. */
    const PAGE = 960
    // A snapshot whose parts are on two pages, and a later one that says what a start needs.
    const cut = (): number | undefined => {
      const all = snapshots()
      const found = all.findIndex(({ begin, position }, i) => {
        const page = Math.floor(position / PAGE)
        return Math.floor(begin / PAGE) < page && all[i + 1] !== undefined && all[i + 1].at >= page * PAGE
      })
      return found < 0 ? undefined : Math.floor(all[found].position / PAGE)
    }
    let n = 0
    await until(
      () => {
        if (gateway.status.events + 100 > n)
          for (let i = 0; i < 100; i++) feed.push(quote('BTCUSDT', 100 + (n++ % 7), 108))
        return n % 2000 === 0 && cut() !== undefined
      },
      'a snapshot on two pages, and another after it',
      60_000,
    )
    await settled(gateway)
    await gateway.stop()

    const first = cut() ?? 0
    const pages = listDirectory(join(home, 'gateway')).pages.filter(page => page < first)
    for (const page of pages) unlinkSync(join(home, 'gateway', `${String(page).padStart(10, '0')}.page`))
    feed.end()
    await playToEnd({ ...options, feed })
    expect(lives(home, 'a')).toEqual(['started', 'stopped', 'started', 'stopped'])
    expect(lives(home, 'b')).toEqual(['started', 'stopped', 'started', 'stopped'])
  })

  test('ends with a gateway that is killed, also from an endless loop', { timeout: 60_000 }, async () => {
    const home = newHome()
    const file = pythonStrategy(
      `
def on_book(self, book):
    print('pid', os.getpid())
    while True:
        pass`,
      'import os',
    )
    const child = startTicktape('run', file, '--home', home)
    let said = ''
    child.stderr?.on('data', chunk => void (said += String(chunk)))
    await until(() => /^pid \d+$/m.test(said), `it loops, but said: ${said}`)
    const pid = Number(/^pid (\d+)$/m.exec(said)?.[1])
    child.kill('SIGKILL')
    await until(() => isGone(pid), 'it has ended')
  })

  test('that cannot be loaded is refused with its traceback', { timeout: 60_000 }, () => {
    const refused = (file: string, env: NodeJS.ProcessEnv = {}, ...args: string[]): string => {
      const before = { ...process.env }
      Object.assign(process.env, env)
      try {
        const { status, stderr } = ticktape('run', file, '--duration', '1', ...args)
        expect(status).toBe(2)
        return stderr
      } finally {
        process.env = before
      }
    }
    const raising = pythonStrategy('def on_book(self, book): pass', 'undefined_name')
    expect(refused(raising)).toMatch(
      /^ERR_STRATEGY: \S+strategy\.py cannot be loaded: Traceback \(most recent call last\): File "\S+strategy\.py", line 2, in <module> undefined_name .*NameError: name 'undefined_name' is not defined/,
    )
    expect(refused(pythonStrategy('async def on_book(self, book): pass'))).toMatch(/'on_book' .* cannot be async/)
    expect(refused(pythonStrategy('x = 1'))).toMatch(/strategy 'a' handles nothing; give it one of on_ticker, on_book/)
    expect(refused(raising, { PYTHON: 'no-such-python' })).toMatch(
      /^ERR_STRATEGY: \S+ cannot be loaded: spawn no-such-python ENOENT; it needs Python 3\.9 or later, as 'python3'; --python/,
    )
    expect(refused(raising, {}, '--python', '/no/such/python')).toMatch(/spawn \/no\/such\/python ENOENT/)
    const ending = pythonStrategy('def on_book(self, book): pass', 'import os; os._exit(3)')
    expect(refused(ending)).toMatch(/ended its process while it was loaded \(exit status 3\)/)
  })
})
