import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  auditSession,
  Gateway,
  type GatewayOptions,
  PaperVenue,
  replayGateway,
  replayStrategy,
  SyntheticFeed,
} from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { strategyFile } from '../../support/gateways.ts'
import { ticktape } from '../../support/journals.ts'

async function session(
  strategies: readonly string[],
  limit = 2000,
  speed: 'max' | 'realtime' = 'max',
  options: Partial<GatewayOptions> = {},
): Promise<string> {
  const home = options.home ?? join(makeFolder('memory'), 'session')
  const gateway = await Gateway.start({
    home,
    strategies,
    feed: new SyntheticFeed({ limit, rate: 3000 }),
    speed,
    pageSize: 65536,
    strategyPageSize: 65536,
    backOffMs: 10,
    ...options,
  })
  await gateway.fed
  await gateway.stop()
  return home
}

const RUNTIME = pathToFileURL(join(import.meta.dirname, '../../../dist/public/runtime.js')).href

function moduleOf(body: string): string {
  const file = join(makeFolder(), 'strategy.mjs')
  writeFileSync(file, `import { defineStrategy } from '${RUNTIME}'\n${body}`)
  return file
}

/** Sends an order with every tenth trade; `then` runs before. */
function tenth(then: string, farewell = ''): string {
  return moduleOf(`let n = 0
    export default defineStrategy({ id: 'a',
      onTrade(trade, { order }) {
        n++
        ${then}
        if (n % 10 === 0) order({ symbol: trade.symbol, side: trade.side, quantity: 1 })
      },
      onStop({ order }) { ${farewell} } })`)
}

describe('replay', () => {
  test('of an unchanged strategy is the same, including its final orders', async () => {
    const home = await session([strategyFile('busy.mjs')])
    const audit = await auditSession(home)
    for (const { id, orders } of audit.strategies) {
      expect(orders).toBeGreaterThan(50)
      const result = await replayStrategy({ home, strategy: id })
      expect(result).toMatchObject({ strategy: id, runs: 1, orders, difference: undefined })
      expect(result.frames).toBeGreaterThan(3500)
    }
  })

  test('of a strategy that now decides differently reports the first difference', async () => {
    const home = await session([tenth('')])
    const changed = tenth('if (n === 30) { order({ symbol: trade.symbol, side: trade.side, quantity: 2 }); return }')
    const { difference, orders } = await replayStrategy({ home, strategy: 'a', file: changed })
    expect(difference?.what).toContain('other values: quantity')
    expect([difference?.recorded?.quantity, difference?.replayed?.quantity, orders]).toEqual([1, 2, 2])
    expect(difference?.position).toEqual(expect.any(Number))
  })

  test.each([
    ['an order less', () => tenth('if (n === 30) return'), 'does not send an order'],
    [
      'an order more',
      () => tenth("if (n === 35) order({ symbol: trade.symbol, side: 'buy', quantity: 1 })"),
      'at another frame',
    ],
    [
      'another side',
      () =>
        tenth(
          "if (n === 30) { order({ symbol: trade.symbol, side: trade.side === 'buy' ? 'sell' : 'buy', quantity: 1 }); return }",
        ),
      'other values: side',
    ],
    [
      'an order later than all',
      () => tenth('', "order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 })"),
      'where none is recorded',
    ],
    ['an error', () => tenth("if (n === 33) throw new Error('no')"), 'throws Error: no'],
    ['an error at its end', () => tenth('', "throw new Error('not yet')"), 'throws Error: not yet in onStop'],
  ])('finds %s', async (_, changed, what) => {
    const home = await session([tenth('')])
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
    expect((await replayStrategy({ home, strategy: 'a', file: changed() })).difference?.what).toContain(what)
  })

  test('finds that final orders are missing', async () => {
    const home = await session([tenth('', "order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 })")])
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
    expect((await replayStrategy({ home, strategy: 'a', file: tenth('') })).difference?.what).toContain(
      'does not send an order',
    )
  })

  test('of a strategy that failed is the same when it fails again at the same frame or at its end', async () => {
    for (const failing of [
      tenth("if (n === 33) throw new Error('no')"),
      tenth('', "order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 }); throw new Error('not yet')"),
    ]) {
      const home = await session([failing], 1000)
      expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
      expect((await replayStrategy({ home, strategy: 'a', file: tenth('') })).difference?.what).toMatch(
        /does not (throw|send)/,
      )
    }
  })

  test('of a strategy that uses a clock or random numbers is different', async () => {
    const home = await session([
      moduleOf(`export default defineStrategy({ id: 'a', onTrade(trade, { order }) {
      order({ symbol: trade.symbol, side: 'buy', quantity: Math.random() })
    } })`),
    ])
    expect((await replayStrategy({ home, strategy: 'a' })).difference?.what).toContain('quantity')
  })

  test('of a gateway finds a venue that answers differently, and one that fills differently', async () => {
    // In the times of the feed, so that orders rest while the market continues.
    const home = await session([strategyFile('busy.mjs')], 3000, 'realtime')
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
    class Generous extends PaperVenue {
      override answer(...args: Parameters<PaperVenue['answer']>): ReturnType<PaperVenue['answer']> {
        return super
          .answer(...args)
          .map(report => (report.state === 'filled' ? { ...report, averagePrice: report.averagePrice - 1 } : report))
      }
    }
    class Deaf extends PaperVenue {
      override quote(...[symbol, bid, ask]: Parameters<PaperVenue['quote']>): ReturnType<PaperVenue['quote']> {
        this.restoreQuote(symbol, bid, ask)
        return []
      }
    }
    expect((await replayGateway({ home, venue: new Generous() })).difference?.what).toContain('averagePrice')
    expect((await replayGateway({ home, venue: new Deaf() })).difference?.what).toContain('answers no order')
  })

  test('refuses a directory that is not a session, and a strategy that is not in it', async () => {
    expect(await rejectionOf(replayStrategy({ home: makeFolder(), strategy: 'a' }))).toMatchObject({
      code: 'ERR_SESSION',
    })
    const home = await session([tenth('')], 10)
    expect(await rejectionOf(replayStrategy({ home, strategy: 'b' }))).toMatchObject({
      code: 'ERR_SESSION',
      message: expect.stringContaining("'a'") as string,
    })
    expect(await rejectionOf(replayStrategy({ home, strategy: 'a', file: '/nonexistent.mjs' }))).toMatchObject({
      code: 'ERR_STRATEGY',
    })
  })
})

