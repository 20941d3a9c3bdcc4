import { readFileSync, writeFileSync } from 'node:fs'
import { type GatewayOptions, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { newHome, playToEnd } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { strategyFile } from '../../support/gateways.ts'
import { ticktape } from '../../support/journals.ts'
import { tenth } from '../../support/strategies/tenth.ts'
import { ChangedExchange } from '../../support/venues.ts'

async function record(strategy: string, limit: number, options: Partial<GatewayOptions> = {}): Promise<string> {
  const home = options.home ?? newHome()
  await playToEnd({ home, strategies: [strategy], feed: new SyntheticFeed({ limit, rate: 3000 }), ...options })
  return home
}

/** A venue that gives another price than the exchange does. */
const cheaper = (): ChangedExchange =>
  new ChangedExchange(event => {
    if (event.kind === 'fill') event.ticks -= 1
    return true
  })

describe('replay of a gateway', { timeout: 60_000 }, () => {
  test('finds a deterministic venue that answers differently, one that says less, and one that says more', async () => {
    const home = await record(strategyFile('busy.mjs'), 1500, { venue: new ChangedExchange() })
    const same = await replayGateway({ home, venues: [new ChangedExchange()] })
    expect(same).toMatchObject({ events: 1500, difference: undefined })
    expect(same.outcomes).toBeGreaterThan(100)
    const other = await replayGateway({ home, venues: [cheaper()] })
    expect(other.difference).toMatchObject({
      position: expect.any(Number) as number,
      found: expect.stringContaining('"Fill"') as string,
      expected: expect.stringContaining('"Fill"') as string,
    })
    const deaf = await replayGateway({ home, venues: [new ChangedExchange(({ kind }) => kind !== 'fill')] })
    expect(deaf.difference?.found).toContain('"Fill"')
    expect(deaf.difference?.expected ?? '').not.toContain('"Fill"')
    const rejecting = new ChangedExchange(event => {
      if (event.kind === 'accepted') event.kind = 'rejected'
      return true
    })
    expect((await replayGateway({ home, venues: [rejecting] })).difference?.expected).toContain('rejected')
  })

  test('of a home whose orders a deterministic venue of a program answered needs that venue; the command says so', {
    timeout: 60_000,
  }, async () => {
    const strategy = tenth('')
    const home = await record(strategy, 1000, { venue: cheaper() })
    expect(await rejectionOf(replayGateway({ home }))).toMatchObject({
      code: 'ERR_VENUE_MISSING',
      venues: ['changed'],
      path: home,
    })
    expect(await replayGateway({ home, venues: [cheaper()] })).toMatchObject({ difference: undefined })
    expect(ticktape('replay', home)).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(
        /^gateway: cannot compare: .*'changed'.*\nchanged: cannot compare: .*\na: the same/,
      ) as string,
    })
    expect(JSON.parse(ticktape('replay', home, '--json').stdout)).toMatchObject({
      same: false,
      gateway: { verdict: 'cannot compare', text: expect.stringContaining("'changed'") as string },
      exchanges: [{ who: 'changed', verdict: 'cannot compare' }],
      strategies: [{ who: 'a', verdict: 'same' }],
    })
    expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
    // A module that changed is compared only when it is named.
    writeFileSync(strategy, readFileSync(tenth('if (n === 30) return')))
    expect(ticktape('replay', home)).toMatchObject({ status: 2 })
    expect(ticktape('replay', home, '--strategy', 'a', strategy)).toMatchObject({ status: 1 })
  })
})
