import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type FrameDefinition, Reader, Writer } from 'ticktape'
import { defineStrategy, Gateway, type GatewayOptions, type StrategyDefinition, SyntheticFeed } from 'ticktape/runtime'
import { Order, OrderReport, Trade } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

describe('defineStrategy', () => {
  test.each([
    [{}, "'id'"],
    [{ id: '' }, "'id'"],
    [{ id: '../up' }, "'id'"],
    [{ id: '.hidden' }, "'id'"],
    [{ id: 'x'.repeat(33) }, "'id'"],
    [{ id: 'a' }, 'handles nothing'],
    [{ id: 'a', onStart() {} }, 'handles nothing'],
    [{ id: 'a', onTicker() {}, onTickr() {} }, "'onTickr'"],
    [{ id: 'a', onTicker: 1 }, "'onTicker'"],
    [{ id: 'a', async onTicker() {} }, 'async'],
    [{ id: 'a', onTicker() {}, symbols: 'BTC' }, "'symbols'"],
    [{ id: 'a', onTicker() {}, symbols: [] }, "'symbols'"],
    [{ id: 'a', onTicker() {}, symbols: ['x'.repeat(17)] }, "'symbols'"],
    [{ id: 'a', onTicker() {}, from: 'middle' }, "'from'"],
  ])('refuses %o with a named error', (definition, what) => {
    const failure = failureOf(() => defineStrategy(definition as unknown as StrategyDefinition))
    expect(failure).toMatchObject({ code: 'ERR_STRATEGY', message: expect.stringContaining(what) as string })
  })

  test('accepts a valid definition', () => {
    const strategy = defineStrategy({ id: 'a-1_2.3', symbols: ['BTC-USDT'], from: 'end', onTrade() {} })
    expect(strategy.id).toBe('a-1_2.3')
    expect(Object.isFrozen(strategy)).toBe(true)
  })
})

const RUNTIME = pathToFileURL(join(import.meta.dirname, '../../../dist/public/runtime.js')).href

/** A strategy's module. */
function moduleOf(body: string, name = 'strategy.mjs'): string {
  const file = join(makeFolder(), name)
  writeFileSync(file, `import { defineStrategy } from '${RUNTIME}'\n${body}`)
  return file
}

async function play(body: string, events = 400, options: Partial<GatewayOptions> = {}): Promise<string> {
  const home = options.home ?? join(makeFolder('memory'), 'session')
  const gateway = await Gateway.start({
    home,
    strategies: [moduleOf(body)],
    feed: new SyntheticFeed({ limit: events }),
    speed: 'max',
    pageSize: 65536,
    strategyPageSize: 65536,
    ...options,
  })
  await gateway.fed
  // A strategy gets reports on its last orders only if they exist when it is asked to stop.
  await sleep(300)
  expect(await gateway.stop()).toBe(true)
  return home
}

interface Sent {
  readonly position: number
  readonly orderId: bigint
  readonly symbol: string
  readonly state: string
  readonly reason?: string
  readonly action?: string
  readonly clientOrderId: string
  readonly cause: number | undefined
  readonly causeJournal: number | undefined
  readonly source: number | undefined
  readonly dest: number | undefined
}

function framesOf(directory: string, definition: FrameDefinition): Sent[] {
  const frames: Sent[] = []
  using reader = Reader.open(directory)
  for (const frame of reader) {
    const { position, cause, causeJournal, source, dest } = frame
    if (frame.is(definition))
      frames.push({ ...frame.toObject(), position, cause, causeJournal, source, dest } as unknown as Sent)
  }
  return frames
}

const ordersOf = (home: string, id = 'a'): Sent[] => framesOf(join(home, 'strategies', id), Order)
const reportsOf = (home: string): Sent[] => framesOf(join(home, 'gateway'), OrderReport)

/** Notes of handlers: each note is the client id of an order. */
const notesOf = (home: string): string[] =>
  ordersOf(home)
    .filter(order => order.action === 'new')
    .map(order => order.clientOrderId)

