import { join } from 'node:path'
import { defineStrategy, Gateway, replayStrategy } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { StrategyState } from '../../../dist/trading/sequence/frames.js'
import { framesOf, moduleOf, newHome, notesOf, PushedFeed, QUICK, settled, trade, until } from '../../support/desks.ts'
import { failureOf } from '../../support/failures.ts'

/** Counts trades, and notes the count with each: what it has forgotten would be counted again. */
const COUNTER = `let state = { count: 0 }
  export default defineStrategy({ id: 'a', state: { save: () => state, load: value => { state = value } },
    onStart(context) { context.log('from ' + state.count) },
    onTrade(t, context) {
      state.count++
      context.order({ symbol: t.symbol, side: 'buy', quantity: 1, price: 1, clientOrderId: String(state.count) })
    } })`

const trades = (from: number, count: number) => Array.from({ length: count }, (_, i) => trade('X', 10, from + i))

describe("a strategy's state", () => {
  test('is there after a kill and after a stop, with everything that was handled; replay sees the same', {
    timeout: 180_000,
  }, async () => {
    const home = newHome()
    const file = moduleOf(COUNTER)
    const feed = new PushedFeed()
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [file], feed })
    const push = async (count: number): Promise<void> => {
      const before = notesOf(home).length
      feed.push(...trades(before, count))
      await until(() => notesOf(home).length === before + count, 'all notes', 60_000)
    }
    await push(30)
    for (const wait of [0, 1300]) {
      await new Promise(resolve => setTimeout(resolve, wait))
      await push(10)
      process.kill(gateway.status.strategies[0].pid as number, 'SIGKILL')
      await push(10)
    }
    await settled(gateway)
    await gateway.stop()
    const again = await Gateway.start({ ...QUICK, home, strategies: [file], feed })
    await push(5)
    await settled(again)
    await again.stop()
    expect(notesOf(home).map(Number)).toEqual(Array.from({ length: 75 }, (_, i) => i + 1))
    expect(framesOf(join(home, 'strategies', 'a'), StrategyState).length).toBeGreaterThan(3)
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ runs: 4, difference: undefined })
  })

  test('that load refuses is named, with what to do, and nothing is lost', { timeout: 180_000 }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    feed.push(...trades(0, 5))
    const first = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(COUNTER)], feed })
    await until(() => notesOf(home).length === 5, 'the notes', 60_000)
    await first.stop()
    const failures: string[] = []
    const refusing = COUNTER.replace(
      'load: value => { state = value }',
      `load() { throw new Error('not of this version') }`,
    )
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      strategies: [moduleOf(refusing)],
      feed,
      onStrategy: (_, event) => event.kind === 'failed' && failures.push(event.message),
    })
    await until(() => failures.length > 0, 'the failure', 60_000)
    await gateway.stop()
    expect(failures[0]).toMatch(
      /load\(\) of strategy 'a' refused the state saved .*not of this version.*ticktape reset HOME --strategy a/,
    )
    feed.push(...trades(5, 1))
    const again = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(COUNTER)], feed })
    await until(() => notesOf(home).includes('6'), 'the next note', 60_000)
    await again.stop()
  })

  test('of an earlier version does not count when a version without state ran since', {
    timeout: 180_000,
  }, async () => {
    const home = newHome()
    const feed = new PushedFeed()
    const stateless = COUNTER.replace(/state: \{ save.*? \} \},/, '')
    let pushed = 0
    for (const [code, count] of [
      [COUNTER, 5],
      [stateless, 4],
      [COUNTER, 3],
      [COUNTER, 2],
    ] as const) {
      feed.push(...trades(pushed, count))
      pushed += count
      const gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(code)], feed })
      await until(() => notesOf(home).length === pushed, 'all notes', 60_000)
      await settled(gateway)
      await gateway.stop()
    }
    expect(stateless).not.toContain('save')
    expect(notesOf(home).map(Number)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 1, 2, 3, 4, 5])
  })

  test('that JSON cannot hold ends the strategy with its place', { timeout: 180_000 }, async () => {
    const feed = new PushedFeed()
    feed.push(...trades(0, 5))
    const failures: string[] = []
    const gateway = await Gateway.start({
      ...QUICK,
      home: newHome(),
      strategies: [
        moduleOf(
          `export default defineStrategy({ id: 'a', state: { save: () => ({ prices: [1, NaN] }), load() {} }, onTrade() {} })`,
        ),
      ],
      feed,
      onStrategy: (_, event) => event.kind === 'failed' && failures.push(event.message),
    })
    await until(() => failures.length > 0, 'the failure', 60_000)
    await gateway.stop()
    expect(failures[0]).toContain('NaN as the state.prices[1]')
  })

  test('is checked when the strategy is defined', () => {
    const define = (state: unknown) => failureOf(() => defineStrategy({ id: 'a', state: state as never, onTrade() {} }))
    expect(define({ save() {} })).toMatchObject({
      code: 'ERR_STRATEGY',
      message: expect.stringContaining('load') as string,
    })
    expect(define({ save() {}, async load() {} })).toMatchObject({ code: 'ERR_STRATEGY' })
    expect(define({ save() {}, load() {}, other: 1 })).toMatchObject({ code: 'ERR_STRATEGY' })
  })
})
