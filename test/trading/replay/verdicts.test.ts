import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { backtest, Gateway, replaySession, type SessionReplay, SyntheticFeed } from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { TestDesk } from 'ticktape/testing'
import { Order } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { Lifecycle } from '../../../dist/runtime/consumer/lifecycle.js'
import { Run } from '../../../dist/trading/sequence/frames.js'
import {
  feedOf,
  framesOf,
  moduleOf,
  newHome,
  ordersOf,
  playToEnd,
  QUICK,
  quote,
  sequenceOf,
} from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { flip, slotAt, ticktape } from '../../support/journals.ts'

const STATE = new URL('../../../dist/public/state.js', import.meta.url).href
/** Sends an order with every tenth trade. */
const busy = (id: string, more = ''): string => `let n = 0
  export default defineStrategy({ id: '${id}', onTrade(trade, { order }) {
    ${more}
    if (++n % 10 === 0) order({ symbol: trade.symbol, side: trade.side, quantity: 1 })
  } })`

/** The highest byte but one of an order's quantity, within its frame. */
const QUANTITY = (Order.fields.find(({ name }) => name === 'quantity')?.offset ?? 0) + 6

/** A home with two strategies, and copies of it to be tampered with. */
async function record(): Promise<{ readonly home: string; readonly files: string[]; copy(): string }> {
  const home = newHome()
  const files = [moduleOf(busy('a'), 'a.mjs'), moduleOf(busy('b'), 'b.mjs')]
  await backtest({ strategies: files, feed: new SyntheticFeed({ limit: 2000, rate: 3000 }), home, pageSize: 65536 })
  const copy = (): string => {
    const made = newHome()
    cpSync(home, made, { recursive: true })
    return made
  }
  return { home, files, copy }
}

const verdictsOf = ({ gateway, exchanges, strategies }: SessionReplay): Record<string, string> =>
  Object.fromEntries([gateway, ...exchanges, ...strategies].map(({ who, verdict }) => [who, verdict]))
const strategyOf = (session: SessionReplay, id: string) => session.strategies.find(({ who }) => who === id)
const pageOf = (journal: string, slot: number): string => {
  const [first] = readdirSync(journal)
    .filter(name => name.endsWith('.page'))
    .toSorted()
  expect(slot).toBeLessThan(960)
  return join(journal, first)
}

