import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { replaySession } from 'ticktape/runtime'
import { Ticker } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'

/** A home of version 0.1, as far as anything looks at it. */
function oldHome(): string {
  const home = makeFolder('memory')
  writeFileSync(join(home, 'session.json'), '{"version":1,"members":[]}')
  mkdirSync(join(home, 'strategies'))
  for (const journal of ['gateway', 'strategies/momentum'])
    Writer.open(join(home, journal), { frames: [Ticker], pageSize: 65536 }).close()
  return home
}

test('a home of version 0.1 has a verdict for the gateway and each strategy: cannot compare, exit code 2', {
  timeout: 60_000,
}, async () => {
  const home = oldHome()
  const verdict = { verdict: 'cannot compare', compared: 0, text: expect.stringContaining('version 0.1') as string }
  expect(await replaySession({ home })).toEqual({
    verdict: 'cannot compare',
    gateway: { who: 'gateway', role: 'gateway', ...verdict },
    exchanges: [],
    strategies: [{ who: 'momentum', role: 'strategy', ...verdict }],
  })
  const shown = ticktape('replay', home)
  expect(shown).toMatchObject({ status: 2, stderr: '' })
  expect(shown.stdout).toMatch(/^gateway: cannot compare: .*version 0\.1.*\nmomentum: cannot compare: .*\n$/)
  const one = ticktape('replay', home, '--strategy', 'momentum', '--json')
  expect([one.status, JSON.parse(one.stdout)]).toMatchObject([2, { same: false, verdict: 'cannot compare' }])
})