/** A custom venue: it gives a better price than the paper venue. */
class Generous extends PaperVenue {
  override answer(...args: Parameters<PaperVenue['answer']>): ReturnType<PaperVenue['answer']> {
    return super
      .answer(...args)
      .map(report => (report.state === 'filled' ? { ...report, averagePrice: report.averagePrice + 1 } : report))
  }
}

describe('a session whose orders a custom venue answered', () => {
  test('cannot be compared by the command: it names the venue, compares the strategies, and ends with status 2', {
    timeout: 60_000,
  }, async () => {
    const strategy = tenth('')
    const home = await session([strategy], 2000, 'max', { venue: new Generous() })
    expect(ticktape('replay', home)).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/^gateway: cannot compare: .*"Generous".*\na: the same/) as string,
    })
    expect(JSON.parse(ticktape('replay', home, '--json').stdout)).toMatchObject({
      same: false,
      gateway: { cannotCompare: { code: 'ERR_VENUE_MISSING' } },
      strategies: [{ strategy: 'a', orders: expect.any(Number) as number }],
    })
    expect(ticktape('replay', home, '--strategy', 'a')).toMatchObject({ status: 0 })
    // A difference that can be compared is reported first.
    writeFileSync(strategy, readFileSync(tenth('if (n === 30) return')))
    expect(ticktape('replay', home)).toMatchObject({ status: 1 })
  })

  test('is compared by a program that has the venue', async () => {
    const home = await session([tenth('')], 2000, 'max', { venue: new Generous() })
    expect(await rejectionOf(replayGateway({ home }))).toMatchObject({
      code: 'ERR_VENUE_MISSING',
      venues: ['Generous'],
      path: home,
    })
    const { difference, reports } = await replayGateway({ home, venue: new Generous() })
    expect([difference, reports > 10]).toEqual([undefined, true])
  })

  test('records the names of all its venues', async () => {
    const strategies = [tenth('')]
    const home = await session(strategies, 300)
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
    const named = Object.assign(new Generous(), { name: 'my venue' })
    await session(strategies, 600, 'max', { home, venue: named })
    await session(strategies, 900, 'max', { home })
    expect(await rejectionOf(replayGateway({ home }))).toMatchObject({ venues: ['my venue'] })
  })

  test('is the same when that venue answered as the paper venue does', async () => {
    class Paper extends PaperVenue {}
    const home = await session([tenth('')], 600, 'max', { venue: new Paper() })
    expect(JSON.parse(readFileSync(join(home, 'session.json'), 'utf8'))).toMatchObject({ answeredBy: ['Paper'] })
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  })

  test('of a version that did not record the venue is compared with the paper venue', async () => {
    const home = await session([tenth('')], 300)
    const file = join(home, 'session.json')
    const { answeredBy, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    expect(answeredBy).toEqual(['paper'])
    writeFileSync(file, JSON.stringify(rest))
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
    writeFileSync(file, JSON.stringify({ ...rest, answeredBy: 'paper' }))
    expect(await rejectionOf(replayGateway({ home }))).toMatchObject({ code: 'ERR_SESSION' })
  })
})

