import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SyntheticFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { newHome, playToEnd } from '../support/desks.ts'
import { makeFolder } from '../support/folders.ts'
import { strategyFile } from '../support/gateways.ts'
import { outputUntil, startTicktape, ticktape } from '../support/journals.ts'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')

/** Runs the demo to its end. That takes some 10 seconds on an idle machine; the timeout allows more. */
function demo(
  env: NodeJS.ProcessEnv,
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [COMMAND, 'demo', ...args], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, ...env },
  })
}

interface Summary {
  readonly holds: boolean
  readonly checks: readonly { readonly what: string; readonly holds: boolean }[]
  readonly seconds: number
  readonly gateway: Record<string, number>
  readonly strategies: readonly (Record<string, number> & {
    readonly id: string
    readonly latency: Record<string, number>
  })[]
}

test('the demo kills a strategy and the gateway, ends by itself, and shows that nothing was lost', {
  timeout: 60_000,
}, () => {
  const home = join(makeFolder('memory'), 'demo')
  const { status, stdout, stderr } = demo({}, '--json', '--home', home)
  expect(stderr).toContain('killing pair')
  expect(stderr).toContain('killing the gateway')
  const summary = JSON.parse(stdout) as Summary
  expect(summary.checks.filter(check => !check.holds)).toEqual([])
  expect(summary.holds).toBe(true)
  expect(status).toBe(0)

  const { gateway, strategies } = summary
  expect(gateway).toMatchObject({ gaps: 0, strays: 0, filledTwice: 0, invalidLines: 0 })
  // Each order leads to an intent and a report at least.
  expect(gateway['replayed']).toBeGreaterThan(2 * strategies.reduce((sum, strategy) => sum + strategy['orders'], 0))
  expect(gateway['events']).toBeGreaterThan(10_000)
  expect(gateway['pages']).toBeGreaterThan(5)
  expect(strategies.map(({ id }) => id)).toEqual(['market-maker', 'pair'])
  expect(strategies.map(({ runs }) => runs)).toEqual([2, 3])
  for (const strategy of strategies) {
    expect(strategy).toMatchObject({
      gaps: 0,
      duplicates: 0,
      unanswered: 0,
      answeredTwice: 0,
      answered: strategy['orders'],
      replayed: strategy['read'],
    })
    expect(strategy['orders']).toBeGreaterThan(10)
    expect(strategy.latency['samples']).toBeGreaterThan(10_000)
    expect(strategy.latency['p50']).toBeGreaterThan(0)
    expect(strategy.latency['p999']).toBeGreaterThanOrEqual(strategy.latency['p99'])
  }
})

test('the demo does not change an existing home', async () => {
  const home = newHome()
  await playToEnd({ home, strategies: [], feed: new SyntheticFeed({ limit: 1 }) })
  const before = readdirSync(join(home, 'gateway'))
  expect(ticktape('demo', '--home', home)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^ERR_USAGE: .*is a home already/) as string,
  })
  expect(readdirSync(join(home, 'gateway'))).toEqual(before)
})

test('the demo plays a capture, reports its bad lines, and prints its summary without colours', {
  timeout: 60_000,
}, () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => {
    const price = (60_000 + 100 * Math.sin(i / 500)).toFixed(2)
    if (i === 77) return 'no line of a capture'
    if (i % 5 === 1) return `${i} {"data":{"e":"trade","s":"BTCUSDT","t":${i},"p":"${price}","q":"0.5","m":true}}`
    return `${i} {"data":{"e":"bookTicker","s":"BTCUSDT","b":"${price}","B":"0.1","a":"${price}1","A":"3"}}`
  })
  const file = join(makeFolder(), 'capture.txt')
  writeFileSync(file, lines.join('\n'))
  const { status, stdout } = demo(
    { NO_COLOR: '1' },
    '--capture',
    file,
    '--speed',
    'max',
    '--home',
    join(makeFolder('memory'), 'demo'),
  )
  expect(stdout).toContain('line 78 of')
  expect(stdout).toContain('1 lines of the capture were not valid')
  // How far the capture comes until the demo stops depends on the machine.
  expect(stdout).toMatch(/yes {2}[1-9][\d ]+ events of the feed are in the sequence, each once, in order, bit for bit/)
  expect(stdout).toContain('Nothing was lost, nothing was done twice.')
  expect(stdout).not.toContain('\u001b')
  expect(status).toBe(0)
})

