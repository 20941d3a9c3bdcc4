/** Strategies that misbehave: what the operator sees of each, and that the others miss nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, type GatewayOptions, replayGateway, type SupervisorEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { moduleOf, newHome, notesOf, PushedFeed, QUICK, quote, reportsOf, trade, until } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { isGone } from '../../support/processes.ts'

const TRADES = 30

/** Answers each trade with an order of its number. */
const good = (): string =>
  moduleOf(`export default defineStrategy({ id: 'good', onTrade({ symbol, tradeId }, context) {
  context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
} })`)

interface Course {
  readonly home: string
  readonly gateway: Gateway
  /** What the operator was told of the bad one. */
  readonly told: SupervisorEvent[]
}

/** Runs a bad strategy beside a good one until `seen`, then checks that the good one has missed nothing. */
async function beside(
  bad: string,
  options: Partial<GatewayOptions>,
  seen: (course: Course) => boolean,
): Promise<{ readonly home: string; readonly told: readonly SupervisorEvent[]; readonly restarts: number }> {
  const home = newHome()
  const feed = new PushedFeed()
  const told: SupervisorEvent[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [bad, good()],
    feed,
    restarts: { max: 2, withinMs: 60_000 },
    ...options,
    onStrategy: (id, event) => id === 'bad' && told.push(event),
  })
  const course = { home, gateway, told }
  try {
    feed.push(quote('BTCUSDT', 100, 101))
    for (let id = 1; id <= TRADES; id++) feed.push(trade('BTCUSDT', 100, id))
    await until(() => notesOf(home, 'good').length === TRADES, 'the good one', 50_000)
    await until(() => seen(course), 'what the operator sees', 50_000)
    const answers = (): unknown[] =>
      reportsOf(home)
        .filter(({ dest }) => dest === 2)
        .map(({ state }) => state)
    await until(() => answers().length === TRADES, 'the answers', 50_000)
    expect(answers()).toEqual(Array(TRADES).fill('accepted'))
    const [{ restarts }] = gateway.status.strategies
    return { home, told, restarts }
  } finally {
    await gateway.stop()
    expect(notesOf(home, 'good')).toEqual(Array.from({ length: TRADES }, (_, i) => String(i + 1)))
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  }
}

const isGivenUp = ({ gateway }: Course): boolean => gateway.status.strategies[0].phase === 'failed'

test('one that floods the gateway with orders is denied by its rate limit', { timeout: 120_000 }, async () => {
  const bad = moduleOf(`export default defineStrategy({ id: 'bad', onTrade({ symbol }, context) {
    for (let i = 0; i < 100; i++) context.order({ symbol, side: 'buy', quantity: 1, price: 49 })
  } })`)
  const limits = { risk: { strategies: { bad: { maxOrdersPerSecond: 10 } } } }
  const { home } = await beside(bad, limits, ({ gateway }) => gateway.status.orders === 101 * TRADES)
  const own = reportsOf(home).filter(({ dest }) => dest === 1)
  expect(own.length).toBe(100 * TRADES)
  const denied = own.filter(({ reason }) => reason === 'order-rate-limit').length
  expect(denied).toBeGreaterThan(80 * TRADES)
  expect(own.filter(({ state }) => state === 'accepted').length).toBe(100 * TRADES - denied)
})

test('one that needs too much memory ends, is started again, and then given up', { timeout: 120_000 }, async () => {
  const bad = moduleOf(`const kept = []
    export default defineStrategy({ id: 'bad', onTrade() {
      for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
    } })`)
  const { told, restarts } = await beside(
    bad,
    { strategyMemoryMb: 48, restarts: { max: 1, withinMs: 60_000 } },
    isGivenUp,
  )
  expect(restarts).toBe(1)
  expect(told.filter(({ kind }) => kind === 'ended').map(event => 'how' in event && event.how)).toEqual([
    'SIGABRT',
    'SIGABRT',
  ])
})