describe('a replay of a home', { timeout: 120_000 }, () => {
  test('has a verdict for everybody, and compares frames', async () => {
    const { home } = await record()
    const session = await replaySession({ home })
    expect(verdictsOf(session)).toEqual({ gateway: 'same', sim: 'same', a: 'same', b: 'same' })
    for (const one of [session.gateway, ...session.exchanges, ...session.strategies])
      expect(one.compared, one.who).toBeGreaterThan(10)
    const { status, stdout } = ticktape('replay', home)
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^gateway: the same: .*\nsim: the same: .*\na: the same: .*\nb: the same: .*\n$/),
    ])
  })

  test("finds a byte of an order that was changed, in the strategy's journal or in the sequence", async () => {
    const recorded = await record()
    const [own, copy] = [recorded.copy(), recorded.copy()]
    const journal = join(own, 'strategies', 'a')
    const order = ordersOf(own)[2]
    flip(pageOf(journal, order.position), slotAt(order.position) + QUANTITY)
    const changed = await replaySession({ home: own, strategies: ['a'] })
    expect(verdictsOf(changed)).toEqual({ gateway: 'same', sim: 'same', a: 'different' })
    expect(strategyOf(changed, 'a')).toMatchObject({
      text: expect.stringContaining(
        `what the strategy wrote at position ${order.position} of its journal is not what the sequence took`,
      ) as string,
      difference: { position: order.position, recorded: { type: 'Order' }, replayed: { type: 'Order' } },
    })
    const taken = sequenceOf<{ clientOrderId: string }>(copy, Order)[0]
    flip(pageOf(join(copy, 'gateway'), taken.position), slotAt(taken.position) + QUANTITY)
    const id = taken.source === 1 ? 'a' : 'b'
    const other = await replaySession({ home: copy, strategies: [id] })
    expect(strategyOf(other, id)?.verdict).toBe('different')
    expect(ticktape('replay', copy)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('one of them was changed afterwards') as string,
    })
  })

  test('finds two journals that were swapped, one that is gone, and pages that are gone', async () => {
    const recorded = await record()
    const swapped = recorded.copy()
    const [a, b, c] = ['a', 'b', 'c'].map(id => join(swapped, 'strategies', id))
    renameSync(a, c)
    renameSync(b, a)
    renameSync(c, b)
    const both = await replaySession({ home: swapped })
    expect(verdictsOf(both)).toEqual({ gateway: 'same', sim: 'same', a: 'cannot compare', b: 'cannot compare' })
    expect(strategyOf(both, 'a')?.text).toContain("holds the journal of strategy 'b': two journals were swapped")
    const gone = recorded.copy()
    rmSync(join(gone, 'strategies', 'b'), { recursive: true })
    expect(strategyOf(await replaySession({ home: gone, strategies: ['b'] }), 'b')).toMatchObject({
      verdict: 'cannot compare',
      text: expect.stringMatching(/its journal .* is gone/) as string,
    })
    const pruned = recorded.copy()
    const pages = readdirSync(join(pruned, 'gateway'))
      .filter(name => name.endsWith('.page'))
      .toSorted()
    expect(pages.length).toBeGreaterThan(2)
    rmSync(join(pruned, 'gateway', pages[0]))
    const first = await replaySession({ home: pruned })
    expect(first.verdict).toBe('cannot compare')
    for (const one of [first.gateway, ...first.strategies]) {
      expect(one).toMatchObject({ verdict: 'cannot compare', compared: 0 })
      expect(one.text).toMatch(/pages? .*(gone|removed|missing)/)
    }
    expect(ticktape('replay', pruned)).toMatchObject({ status: 2 })
  })

  test('says which page is gone from the middle of a journal, or when the only one is', async () => {
    const recorded = await record()
    const torn = recorded.copy()
    const second = join(torn, 'gateway', '0000000001.page')
    rmSync(second)
    const session = await replaySession({ home: torn })
    for (const one of [session.gateway, ...session.strategies])
      expect(one).toMatchObject({ verdict: 'cannot compare', text: expect.stringContaining(second) as string })
    const only = recorded.copy()
    const page = join(only, 'strategies', 'a', '0000000000.page')
    rmSync(page)
    const other = await replaySession({ home: only })
    expect(verdictsOf(other)).toEqual({ gateway: 'same', sim: 'same', a: 'cannot compare', b: 'same' })
    expect(strategyOf(other, 'a')?.text).toBe(`the page ${page} is gone, and there is no other one`)
    for (const name of readdirSync(join(only, 'gateway')).filter(one => one.endsWith('.page')))
      rmSync(join(only, 'gateway', name))
    const none = await replaySession({ home: only })
    expect(none.gateway.text).toBe(
      `the page ${join(only, 'gateway', '0000000000.page')} is gone, and there is no other one`,
    )
    expect(ticktape('replay', only)).toMatchObject({ status: 2, stderr: '' })
  })

  test('finds a changed byte on which no decision depends, where the journal has checksums', async () => {
    const home = newHome()
    const feed = feedOf([quote('BTCUSDT', 100, 101), quote('BTCUSDT', 101, 102)])
    const strategies = [moduleOf("export default defineStrategy({ id: 'a', onBook() {} })")]
    await playToEnd({ home, strategies, feed, durability: 'interval' })
    expect((await replaySession({ home })).verdict).toBe('same')
    // The pid of the gateway.
    const [{ position }] = sequenceOf(home, Run)
    const file = pageOf(join(home, 'gateway'), position)
    flip(file, slotAt(position) + (Run.fields.find(({ name }) => name === 'pid')?.offset ?? 0))
    const session = await replaySession({ home })
    expect(verdictsOf(session)).toEqual({ gateway: 'different', sim: 'same', a: 'same' })
    expect(session.gateway.text).toBe(
      `all is decided the same, but ${join(home, 'gateway')} is not as it was written: ${file}, position ${position}: ` +
        "the frame's checksum is wrong: its bytes were changed",
    )
    // What the strategy's journal says of its start decides nothing either.
    const own = pageOf(join(home, 'strategies', 'a'), 0)
    const [started] = framesOf(join(home, 'strategies', 'a'), Lifecycle)
    flip(own, slotAt(started.position) + (Lifecycle.fields.find(({ name }) => name === 'pid')?.offset ?? 0))
    expect(strategyOf(await replaySession({ home }), 'a')).toMatchObject({
      verdict: 'different',
      text: expect.stringContaining(`${own}, position ${started.position}`) as string,
    })
  })

  test("knows that a strategy's code changed, and since which run; a module that is named is compared all the same", async () => {
    const changed = newHome()
    const file = moduleOf(busy('a'))
    const run = async (): Promise<void> => {
      const desk = await TestDesk.open({ home: changed, strategies: [file] })
      for (let i = 0; i < 100; i++) desk.trade('BTCUSDT', 100, 1)
      await desk.close()
    }
    await run()
    await run()
    expect((await replaySession({ home: changed })).verdict).toBe('same')
    writeFileSync(file, readFileSync(file, 'utf8').replace('% 10', '% 5'))
    const session = await replaySession({ home: changed })
    expect(strategyOf(session, 'a')).toMatchObject({
      verdict: 'cannot compare',
      text: `its code changed since run 2: ${file} is not what it was then`,
    })
    await run()
    const later = strategyOf(await replaySession({ home: changed }), 'a')
    expect(later).toMatchObject({
      verdict: 'cannot compare',
      text: expect.stringMatching(/^its code changed since run 2.* of the other runs \d+ frames in 1 run/) as string,
    })
    expect(later?.compared).toBeGreaterThan(5)
    const named = await replaySession({ home: changed, files: { a: file } })
    expect(strategyOf(named, 'a')).toMatchObject({
      verdict: 'different',
      difference: { cause: { frame: { type: 'Trade' } } },
    })
    rmSync(file)
    expect(strategyOf(await replaySession({ home: changed }), 'a')?.text).toBe(`its module ${file} is missing`)
  })

  test("knows that a file that a strategy's module imports has changed", async () => {
    const home = newHome()
    const folder = makeFolder()
    const size = join(folder, 'size.mjs')
    writeFileSync(join(folder, 'terms.mjs'), "export { size } from './size.mjs'")
    writeFileSync(size, 'export const size = 1')
    const file = moduleOf(
      `import { size } from './terms.mjs'\n${busy('a').replace('quantity: 1', 'quantity: size')}`,
      'a.mjs',
      folder,
    )
    for (let run = 0; run < 3; run++) {
      const desk = await TestDesk.open({ home, strategies: [file] })
      for (let i = 0; i < 20; i++) desk.trade('BTCUSDT', 100, 1)
      await desk.close()
    }
    expect((await replaySession({ home })).verdict).toBe('same')
    writeFileSync(size, 'export const size = 2')
    expect(strategyOf(await replaySession({ home }), 'a')).toMatchObject({
      verdict: 'cannot compare',
      text: `its code changed since run 3: ${file}, or a file that it imports, is not what it was then`,
    })
  })

  test('has a verdict when modules end the process, reject a promise or return one, and for the others too', async () => {
    const odd = newHome()
    const flag = join(makeFolder(), 'flag')
    const guard = `import { existsSync } from 'node:fs'\nconst replays = () => existsSync('${flag}')\n`
    const strategies = [
      moduleOf(
        `${guard}export default defineStrategy({ id: 'exits', onStart() { if (replays()) process.exit() }, onBook() {} })`,
      ),
      moduleOf(
        `${guard}export default defineStrategy({ id: 'rejects', onBook() { if (replays()) void Promise.reject(new Error('no one')) } })`,
      ),
      moduleOf(
        `${guard}export default defineStrategy({ id: 'promises', onBook() { return replays() ? Promise.resolve() : undefined } })`,
      ),
      moduleOf(
        `${guard}export default defineStrategy({ id: 'throws', onBook() { if (replays()) setTimeout(() => { throw new Error('late') }) } })`,
      ),
      moduleOf("export default defineStrategy({ id: 'sound', onBook() {} })"),
    ]
    const desk = await TestDesk.open({ home: odd, strategies })
    desk.quote('BTCUSDT', 100, 101)
    await desk.close()
    writeFileSync(flag, '')
    const session = await replaySession({ home: odd })
    expect(session.verdict).toBe('cannot compare')
    expect(
      Object.fromEntries(session.strategies.map(({ who, verdict, text }) => [who, `${verdict}: ${text}`])),
    ).toEqual({
      exits: "cannot compare: the module of 'exits' ended its process (exit status 0)",
      rejects: 'cannot compare: a promise was rejected and the rejection was not handled: Error: no one',
      promises: expect.stringMatching(/^cannot compare: a handler of strategy 'promises' returned a promise/) as string,
      throws: 'cannot compare: it throws outside of its handlers: Error: late',
      sound: expect.stringMatching(/^same: \d+ frames in 1 run, 0 orders/) as string,
    })
  })

  test('of a live home goes up to its end at the start', async () => {
    const live = newHome()
    const files = [moduleOf(busy('a'), 'a.mjs'), moduleOf(busy('b'), 'b.mjs')]
    const feed = new SyntheticFeed({ limit: 1_000_000, rate: 2000 })
    const gateway = await Gateway.start({ ...QUICK, home: live, strategies: files, feed, speed: 'realtime' })
    try {
      await expect.poll(() => gateway.status.orders, { timeout: 20_000 }).toBeGreaterThan(20)
      for (let i = 0; i < 2; i++)
        expect(verdictsOf(await replaySession({ home: live }))).toEqual({
          gateway: 'same',
          sim: 'same',
          a: 'same',
          b: 'same',
        })
    } finally {
      await gateway.stop()
    }
  })

  test('changes no shared file, and its handlers know that it is a replay', async () => {
    const shared = newHome()
    const folder = makeFolder()
    const [breaker, journal, notes] = ['breaker', 'journal', 'notes'].map(name => join(folder, name))
    const file = moduleOf(`
      import { appendFileSync } from 'node:fs'
      import { CircuitBreaker, Counters } from '${STATE}'
      import { ascii, frame, Writer } from '${new URL('../../../dist/public/index.js', import.meta.url).href}'
      const breaker = CircuitBreaker.open('${breaker}', { maxDailyLoss: 1000 })
      const Note = frame('Note', 1, { text: ascii(8) })
      const writer = Writer.open('${journal}')
      export default defineStrategy({ id: 'loses', onBook(_, { replay }) {
        breaker.recordPnl(-10)
        writer.write(Note, { text: 'book' })
        if (replay) appendFileSync('${notes}', 'replay ')
      } })`)
    await playToEnd({
      home: shared,
      strategies: [file],
      feed: feedOf([1, 2, 3].map(n => quote('BTCUSDT', 100 + n, 102 + n))),
    })
    const lossOf = (): number => {
      using opened = CircuitBreaker.open(breaker)
      return Number(opened.status().dailyPnl)
    }
    const before = lossOf()
    const bytes = readFileSync(breaker)
    expect(before).toBe(-30)
    for (let i = 0; i < 2; i++) expect((await replaySession({ home: shared })).verdict).toBe('same')
    expect(lossOf()).toBe(before)
    expect(readFileSync(breaker).equals(bytes)).toBe(true)
    expect(JSON.parse(ticktape('replay', journal, '--json').stdout)).toMatchObject({ frames: 3 })
    expect(readFileSync(notes, 'utf8')).toBe('replay '.repeat(6))
  })
})