/** A strategy that sends an order every few trades of a symbol, and fails when it gets a report on an order of another strategy. */
function everyTrade(id: string, every: number): string {
  return `defineStrategy({ id: '${id}', onTrade(trade, { order }) {
      if (trade.tradeId % ${every}n === 0n) order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: String(trade.position) })
    }, onOrder(report, { id }) {
      if (report.dest !== (id === 'a' ? 2 : 3)) throw new Error('the report is for ' + report.dest)
    } })`
}

describe('a strategy', () => {
  test('names the cause of each order, has unique ids, and gets only its own reports', async () => {
    const home = await play(`export default [${everyTrade('a', 2)}, ${everyTrade('b', 3)}]`)
    for (const [id, number] of [
      ['a', 2],
      ['b', 3],
    ] as const) {
      const orders = ordersOf(home, id)
      expect(orders.length).toBeGreaterThan(3)
      for (const order of orders) {
        expect(order).toMatchObject({
          cause: Number(order.clientOrderId),
          causeJournal: 1,
          source: number,
          orderId: (BigInt(number) << 48n) | BigInt(order.position),
        })
      }
      const reports = reportsOf(home).filter(report => report.dest === number)
      const answers = reports.filter(report => report.state === 'accepted' || report.state === 'rejected')
      expect(answers.map(report => [report.orderId, report.cause, report.causeJournal])).toEqual(
        orders.map(order => [order.orderId, order.position, number]),
      )
    }
  })

  test('gets the frames of its symbols and handlers', async () => {
    const home = await play(`
      const seen = new Set()
      const note = kind => (frame, { order }) => {
        if (frame.symbol !== 'ETHUSDT') throw new Error(frame.symbol)
        if (seen.size < 3 && !seen.has(kind)) order({ symbol: 'ETHUSDT', side: 'buy', quantity: 1, clientOrderId: kind })
        seen.add(kind)
      }
      export default defineStrategy({ id: 'a', symbols: ['ETHUSDT'], onTicker: note('ticker'), onBook: note('book'), onTrade: note('trade') })`)
    expect(notesOf(home).toSorted()).toEqual(['book', 'ticker', 'trade'])
  })

  test('gets the time of the frame, and is started and stopped once; its final orders are answered too', async () => {
    const home = await play(`
      let [first, last, starts] = [undefined, 0n, 0]
      export default defineStrategy({ id: 'a',
        onStart() { starts++ },
        onTrade(trade, context) {
          if (context.now !== trade.time) throw new Error('another time')
          last = context.now
          first ??= context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, price: 0.001 })
        },
        onStop(context) {
          if (context.now < last) throw new Error('time went back')
          context.cancel(first)
          context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, clientOrderId: 'starts' + starts })
        } })`)
    const orders = ordersOf(home)
    expect(orders.slice(-2)).toMatchObject([
      { action: 'cancel', orderId: orders[0].orderId },
      { action: 'new', clientOrderId: 'starts1' },
    ])
    expect(orders.at(-1)?.cause).toEqual(expect.any(Number))
    expect(reportsOf(home).map(report => report.state)).toEqual(['accepted', 'cancelled', 'accepted', 'filled'])
  })

  test('gets an error for an invalid order, and nothing is sent', async () => {
    const requests = [
      '{}',
      "{ symbol: 'X', side: 'buy' }",
      "{ symbol: 'X', side: 'up', quantity: 1 }",
      "{ symbol: 'X', side: 'buy', quantity: 0 }",
      "{ symbol: 'X', side: 'buy', quantity: NaN }",
      "{ symbol: 'X', side: 'buy', quantity: 1, price: -1 }",
      "{ symbol: 'X', side: 'buy', quantity: 1, orderType: 'limit' }",
      "{ symbol: 'X', side: 'buy', quantity: 1, price: 2, orderType: 'market' }",
      "{ symbol: 'X', side: 'buy', quantity: 1, size: 1 }",
      "{ symbol: 'x'.repeat(17), side: 'buy', quantity: 1 }",
      "{ symbol: 'X', side: 'buy', quantity: 1, clientOrderId: 'é' }",
    ]
    const home = await play(`
      let done = false
      const codes = []
      export default defineStrategy({ id: 'a', onTrade(trade, context) {
        if (done) return
        done = true
        for (const send of [${requests.map(request => `() => context.order(${request})`).join(', ')}, () => context.cancel(5n), () => context.cancel(1n << 48n)]) {
          try { send(); codes.push('sent') } catch (error) { codes.push(error.code.slice(4, 6)) }
        }
        context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: codes.join('') })
      } })`)
    expect(notesOf(home)).toEqual([`${'IN'.repeat(9)}${'FI'.repeat(2)}${'IN'.repeat(2)}`])
    expect(ordersOf(home)).toHaveLength(1)
  })

  test('cannot send outside its handlers, nor more orders for one frame than fit on one page', async () => {
    const home = await play(`
      let outside = 'nothing'
      let kept
      let done = false
      export default defineStrategy({ id: 'a',
        onStart(context) {
          kept = context
          try { context.order({ symbol: 'X', side: 'buy', quantity: 1 }) } catch (error) { outside = error.code }
        },
        onTrade(trade, context) {
          if (done) return
          done = true
          let sent = 0
          try { for (;;) { context.order({ symbol: 'NONE', side: 'buy', quantity: 1, clientOrderId: 'n' + sent }); sent++ } }
          catch (error) { setImmediate(() => { try { kept.order({ symbol: 'X', side: 'buy', quantity: 1 }) } catch (late) { console.error(late.code) } }) }
        } })`)
    const causes = new Set(ordersOf(home).map(order => order.cause))
    expect(causes.size).toBe(1)
    expect(ordersOf(home)).toHaveLength(64)
    expect(reportsOf(home)).toHaveLength(64)
    expect(reportsOf(home)[0]).toMatchObject({ state: 'rejected', reason: 'no market' })
  })

  test('cannot cancel or send for another strategy by writing frames itself: the gateway uses the number of the journal', async () => {
    const home = await play("export default defineStrategy({ id: 'a', onTrade() {} })")
    const forged = {
      symbol: 'BTCUSDT',
      orderId: 9n << 48n,
      price: 1,
      quantity: 1,
      filledQuantity: 0,
      averagePrice: 0,
      clientOrderId: '',
      side: 'buy',
      orderType: 'limit',
      state: 'new',
      timeInForce: 'gtc',
      action: 'new',
    } as const
    using writer = Writer.open(join(home, 'strategies', 'a'), { journalId: 2, durability: 'process' })
    writer.write(Order, forged)
    writer.write(Order, { ...forged, action: 'cancel' })
    writer.close()
    await play("export default defineStrategy({ id: 'a', onTrade() {} })", 500, { home })
    expect(reportsOf(home)).toMatchObject([
      { state: 'rejected', reason: 'bad order id', dest: 2 },
      { state: 'rejected', reason: 'unknown order', dest: 2 },
    ])
  })

  test("that begins at the 'end' does not get frames before its first start, and later continues like any other", async () => {
    const home = await play("export default defineStrategy({ id: 'b', onTrade() {} })", 300)
    const before = Reader.open(join(home, 'gateway'), { from: 'end' })
    const end = before.position
    before.close()
    await play(
      `export default defineStrategy({ id: 'a', from: 'end', onTrade(trade, context) {
      context.order({ symbol: trade.symbol, side: 'buy', quantity: 1 })
    } })`,
      600,
      { home },
    )
    const causes = ordersOf(home).map(order => order.cause as number)
    expect(Math.min(...causes)).toBeGreaterThanOrEqual(end)
    expect(causes.length).toBeGreaterThan(20)
    expect(JSON.parse(readFileSync(join(home, 'session.json'), 'utf8'))).toMatchObject({
      members: [
        { id: 'b', number: 2 },
        { id: 'a', number: 3 },
      ],
    })
  })
})

