import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CircuitBreaker } from 'ticktape/state'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'

const STRATEGY = join(import.meta.dirname, '../../examples/momentum.mjs')

/** A file with a text, in a folder of its own. */
function fileOf(name: string, text: string): string {
  const file = join(makeFolder(), name)
  writeFileSync(file, text)
  return file
}

test('run: --venue, --risk and --instruments name files that exist and have what they must have', {
  timeout: 60_000,
}, () => {
  const list = fileOf('list.json', '[]')
  const object = fileOf('object.json', '{}')
  const torn = fileOf('torn.json', '{ "maxPosition": ')
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['--venue', '/nowhere/venue.mjs', /^ERR_USAGE: --venue: there is no file \/nowhere\/venue\.mjs$/m],
    ['--risk', '/nowhere/risk.json', /^ERR_USAGE: --risk: there is no file \/nowhere\/risk\.json$/m],
    ['--risk', torn, /^ERR_USAGE: --risk: .*torn\.json is not JSON: /m],
    ['--risk', list, /^ERR_USAGE: --risk: .*list\.json must have an object$/m],
    ['--instruments', object, /^ERR_USAGE: --instruments: .*object\.json must have a list$/m],
    ['--risk', fileOf('typo.json', '{ "maxPositon": 1 }'), /^ERR_INVALID_OPTION: .*maxPositon.*maxPosition/m],
    ['--venue', STRATEGY, /^ERR_VENUE: .*momentum\.mjs is no venue: it has no function 'start'$/m],
  ]
  for (const [option, file, message] of cases) {
    const { status, stderr } = ticktape('run', STRATEGY, option, file, '--duration', '1')
    expect([status, stderr], `${option} ${file}`).toEqual([2, expect.stringMatching(message)])
  }
})

test('halt, breaker and resume find the breaker of a home', { timeout: 30_000 }, () => {
  const home = makeFolder('memory')
  using breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  expect(ticktape('halt', home, 'lunch')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('lunch') as string,
  })
  expect(breaker.halted).toBe(true)
  expect(ticktape('breaker', home).status).toBe(1)
  expect(ticktape('resume', home).status).toBe(0)
  expect(breaker.halted).toBe(false)
})
