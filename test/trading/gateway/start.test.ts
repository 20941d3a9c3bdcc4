import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, replayGateway, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { feedOf, moduleOf, newHome, playToEnd, QUICK, quote, reportsOf, trade } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

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

  test('a start that is refused for its limits makes no home', async () => {
    for (const risk of [{ maxPosition: 1, maxOrderQuantity: 9 }, { maxPositon: 1 }, { accounts: { nobody: {} } }]) {
      const home = join(newHome(), 'home')
      expect(await rejectionOf(Gateway.start({ home, strategies: [], feed, risk }))).toMatchObject({
        code: 'ERR_INVALID_OPTION',
      })
      expect(existsSync(home)).toBe(false)
    }
  })

  test('limits of an instrument that comes with the feed hold from its first order, also in a new home', async () => {
    const home = newHome()
    const strategy = moduleOf(`export default defineStrategy({ id: 'a',
      onTrade({ symbol }, context) { for (const quantity of [1, 3]) context.order({ symbol, side: 'buy', quantity }) } })`)
    const risk = { instruments: { BTCUSDT: { maxPosition: 2 } } }
    for (let run = 0; run < 2; run++) {
      const events = [quote('BTCUSDT', 100, 101, 1000), trade('BTCUSDT', 100, 1)]
      await playToEnd({ home, strategies: [strategy], feed: feedOf(events, `run ${run}`), risk })
    }
    expect(
      reportsOf(home)
        .filter(({ state }) => state === 'denied')
        .map(({ reason }) => reason),
    ).toContain('position-limit')
    expect(reportsOf(home).filter(({ state }) => state === 'filled').length).toBeGreaterThan(0)
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
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

  test('refuses a second gateway on one home and names the first', async () => {
    const home = newHome()
    const first = await Gateway.start({ ...QUICK, home, strategies: [], feed })
    expect(await rejectionOf(Gateway.start({ home, strategies: [], feed }))).toMatchObject({
      code: 'ERR_WRITER_LOCKED',
      holder: { pid: process.pid },
    })
    await first.stop()
  })

  test('refuses to continue a home whose first pages are gone: it would play its feed again', async () => {
    const home = newHome()
    await playToEnd({ home, strategies: [], feed: new SyntheticFeed({ limit: 2000 }) })
    rmSync(join(home, 'gateway', '0000000000.page'))
    expect(await rejectionOf(Gateway.start({ home, strategies: [], feed }))).toMatchObject({
      code: 'ERR_HOME',
      path: join(home, 'gateway'),
    })
  })
})

test('a limit of Infinity is no limit, and the home can be continued and replayed', async () => {
  const home = newHome()
  const risk = { maxPosition: Number.POSITIVE_INFINITY, maxOrderQuantity: 5 }
  for (const limit of [10, 20])
    expect(await playToEnd({ home, strategies: [], feed: new SyntheticFeed({ limit }), risk })).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})