function newHome(): string {
  return join(makeFolder('memory'), 'session')
}

describe('Gateway.start', () => {
  const feed = new SyntheticFeed({ limit: 1 })
  test.each([
    [{ spede: 'max' }, 'ERR_INVALID_OPTION'],
    [{ speed: 0 }, 'ERR_INVALID_OPTION'],
    [{ feed: {} as never }, 'ERR_INVALID_OPTION'],
    [{ strategies: [7 as never] }, 'ERR_INVALID_OPTION'],
    [{ strategies: ['/nonexistent.mjs'] }, 'ERR_STRATEGY'],
    [{ home: '' }, 'ERR_INVALID_OPTION'],
  ])('refuses %o with %s', async (options, code) => {
    expect(await rejectionOf(Gateway.start({ home: newHome(), strategies: [], feed, ...options }))).toMatchObject({
      code,
    })
  })

  test("refuses durability 'commit' and names the alternatives", async () => {
    const refusal = await rejectionOf(
      Gateway.start({ home: newHome(), strategies: [], feed, durability: 'commit' as never }),
    )
    expect(refusal).toMatchObject({
      message: expect.stringMatching(/'durability'.*'process' or 'interval'.*not "commit"/) as string,
    })
  })

  test.each([
    ['export default 5', 'has no strategies'],
    ['export const x = 1', 'has no strategies'],
    ['export default []', 'has no strategies'],
    ['syntax error here', 'cannot be loaded'],
    ["throw new Error('no licence')", 'no licence'],
    ["const s = defineStrategy({ id: 'a', onTrade() {} }); export default [s, s]", "two strategies 'a'"],
  ])('refuses the module "%s"', async (body, what) => {
    const failure = await rejectionOf(Gateway.start({ home: newHome(), strategies: [moduleOf(body)], feed }))
    expect(failure).toMatchObject({ code: 'ERR_STRATEGY', message: expect.stringContaining(what) as string })
  })

  test('advises how to load TypeScript if Node does not', async () => {
    const file = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })", 'strategy.ts')
    if ((process.features as { typescript?: unknown }).typescript) {
      await (await Gateway.start({ home: newHome(), strategies: [file], feed, speed: 'max' })).stop()
      return
    }
    expect(await rejectionOf(Gateway.start({ home: newHome(), strategies: [file], feed }))).toMatchObject({
      code: 'ERR_STRATEGY',
      message: expect.stringContaining('compile it') as string,
    })
  })

  test('refuses a second gateway on one home and names the first, and refuses a damaged session.json', async () => {
    const at = newHome()
    const first = await Gateway.start({ home: at, strategies: [], feed, speed: 'max' })
    expect(await rejectionOf(Gateway.start({ home: at, strategies: [], feed }))).toMatchObject({
      code: 'ERR_WRITER_LOCKED',
      holder: { pid: process.pid },
    })
    await first.stop()
    for (const text of [
      '',
      '{',
      '{"version":2,"members":[]}',
      '{"version":1,"members":[{"id":"../x","number":2,"file":"f"}]}',
      '{"version":1,"members":[{"id":"x","number":1,"file":"f"}]}',
    ]) {
      writeFileSync(join(at, 'session.json'), text)
      expect(await rejectionOf(Gateway.start({ home: at, strategies: [], feed }))).toMatchObject({
        code: 'ERR_SESSION',
        path: join(at, 'session.json'),
      })
    }
    chmodSync(join(at, 'session.json'), 0o666)
    expect(await rejectionOf(Gateway.start({ home: at, strategies: [], feed }))).toMatchObject({
      code: 'ERR_UNSAFE_PATH',
    })
  })

  test('refuses to continue a session whose first pages were removed: it would play its feed again', async () => {
    const at = await play("export default defineStrategy({ id: 'a', onTrade() {} })", 2000)
    rmSync(join(at, 'gateway', '0000000000.page'))
    expect(await rejectionOf(Gateway.start({ home: at, strategies: [], feed }))).toMatchObject({
      code: 'ERR_SESSION',
      path: join(at, 'gateway'),
    })
  })

  test('a strategy that does not stop is killed and reported', async () => {
    const stuck = moduleOf("export default defineStrategy({ id: 'a', onTrade() { for (;;); } })")
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [stuck],
      feed: new SyntheticFeed({ limit: 100 }),
      speed: 'max',
      stopMs: 200,
    })
    await gateway.fed
    const { pid } = gateway.status.strategies[0]
    expect(await gateway.stop()).toBe(false)
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  })

  test('a strategy that is stopped while it starts handles all frames written so far before it ends', async () => {
    const marker = join(makeFolder(), 'failed')
    const failsOnce = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
      import { setTimeout as sleep } from 'node:timers/promises'
      if (existsSync('${marker}')) await sleep(500)
      let trades = 0
      export default defineStrategy({ id: 'a',
        onTrade(trade, { order }) {
          order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: 't' + trade.tradeId })
          if (++trades === 3 && !existsSync('${marker}')) { writeFileSync('${marker}', ''); throw new Error('once') }
        },
        onStop({ order }) { order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, clientOrderId: 'end' }) } })`)
    const home = newHome()
    const started: (() => void)[] = []
    const again = new Promise<void>(resolve => started.push(() => {}, resolve))
    const gateway = await Gateway.start({
      home,
      strategies: [failsOnce],
      feed: new SyntheticFeed({ limit: 200 }),
      speed: 'max',
      durability: 'process',
      backOffMs: 1,
      onStrategy: (_, event) => (event.kind === 'started' ? started.shift()?.() : undefined),
    })
    await Promise.all([gateway.fed, again])
    expect(await gateway.stop()).toBe(true)
    const trades = framesOf(join(home, 'gateway'), Trade).map(({ position }) => position)
    expect(trades.length).toBeGreaterThan(20)
    expect(ordersOf(home).map(order => order.cause)).toEqual([...trades, expect.any(Number)])
    expect(notesOf(home).at(-1)).toBe('end')
  })

  test('a strategy that was stopped by another process reports it: its gateway does not count it as finished', async () => {
    const ended: string[] = []
    const idle = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [idle],
      feed: new SyntheticFeed({ limit: 10 }),
      speed: 'max',
      backOffMs: 60_000,
      onStrategy: (_, event) => (event.kind === 'ended' ? ended.push(event.how) : undefined),
    })
    await gateway.fed
    const { pid } = gateway.status.strategies[0]
    if (pid === undefined) throw new Error('the strategy does not run')
    process.kill(pid, 'SIGTERM')
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['exit status 143'])
    expect(await gateway.stop()).toBe(false)
  })

  test('a strategy that cannot start is restarted with a growing back-off, and does not delay the others', async () => {
    const events: { kind: string; restartInMs?: number | undefined }[] = []
    const marker = join(makeFolder(), 'loaded')
    const broken = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
      if (existsSync('${marker}')) throw new Error('only once')
      writeFileSync('${marker}', '')
      export default defineStrategy({ id: 'a', onTrade() {} })`)
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [broken],
      feed: new SyntheticFeed({ limit: 100 }),
      speed: 'max',
      backOffMs: 10,
      onStrategy: (_, event) => events.push(event),
    })
    await gateway.fed
    while (events.filter(event => event.kind === 'ended').length < 3) await sleep(20)
    expect(await gateway.stop()).toBe(false)
    expect(
      events
        .filter(event => event.kind === 'ended')
        .slice(0, 3)
        .map(event => event.restartInMs),
    ).toEqual([10, 20, 40])
    expect(events.find(event => event.kind === 'failed')).toMatchObject({
      message: expect.stringContaining('only once') as string,
    })
    expect(gateway.status.events).toBe(100)
  })

  test('a feed that fails rejects `fed` and `stop`, and leaves no process', async () => {
    const broken = {
      async *events() {
        yield [{ kind: 'trade', timeMs: 0, symbol: 'A', price: 1, quantity: 1, tradeId: 1n, side: 'buy' }] as const
        throw new Error('the line is dead')
      },
    }
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")],
      feed: broken,
      speed: 'max',
    })
    await expect(gateway.fed).rejects.toThrow('the line is dead')
    const { pid } = gateway.status.strategies[0]
    await expect(gateway.stop()).rejects.toThrow('the line is dead')
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  })
})