test('one that sends values that are no numbers gets an error from the call, and nothing is sent', {
  timeout: 120_000,
}, async () => {
  const bad = moduleOf(`export default defineStrategy({ id: 'bad', onTrade({ symbol, tradeId }, context) {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, '1', undefined, null, {}]
    let refused = 0
    for (const value of values)
      for (const request of [{ quantity: value }, { quantity: 1, price: value === undefined ? Number.NaN : value }])
        try { context.order({ symbol, side: 'buy', ...request }) } catch (error) { refused += error.code === 'ERR_INVALID_OPTION' ? 1 : 0 }
    context.order({ symbol, side: 'buy', quantity: 1, price: 49, clientOrderId: 'refused ' + refused })
  } })`)
  const { home, restarts } = await beside(bad, {}, ({ home: at }) => notesOf(at, 'bad').length === TRADES)
  expect(restarts).toBe(0)
  expect(new Set(notesOf(home, 'bad'))).toEqual(new Set(['refused 16']))
})

test('one that ends at once is started again with a growing delay, and then given up', {
  timeout: 120_000,
}, async () => {
  const marker = join(makeFolder(), 'inspected')
  const bad = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
    if (existsSync('${marker}')) process.exit(7)
    writeFileSync('${marker}', '')
    export default defineStrategy({ id: 'bad', onTrade() {} })`)
  const { told } = await beside(bad, {}, isGivenUp)
  expect(told.filter(({ kind }) => kind === 'ended')).toMatchObject([
    { how: 'exit status 7', restartInMs: 10 },
    { how: 'exit status 7', restartInMs: 20 },
    { how: 'exit status 7', restartInMs: undefined },
  ])
  expect(told.at(-1)).toMatchObject({ kind: 'given-up', restarts: 2 })
})

test('one that blocks while its module is loaded is hung, killed, and given up', {
  timeout: 120_000,
}, async () => {
  const marker = join(makeFolder(), 'inspected')
  const bad = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
    if (existsSync('${marker}')) for (;;);
    writeFileSync('${marker}', '')
    export default defineStrategy({ id: 'bad', onTrade() {} })`)
  const home = newHome()
  const told: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [],
    feed: new PushedFeed(),
    restarts: { max: 0, withinMs: 60_000 },
    startMs: 1500,
    onStrategy: (id, event) => id === 'bad' && told.push(event.kind),
  })
  await gateway.addStrategy(bad)
  await until(() => told.includes('given-up'), 'its end')
  expect(gateway.status.strategies).toMatchObject([{ id: 'bad', phase: 'failed', pid: undefined }])
  await gateway.stop()
  expect(told).toEqual(['started', 'hung', 'ended', 'given-up'])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('what one has started ends with it', { timeout: 120_000 }, async () => {
  const file = join(makeFolder(), 'pids')
  const bad = moduleOf(`import { spawn } from 'node:child_process'
    import { appendFileSync } from 'node:fs'
    export default defineStrategy({ id: 'bad', onTrade({ tradeId }) {
      if (tradeId === 1n) appendFileSync('${file}', spawn('sleep', ['1000'], { stdio: 'ignore' }).pid + '\\n')
      if (tradeId === 2n) process.kill(process.pid, 'SIGKILL')
    } })`)
  await beside(bad, {}, isGivenUp)
  expect(existsSync(file)).toBe(true)
  for (const pid of readFileSync(file, 'utf8').trim().split('\n').map(Number))
    await until(() => isGone(pid), `the child ${pid} to end`)
})

test('a module that cannot be loaded, or does not end, is refused, and nothing runs', {
  timeout: 120_000,
}, async () => {
  const bad = moduleOf("throw new Error('broken')")
  const start = Gateway.start({ ...QUICK, home: newHome(), strategies: [bad], feed: new PushedFeed() })
  expect(await rejectionOf(start)).toMatchObject({
    code: 'ERR_STRATEGY',
    message: expect.stringMatching(/broken/) as string,
  })
})
