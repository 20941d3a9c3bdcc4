/** Strategies inside the gateway's process: the same frames and decisions as in processes of their own, and what differs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CaptureFeed,
  DeadMan,
  deskOptions,
  Gateway,
  type GatewayOptions,
  readDeskFile,
  replayGateway,
  replaySession,
  replayStrategy,
  StrategyEvent,
  type SupervisorEvent,
  sendCommand,
} from 'ticktape/runtime'
import { Fill, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { TimerFired } from '../../../dist/trading/sequence/frames.js'
import { realData } from '../../support/captures.ts'
import {
  moduleOf,
  newHome,
  notesOf,
  ordersOf,
  PushedFeed,
  playToEnd,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { strategyFile } from '../../support/gateways.ts'
import { ticktape } from '../../support/journals.ts'

const inside = (module: string) => ({ module, inProcess: true })
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1))
const trades = (from: number, count: number) => Array.from({ length: count }, (_, i) => trade('X', 100, from + i))

/** Answers each trade with an order of its number. */
const answering = (id: string, more = ''): string =>
  moduleOf(`export default defineStrategy({ id: '${id}', ${more} onTrade({ symbol, tradeId }, context) {
  context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
} })`)

async function expectSame(home: string): Promise<void> {
  expect(await replaySession({ home })).toMatchObject({ verdict: 'same' })
}

function logOf(home: string): string {
  const folder = join(home, 'log')
  return readdirSync(folder)
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('')
}

test("its handlers run in the gateway's process, with all that the context has; a replay does the same", {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const module = moduleOf(`let sent = 0
    export default defineStrategy({ id: 'a', symbols: ['X'],
      onStart(context) { context.log('pid ' + process.pid); context.every(10, 'tick') },
      onTrade({ symbol }, context) {
        const price = context.random() < 0.8 ? 100 : 99
        context.order({ symbol, side: 'buy', quantity: 1, price, timeInForce: 'ioc', clientOrderId: String(++sent) })
        context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(++sent) })
      },
      onFill(fill, context) { context.log('holds ' + context.position('X').quantity) },
      onTimer({ name }, context) { context.log(name) },
      onStop(context) { context.cancelAll() } })`)
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [inside(module)], feed })
  feed.push(quote('X', 99, 100), ...trades(1, 20))
  await until(() => sequenceOf(home, TimerFired).length > 2, 'timers')
  await until(() => gateway.status.strategies[0].progress?.sent === 41, 'its progress')
  expect(gateway.status.strategies).toMatchObject([
    { id: 'a', inProcess: true, pid: process.pid, phase: 'running', restarts: 0 },
  ])
  expect(await gateway.stop()).toBe(true)

  expect(notesOf(home)).toEqual(numbers(40))
  const fills = sequenceOf(home, Fill).length
  expect(fills).toBeGreaterThan(5)
  const log = logOf(home)
  expect(log).toContain(`pid ${process.pid}`)
  expect(log).toContain(`holds ${fills}`)
  expect(log).toContain('tick')
  const last = new Map(reportsOf(home).map(({ orderId, state }) => [orderId, state]))
  expect([...last.values()].filter(state => state !== 'cancelled' && state !== 'filled')).toEqual([])
  await expectSame(home)
})

test('decides the same on a recorded feed as in a process of its own', { timeout: 120_000 }, async context => {
  const capture = realData(context, 'hyperliquid_btc_20250126.gz')
  const decided: unknown[] = []
  for (const inProcess of [false, true]) {
    const home = newHome()
    const options = { home, feed: new CaptureFeed(capture), strategies: [{ module: deciding(), inProcess }] }
    expect(await playToEnd(options)).toBe(true)
    const ids = new Map(sequenceOf(home, Trade).map(({ position, tradeId }) => [position, tradeId]))
    decided.push(
      ordersOf(home).map(({ side, price, quantity, symbol, cause }) => [
        side,
        price,
        quantity,
        symbol,
        ids.get(cause as number),
      ]),
    )
    await expectSame(home)
  }
  expect((decided[0] as unknown[]).length).toBeGreaterThan(30)
  expect(decided[1]).toEqual(decided[0])
})