describe('ticktape replay', () => {
  test('exits with status 0 for the same, 1 for a difference, 2 for a failure', async () => {
    const home = await session([tenth('')])
    const same = ticktape('replay', home, '--strategy', 'a')
    expect([same.status, same.stdout, same.stderr]).toEqual([
      0,
      expect.stringMatching(/^a: the same: [\d ]+ frames in 1 run, \d+ orders/) as string,
      '',
    ])
    const changed = tenth('if (n === 30) return')
    const different = ticktape('replay', home, '--strategy', 'a', changed)
    expect([different.status, different.stdout]).toEqual([
      1,
      expect.stringContaining('does not send an order') as string,
    ])
    const json = JSON.parse(ticktape('replay', home, '--strategy', 'a', changed, '--json').stdout) as {
      same: boolean
      difference: { recorded: object }
    }
    expect(json).toMatchObject({
      same: false,
      strategy: 'a',
      difference: { recorded: { quantity: 1, orderType: 'market' } },
    })
    expect(ticktape('replay', home)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^gateway: the same.*\na: the same/) as string,
    })
    expect(JSON.parse(ticktape('replay', home, '--json').stdout)).toMatchObject({
      same: true,
      gateway: { frames: expect.any(Number) as number },
      strategies: [{ strategy: 'a' }],
    })
    for (const args of [
      [home, changed],
      [home, '--strategy', 'b'],
      [home, '--strategy', 'a', '--speed', '2x'],
      [makeFolder(), '--strategy', 'a'],
      [makeFolder()],
    ]) {
      expect(ticktape('replay', ...args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^ERR_/) as string,
      })
    }
  })

  test('of a journal counts its frames by kind, or prints them', async () => {
    const home = await session([tenth('')], 500)
    const gateway = join(home, 'gateway')
    const counted = JSON.parse(ticktape('replay', gateway, '--json').stdout) as {
      frames: number
      kinds: { name: string; frames: number }[]
    }
    const frames = (name: string): number => counted.kinds.find(kind => kind.name === name)?.frames ?? 0
    expect(frames('BookTop') + frames('Trade')).toBe(500)
    expect(frames('Ticker')).toBe(frames('BookTop'))
    expect(counted.frames).toBe(counted.kinds.reduce((sum, kind) => sum + kind.frames, 0))
    expect(ticktape('replay', gateway).stdout).toContain(`${frames('Trade')}  Trade`)
    for (const args of [['--print'], ['--speed', '1000x'], ['--print', '--json']]) {
      const { status, stdout } = ticktape('replay', gateway, ...args)
      expect([args, status, stdout.trimEnd().split('\n').length]).toEqual([args, 0, counted.frames])
    }
    mkdirSync(join(home, 'empty'))
    expect(ticktape('replay', join(home, 'empty'))).toMatchObject({ status: 2 })
  })
})
