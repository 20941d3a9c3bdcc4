import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditSession, Gateway, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { moduleOf, newHome, ordersOf, playToEnd, QUICK } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { strategyFile } from '../../support/gateways.ts'
import { tenth } from '../../support/strategies/tenth.ts'

async function record(strategy: string, limit = 2000): Promise<string> {
  const home = newHome()
  await playToEnd({ home, strategies: [strategy], feed: new SyntheticFeed({ limit, rate: 3000 }) })
  return home
}

const LAST_ORDER = "order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 })"

describe('replay of a strategy', { timeout: 120_000 }, () => {
  test('that is unchanged is the same, including its final orders', async () => {
    const home = await record(strategyFile('busy.mjs'))
    const audit = await auditSession(home)
    expect(audit.sound).toBe(true)
    for (const { id, orders } of audit.strategies) {
      expect(orders).toBeGreaterThan(50)
      const result = await replayStrategy({ home, strategy: id })
      expect(result).toMatchObject({ strategy: id, runs: 1, orders, difference: undefined })
      expect(result.frames).toBeGreaterThan(2000)
    }
    expect(await replayGateway({ home })).toMatchObject({ events: 2000, difference: undefined })
  })

  test('that now decides differently reports the first difference, of whatever kind it is', async () => {
    const home = await record(tenth('if (n < 3) arguments[1].log(`trade ${n}`)'))
    const logs = (): string[] =>
      readdirSync(join(home, 'log')).map(name => readFileSync(join(home, 'log', name), 'utf8'))
    const before = logs()
    expect(before.map(text => text.match(/trade \d/g))).toEqual([['trade 1', 'trade 2']])
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
    // A replay logs nothing.
    expect(logs()).toEqual(before)
    const changes: [string, string, string][] = [
      [
        'another quantity',
        tenth('if (n === 30) { order({ symbol: trade.symbol, side: trade.side, quantity: 2 }); return }'),
        'other values: quantity',
      ],
      [
        'another side',
        tenth(
          "if (n === 30) { order({ symbol: trade.symbol, side: trade.side === 'buy' ? 'sell' : 'buy', quantity: 1 }); return }",
        ),
        'other values: side',
      ],
      ['an order less', tenth('if (n === 30) return'), 'does not send what is recorded'],
      [
        'an order more',
        tenth('if (n === 35) order({ symbol: trade.symbol, side: trade.side, quantity: 1 })'),
        'where nothing is recorded|at another frame|other values',
      ],
      ['an order later than all', tenth('', LAST_ORDER), 'where nothing is recorded'],
      ['an error', tenth("if (n === 33) throw new Error('no')"), 'throws Error: no'],
      ['an error at its end', tenth('', "throw new Error('not yet')"), 'throws Error: not yet in onStop'],
      [
        'a timer',
        tenth("if (n === 33) arguments[1].after(5, 'more')"),
        'another kind of frame|where nothing is recorded',
      ],
    ]
    for (const [change, file, what] of changes) {
      const { difference } = await replayStrategy({ home, strategy: 'a', file })
      expect(difference?.what, change).toMatch(new RegExp(what))
    }
    const { difference, orders } = await replayStrategy({ home, strategy: 'a', file: changes[0][1] })
    expect(orders).toBe(2)
    expect(difference).toMatchObject({ recorded: { quantity: 1 }, replayed: { quantity: 2 } })
    expect(difference?.position).toBe(ordersOf(home)[2].position)
    expect(difference?.input).toBe(ordersOf(home)[2].cause)
  })

  test('finds that final orders are missing', async () => {
    const home = await record(tenth('', LAST_ORDER))
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
    expect((await replayStrategy({ home, strategy: 'a', file: tenth('') })).difference?.what).toContain('does not send')
  })

  test('that failed is the same when it fails again at the same frame or at its end', async () => {
    for (const failing of [
      tenth("if (n === 13) throw new Error('no')"),
      tenth('', `${LAST_ORDER}; throw new Error('not yet')`),
    ]) {
      const home = await record(failing, 150)
      expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
      expect((await replayStrategy({ home, strategy: 'a', file: tenth('') })).difference?.what).toMatch(
        /does not (throw|send)/,
      )
    }
  })

  test('that uses random numbers of its own is different', async () => {
    const home = await record(
      moduleOf(`export default defineStrategy({ id: 'a', onTrade(trade, { order }) {
      order({ symbol: trade.symbol, side: 'buy', quantity: 1 + Math.floor(1e6 * Math.random()) })
    } })`),
    )
    expect((await replayStrategy({ home, strategy: 'a' })).difference?.what).toContain('quantity')
  })

  test('is possible while its gateway runs', async () => {
    const home = newHome()
    const feed = new SyntheticFeed({ limit: 100_000, rate: 1000 })
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [tenth('')], feed, speed: 'realtime' })
    try {
      await expect.poll(() => gateway.status.orders, { timeout: 20_000 }).toBeGreaterThan(5)
      expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
      expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
    } finally {
      await gateway.stop()
    }
  })

  test('refuses a directory that is no home, and a strategy or module that is not there', async () => {
    expect(await rejectionOf(replayStrategy({ home: makeFolder(), strategy: 'a' }))).toMatchObject({ code: 'ERR_HOME' })
    const home = await record(tenth(''), 10)
    expect(await rejectionOf(replayStrategy({ home, strategy: 'b' }))).toMatchObject({
      code: 'ERR_HOME',
      message: expect.stringContaining("'a'") as string,
    })
    expect(await rejectionOf(replayStrategy({ home, strategy: 'a', file: '/nonexistent.mjs' }))).toMatchObject({
      code: 'ERR_STRATEGY',
    })
  })
})