/** Buys below the average price of the trades and sells above. */
const deciding = (): string =>
  moduleOf(`let mean = 0
  export default defineStrategy({ id: 'a', onTrade({ symbol, price, quantity }, context) {
    mean += mean === 0 ? price : (price - mean) / 10
    context.order({ symbol, side: price < mean ? 'buy' : 'sell', quantity, price, timeInForce: 'ioc' })
  } })`)

test('goes on where it was, with its state, when it moves into the gateway and out again', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const file = moduleOf(`let count = 0
    export default defineStrategy({ id: 'a', state: { save: () => count, load: value => { count = value } },
      onTrade({ symbol }, context) {
        context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(++count) })
      } })`)
  const feed = new PushedFeed()
  for (const [n, inProcess] of [false, true, true, false].entries()) {
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [{ module: file, inProcess }], feed })
    feed.push(...trades(1 + 5 * n, 5))
    await until(() => notesOf(home).length === 5 * (n + 1), 'its orders')
    expect(gateway.status.strategies[0].pid === process.pid).toBe(inProcess)
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)
  }
  expect(notesOf(home)).toEqual(numbers(20))
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ runs: 4, orders: 20, difference: undefined })
})

/** Runs a bad strategy inside, beside a good one in a process, until the bad one was given up. */
async function untilGivenUp(bad: string, options: Partial<GatewayOptions> = {}) {
  const home = newHome()
  const feed = new PushedFeed()
  const told: SupervisorEvent[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    feed,
    strategies: [inside(bad), answering('good')],
    restarts: { max: 2, withinMs: 60_000 },
    ...options,
    onStrategy: (id, event) => id === 'bad' && told.push(event),
  })
  try {
    for (let n = 1; n <= 10; n++) {
      feed.push(trade('X', 100, n))
      await until(() => notesOf(home, 'good').length === n, 'the good one')
    }
    await until(() => gateway.status.strategies[0].phase === 'failed', 'the end of the bad one')
    const seen = told.length
    feed.push(...trades(11, 10))
    await until(() => notesOf(home, 'good').length === 20, 'the good one')
    await settledOf(gateway, 'good')
    return { home, gateway, told: told.slice(0, seen) }
  } finally {
    expect(await gateway.stop()).toBe(false)
    expect(notesOf(home, 'good')).toEqual(numbers(20))
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  }
}

async function settledOf(gateway: Gateway, name: string): Promise<void> {
  await until(() => {
    const { position, strategies } = gateway.status
    return (strategies.find(({ id }) => id === name)?.progress?.position ?? 0) >= position
  }, name)
}

test('a handler that throws ends it, as its process would: what it had sent stands, it is started again, then given up; the others miss nothing', {
  timeout: 120_000,
}, async () => {
  const bad = moduleOf(`let seen = 0
    export default defineStrategy({ id: 'bad', onTrade({ symbol, tradeId }, context) {
      context.order({ symbol, side: 'buy', quantity: 1, price: 49, clientOrderId: String(tradeId) })
      if (++seen === 2) throw new Error('the second one')
    } })`)
  const { home, told } = await untilGivenUp(bad, { deadManMs: 300 })
  expect(told.filter(({ kind }) => kind !== 'ready')).toMatchObject([
    { kind: 'started', pid: process.pid, inProcess: true },
    { kind: 'failed', message: 'the second one' },
    { kind: 'ended', how: 'an error', restartInMs: 10 },
    { kind: 'started' },
    { kind: 'failed' },
    { kind: 'ended', restartInMs: 20 },
    { kind: 'started' },
    { kind: 'failed' },
    { kind: 'ended', restartInMs: undefined },
    { kind: 'given-up', restarts: 2, how: 'an error' },
  ])
  // Each start has new variables, and goes on after the frame at which the last one ended.
  expect(notesOf(home, 'bad')).toEqual(numbers(6))
  expect(sequenceOf<{ event: string }>(home, StrategyEvent).map(({ event }) => event)).toContain('failed')
  expect(await replayStrategy({ home, strategy: 'bad' })).toMatchObject({ runs: 3, orders: 6, difference: undefined })
})

