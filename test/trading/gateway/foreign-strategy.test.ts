// A strategy in Python, which knows nothing of the library but docs/format.md and docs/strategy-protocol.md, takes part in a desk.
import { cpSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on, Reader, verify } from 'ticktape'
import { auditSession, Gateway, Lifecycle, type SupervisorEvent, SyntheticFeed } from 'ticktape/runtime'
import { BookTop, Order } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Intent } from '../../../dist/trading/sequence/frames.js'
import {
  fillsOf,
  framesOf,
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
} from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

const PYTHON = join(import.meta.dirname, '../../../examples/python')

/** The modules of examples/python with another strategy. Returns the description's file. */
function strategyOf(body: string, description: object = {}): string {
  const folder = makeFolder()
  for (const name of ['journal.py', 'strategy_process.py']) cpSync(join(PYTHON, name), join(folder, name))
  writeFileSync(join(folder, 'strategy.py'), `from strategy_process import run\n\n${body}\n\nrun(Strategy())\n`)
  const file = join(folder, 'strategy.json')
  writeFileSync(file, JSON.stringify({ id: 'a', command: ['python3', '-B', 'strategy.py'], ...description }))
  return file
}

/** One order for each quote, named by it. */
const EVERY_QUOTE = `
class Strategy:
    def on_book(self, book, context):
        context.order(book['instrument'], 'buy', 0.001, book['ask'], 'ioc')
`

const lives = (home: string, id = 'a'): string[] =>
  framesOf<{ event: string }>(join(home, 'strategies', id), Lifecycle).map(frame => frame.event)

test('one order for each frame, whenever its process is killed: none lost, none twice', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const events: SupervisorEvent[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [strategyOf(EVERY_QUOTE)],
    feed,
    onStrategy: (_, event) => events.push(event),
  })
  let quotes = 0
  for (let kill = 0; kill < 6; kill++) {
    await until(() => gateway.status.strategies[0].progress !== undefined, 'it follows')
    for (let n = 0; n < 150; n++) feed.push(quote('BTCUSDT', 100 + (quotes++ % 7), 101 + (quotes % 7)))
    // In the middle of it, and at another point each time.
    await sleep(kill * 7)
    const { pid } = gateway.status.strategies[0]
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
    await until(() => gateway.status.strategies[0].restarts > kill, 'it was started again')
  }
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)

  // Each quote has one order, with the quote's frame as its cause.
  const causes = ordersOf(home).map(order => order.cause)
  const seen = sequenceOf(home, BookTop).map(frame => frame.position)
  expect(seen).toHaveLength(quotes)
  expect(causes).toEqual(seen)
  expect(new Set(ordersOf(home).map(order => order.orderId)).size).toBe(quotes)
  // The gateway answered each once, and nothing is odd in any journal.
  expect(sequenceOf<{ action: string }>(home, Intent).filter(intent => intent.action === 'submit')).toHaveLength(quotes)
  expect(fillsOf(home).length).toBeGreaterThan(0)
  const audit = await auditSession(home)
  expect(audit).toMatchObject({
    sound: true,
    strategies: [{ orders: quotes, answered: quotes, gaps: 0, duplicates: 0 }],
  })
  expect(await verify(join(home, 'strategies/a'), { deep: true })).toMatchObject({ sound: true, findings: [] })
  expect(readdirSync(join(home, 'strategies/a')).filter(name => name.endsWith('.page')).length).toBeGreaterThan(1)
  expect(lives(home).filter(event => event === 'started').length).toBe(7)
  expect(lives(home).at(-1)).toBe('stopped')
  expect(events.filter(event => event.kind === 'failed')).toEqual([])
})

test('a home on disk: what it writes has checksums, and is durable after it was killed', {
  timeout: 60_000,
}, async () => {
  const home = join(makeFolder(), 'home')
  const feed = new PushedFeed()
  const gateway = await Gateway.start({
    ...QUICK,
    durability: 'interval',
    home,
    strategies: [strategyOf(EVERY_QUOTE)],
    feed,
  })
  for (let n = 0; n < 300; n++) feed.push(quote('BTCUSDT', 100, 101))
  await until(() => ordersOf(home).length >= 300)
  process.kill(gateway.status.strategies[0].pid ?? 0, 'SIGKILL')
  await until(() => gateway.status.strategies[0].restarts === 1)
  for (let n = 0; n < 300; n++) feed.push(quote('BTCUSDT', 100, 101))
  await until(() => ordersOf(home).length >= 600)
  expect(await gateway.stop()).toBe(true)
  const report = await verify(join(home, 'strategies/a'), { deep: true })
  expect(report).toMatchObject({ sound: true, findings: [] })
  expect(report.checkedFrames).toBeGreaterThan(550)
  using durable = Reader.open(join(home, 'strategies/a'), { durable: true })
  let orders = 0
  while (durable.poll(on(Order, () => orders++)) > 0);
  expect(orders).toBe(600)
})