test('in a market that does not move the demo sends no pair, which is not a loss', { timeout: 60_000 }, () => {
  // As in captures of Binance spot: quotes that do not state their kind.
  const lines = Array.from(
    { length: 2000 },
    (_, i) =>
      `${i} {"stream":"bnbusdt@bookTicker","data":{"u":1,"s":"BNBUSDT","b":"25.3","B":"31","a":"25.4","A":"40"}}`,
  )
  const file = join(makeFolder(), 'capture.txt')
  writeFileSync(file, lines.join('\n'))
  const { status, stdout } = demo({}, '--capture', file, '--speed', 'max', '--home', join(makeFolder('memory'), 'demo'))
  expect(stdout).toMatch(/yes {2}[1-9][\d ]+ events of the feed are in the sequence, each once, in order, bit for bit/)
  expect(stdout).toContain('yes  no pair was sent')
  expect(stdout).toContain('Nothing was lost, nothing was done twice.')
  expect(status).toBe(0)
})

test.each([['demo'], ['run', strategyFile('busy.mjs')]])(
  '%s refuses a capture that it does not understand in one line',
  (...args) => {
    const file = join(makeFolder(), 'capture.txt')
    const line = '1737918843893903000 {"channel":"l2Book","data":{"coin":"BTC","levels":[[],[]],"time":1737918843}}'
    writeFileSync(file, Array.from({ length: 55 }, () => line).join('\n'))
    expect(ticktape(...args, '--capture', file)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^ERR_CAPTURE: no event in .* is understood.*Binance.*\n$/) as string,
    })
  },
)

test('Ctrl-C ends the demo in order: status 130, no process, no file', { timeout: 30_000 }, async () => {
  const child = startTicktape('demo')
  const text = await outputUntil(child, /pair lag/)
  const pid = Number(/gateway started, pid (\d+)/.exec(text)?.[1])
  const before = readdirSync('/dev/shm').filter(name => name.startsWith('ticktape-demo-'))
  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(130)
  expect(existsSync(`/proc/${pid}`)).toBe(false)
  const after = readdirSync('/dev/shm').filter(name => name.startsWith('ticktape-demo-'))
  expect(after.length).toBeLessThan(before.length)
})

test('a gateway whose demo is killed stops by itself, and its strategies with it', { timeout: 30_000 }, async () => {
  const home = join(makeFolder('memory'), 'demo')
  const child = startTicktape('demo', '--home', home)
  await outputUntil(child, /pair lag/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const running = (): string[] =>
    readdirSync('/proc').filter(name => /^\d+$/.test(name) && commandOf(name).includes(home))
  for (let i = 0; i < 100 && running().length > 0; i++) await sleep(100)
  expect(running()).toEqual([])
})

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}

test.each([
  [['demo', '--speed', 'fast']],
  [['demo', '--wait', 'long']],
  [['demo', '--capture', '/nonexistent']],
  [['run']],
  [['run', '/nonexistent.mjs']],
  [['run', '--feed', 'live', '/nonexistent.mjs']],
  [['run', '--duration', '0', '/nonexistent.mjs']],
])('%j is refused with a named error and status 2', args => {
  expect(ticktape(...args)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^ERR_[A-Z_]+: .+\n$/) as string,
  })
})

test.each(['demo', 'run', 'replay'])('%s --help shows examples and exit codes', command => {
  const { status, stdout } = ticktape(command, '--help')
  expect([status, stdout]).toEqual([0, expect.stringMatching(/Exit codes:[^]*Examples:\n {2}\$ ticktape/) as string])
})