test('the dead-man switch cancels the orders of one that has failed', { timeout: 120_000 }, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const bad = moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
    context.order({ symbol, side: 'buy', quantity: 1, price: 49 })
    throw new Error('always')
  } })`)
  const options = { ...QUICK, home, feed, restarts: { max: 0, withinMs: 1000 }, deadManMs: 100 }
  const gateway = await Gateway.start({ ...options, strategies: [inside(bad)] })
  feed.push(trade('X', 100, 1))
  await until(() => sequenceOf(home, DeadMan).length === 1, 'the switch')
  await until(() => reportsOf(home).at(-1)?.reason === 'dead-man-switch', 'the cancel')
  expect(await gateway.stop()).toBe(false)
})

const ENDING = [
  ['start', "onStart() { throw new Error('at first') },", 'at first'],
  ['promise', 'onStart: () => Promise.resolve(),', 'returned a promise'],
  ['state', 'state: { save: () => ({ n: Number.NaN }), load() {} },', 'saves NaN'],
] as const

test('an error of onStart, a promise, a state that cannot be saved: each ends that strategy alone', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const told = new Map<string, string>()
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    feed,
    strategies: [...ENDING.map(([id, more]) => answering(id, more)), answering('good')].map(inside),
    restarts: { max: 0, withinMs: 1000 },
    onStrategy: (id, event) => (event.kind === 'failed' ? told.set(id, event.message) : undefined),
  })
  const phases = (): string[] => gateway.status.strategies.map(({ phase }) => phase)
  await until(() => phases().filter(phase => phase === 'failed').length === 3, 'their ends')
  feed.push(...trades(1, 5))
  await until(() => notesOf(home, 'good').length === 5, 'the good one')
  expect(phases()).toEqual(['failed', 'failed', 'failed', 'running'])
  for (const [id, , message] of ENDING) expect(told.get(id)).toContain(message)
  expect(await gateway.stop()).toBe(false)
})

test('onStop that throws: it has not stopped in order', { timeout: 120_000 }, async () => {
  const home = newHome()
  const told: SupervisorEvent[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    feed: new PushedFeed(),
    strategies: [inside(answering('a', "onStop() { throw new Error('at last') },"))],
    onStrategy: (_, event) => told.push(event),
  })
  expect(await gateway.stop()).toBe(false)
  expect(told.slice(-2)).toMatchObject([
    { kind: 'failed', message: 'at last' },
    { kind: 'ended', how: 'an error' },
  ])
})

test('one that needs too long to stop is ended between two frames, and the next start handles the rest', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const shared = globalThis as { busyMs?: number }
  const slow = moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
    for (const end = performance.now() + (globalThis.busyMs ?? 0); performance.now() < end;);
    context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
  } })`)
  const options = { ...QUICK, home, feed, strategies: [inside(slow)] }
  shared.busyMs = 50
  const gateway = await Gateway.start({ ...options, stopMs: 100 })
  feed.push(...trades(1, 60))
  await until(() => sequenceOf(home, Trade).length === 60, 'the trades')
  expect(await gateway.stop()).toBe(false)
  const before = notesOf(home).length
  expect(before).toBeLessThan(60)
  shared.busyMs = 0
  const again = await Gateway.start(options)
  await until(() => notesOf(home).length === 60, 'the rest')
  expect(await again.stop()).toBe(true)
  expect(notesOf(home)).toEqual(numbers(60))
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ runs: 2, difference: undefined })
})

test('a module that is not sound is refused by the process that tries it, and is never loaded by the gateway', {
  timeout: 120_000,
}, async () => {
  const marker = join(makeFolder(), 'pid')
  const bad = moduleOf(`import { appendFileSync } from 'node:fs'
    appendFileSync('${marker}', process.pid + ' ')
    process.exit(3)`)
  const options = { ...QUICK, home: newHome(), feed: new PushedFeed() }
  const failure = await rejectionOf(Gateway.start({ ...options, strategies: [inside(bad)] }))
  expect(failure).toMatchObject({ code: 'ERR_STRATEGY' })
  expect(existsSync(options.home)).toBe(false)
  const gateway = await Gateway.start({ ...options, strategies: [] })
  expect(await rejectionOf(gateway.addStrategy(inside(bad)))).toMatchObject({ code: 'ERR_STRATEGY' })
  expect(await gateway.stop()).toBe(true)
  const pids = readFileSync(marker, 'utf8').trim().split(' ').map(Number)
  expect(pids).toHaveLength(2)
  expect(pids).not.toContain(process.pid)
})