test('reports, fills, timers, cancels and the orderly end reach it like any other strategy', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategy = strategyOf(`
class Strategy:
    def on_start(self, context):
        context.every(5, 'tick')
        self.ticks = 0
        self.filled = False

    def on_book(self, book, context):
        if book['bid'] == 100:
            context.order(book['instrument'], 'buy', 1, book['ask'])
            context.order(book['instrument'], 'buy', 1, 50)
            context.order(book['instrument'], 'buy', 1, 50.05)

    def on_fill(self, fill, context):
        self.filled = True
        held = context.positions[context.symbol(fill['instrument'])]
        context.order(fill['instrument'], 'sell', held, 200)

    def on_timer(self, timer, context):
        self.ticks += 1
        resting = [one for one, order in context.open_orders.items() if order['price'] == 50 and not order['pending']]
        if self.ticks >= 3 and self.filled:
            for order_id in resting:
                context.cancel(order_id)

    def on_stop(self, context):
        context.cancel_all()
`)
  const feed = new PushedFeed()
  const spec = {
    venue: 'sim',
    symbol: 'BTCUSDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    priceTick: '0.1',
    quantityStep: '0.1',
  } as const
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [strategy], feed, instruments: [spec] })
  feed.push(quote('BTCUSDT', 100, 101))
  await until(() => reportsOf(home).some(report => report.state === 'cancelled'))
  expect(await gateway.stop()).toBe(true)
  const last = new Map(reportsOf(home).map(({ price, state, reason }) => [price, `${state}: ${reason}`]))
  expect(Object.fromEntries(last)).toMatchObject({
    101: 'filled: none',
    50: 'cancelled: requested',
    50.05: 'denied: price-tick',
    200: 'cancelled: requested', // by cancel-all, in its last store
  })
  expect(ordersOf(home).map(order => order.action)).toEqual(['new', 'new', 'new', 'new', 'cancel', 'cancel-all'])
  expect(lives(home)).toEqual(['started', 'stopped'])
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

test('a gateway that is started again goes on with it', { timeout: 60_000 }, async () => {
  const home = newHome()
  const strategy = strategyOf(EVERY_QUOTE)
  for (const limit of [200, 400]) {
    const feed = new SyntheticFeed({ symbols: ['BTCUSDT'], limit })
    await playToEnd({ home, strategies: [strategy], feed })
  }
  expect(lives(home)).toEqual(['started', 'stopped', 'started', 'stopped'])
  const orders = ordersOf(home)
  expect(orders.length).toBe(sequenceOf(home, BookTop).length)
  expect(new Set(orders.map(order => order.orderId >> 32n)).size).toBe(2)
})

test('a program that is not there, and a description that says nothing good', { timeout: 60_000 }, async () => {
  const events: SupervisorEvent[] = []
  const feed = new SyntheticFeed({ limit: 10 })
  const gateway = await Gateway.start({
    ...QUICK,
    home: newHome(),
    strategies: [strategyOf('', { command: ['no-such-program-here'] })],
    feed,
    onStrategy: (_, event) => events.push(event),
  })
  const said = (): string[] => events.flatMap(event => (event.kind === 'failed' ? [event.message] : []))
  await until(() => said().length > 0 && events.some(event => event.kind === 'ended'))
  await gateway.stop()
  expect(said()[0]).toContain('no-such-program-here')

  const refused = async (text: string): Promise<unknown> => {
    const file = join(makeFolder(), 'strategy.json')
    writeFileSync(file, text)
    return rejectionOf(Gateway.start({ ...QUICK, home: newHome(), strategies: [file], feed }))
  }
  for (const [text, message] of [
    ['{', /is not JSON/],
    ['[]', /describes no strategy/],
    ['{ "id": "a" }', /needs a 'command'/],
    ['{ "id": "a", "command": [] }', /needs a 'command'/],
    ['{ "id": "../a", "command": ["x"] }', /has no good 'id'/],
    ['{ "id": "a", "comand": ["x"], "command": ["x"] }', /has 'comand', which is not known; did you mean 'command'\?/],
    ['{ "id": "a", "command": ["x"], "symbols": "BTCUSDT" }', /'symbols' that are no list/],
  ] as const)
    expect(await refused(text)).toMatchObject({
      code: 'ERR_STRATEGY',
      message: expect.stringMatching(message) as string,
    })
})