test('commands: pause and resume, remove, add to the gateway or as a process; replace is refused by name', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const file = answering('a')
  const gateway = await Gateway.start({ ...QUICK, home, feed, strategies: [inside(file)] })
  let pushed = 0
  const push = async (): Promise<string> => {
    feed.push(...trades(1 + pushed, 2))
    pushed += 2
    await until(() => notesOf(home).length === pushed, 'its orders')
    await settled(gateway)
    return reportsOf(home).at(-1)?.state ?? 'none'
  }
  expect(await push()).toBe('accepted')
  expect(await sendCommand(home, { action: 'pause-strategy', strategy: 'a' })).toMatchObject({ state: 'done' })
  expect(await push()).toBe('denied')
  gateway.resumeStrategy('a')
  expect(await push()).toBe('accepted')
  expect(await sendCommand(home, { action: 'replace-strategy', strategy: 'a', detail: file })).toMatchObject({
    state: 'refused',
    text: expect.stringContaining("'a' runs inside the gateway's process") as string,
  })
  expect(await rejectionOf(gateway.replaceStrategy('a', file))).toMatchObject({ code: 'ERR_STRATEGY' })
  expect(await push()).toBe('accepted')
  for (const [given, isInside] of [
    [inside(file), true],
    [file, false],
  ] as const) {
    expect(await gateway.removeStrategy('a')).toBe(true)
    expect(gateway.status.strategies).toEqual([])
    await gateway.addStrategy(given)
    expect(gateway.status.strategies[0].pid === process.pid).toBe(isInside)
    expect(await push()).toBe('accepted')
  }
  expect(await gateway.stop()).toBe(true)
  expect(notesOf(home)).toEqual(numbers(pushed))
  await expectSame(home)
})

test.each([
  [{ module: 'a.py', inProcess: true }, 'ERR_STRATEGY', 'only a module in JavaScript can run inside'],
  [{ module: 'a.json', inProcess: true }, 'ERR_STRATEGY', 'only a module in JavaScript can run inside'],
  [{ module: 'a.mjs', inproces: true }, 'ERR_INVALID_OPTION', "has no option 'inproces'"],
  [{ module: 'a.mjs', inProcess: 1 }, 'ERR_INVALID_OPTION', "option 'inProcess' of a module in"],
  [{ inProcess: true }, 'ERR_INVALID_OPTION', "needs 'module'"],
  [7, 'ERR_INVALID_OPTION', 'takes paths of modules'],
])('%j as a strategy is refused with %s', async (given, code, message) => {
  const home = newHome()
  const options = { home, feed: new PushedFeed(), strategies: [given as never] }
  expect(await rejectionOf(Gateway.start(options))).toMatchObject({
    code,
    message: expect.stringContaining(message) as string,
  })
  expect(existsSync(home)).toBe(false)
})

test('a desk.json says it, with a path relative to the file; what is misspelt is named', () => {
  const folder = makeFolder()
  const file = join(folder, 'desk.json')
  writeFileSync(file, JSON.stringify({ strategies: [{ module: 'a.mjs', inProcess: true }, 'b.mjs'] }))
  const strategies = [inside(join(folder, 'a.mjs')), join(folder, 'b.mjs')]
  expect(readDeskFile(file)).toEqual({ strategies })
  expect(deskOptions(readDeskFile(file))).toMatchObject({ strategies, description: { strategies } })
  writeFileSync(file, JSON.stringify({ strategies: [{ module: 'a.mjs', inproces: true }] }))
  expect(failureOf(() => readDeskFile(file)).message).toContain(
    "'strategies[0].inproces' is not known; did you mean 'inProcess'?",
  )
})

test('ticktape run --in-process, and again with the home alone', { timeout: 120_000 }, () => {
  const home = newHome()
  const run = (...words: string[]) => ticktape('run', ...words, '--duration', '0.2', '--json')
  const first = run(strategyFile('busy.mjs'), '--in-process', '--home', home)
  expect(first.status, first.stderr).toBe(0)
  const second = run('--home', home)
  expect(second.status, second.stderr).toBe(0)
  for (const { stdout } of [first, second]) {
    const starts = stdout.split('\n').filter(line => line.includes('"event":"started"'))
    expect(starts).toHaveLength(2)
    for (const line of starts) expect(line).toContain('"inProcess":true')
  }
  expect(run('--in-process', '--home', home).stderr).toContain('--in-process is about modules on the command line')
  const replay = ticktape('replay', home)
  expect(replay.status, replay.stdout + replay.stderr).toBe(0)
})
