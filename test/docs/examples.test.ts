// The examples that examples/README.md lists and no other test runs, and the programs in docs/strategies.md.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { NO_PYTHON } from '../support/python.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples')
const COMMAND = join(ROOT, 'dist/cli/main.js')

const newHome = (): string => join(makeFolder('memory'), 'home')

function ticktape(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 2 ** 20,
  })
  return { status, stdout, stderr }
}

/** A feed that ends. On a busy machine a number of events says more than a time. */
const feedOf = (limit: number, seed = 1): object => ({
  synthetic: { seed, symbols: ['BTCUSDT', 'ETHUSDT'], rate: 2000, limit },
})

/** Runs a desk until its feed has ended. Returns what its strategies said. */
function play(home: string, description: object): string {
  const file = join(makeFolder(), 'desk.json')
  writeFileSync(file, JSON.stringify(description))
  const { status, stderr } = ticktape('run', '--config', file, '--home', home)
  expect(status, stderr).toBe(0)
  return stderr
}

interface OrderLine {
  readonly strategy: string
  readonly state: string
  readonly reason: string
}

function ordersIn(home: string): OrderLine[] {
  const { status, stdout } = ticktape('orders', home, '--all', '-n', '100000', '--json')
  expect(status).toBe(0)
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as OrderLine)
}

test('mean reversion: orders rest, some are filled, others are taken back, and the replay is the same', {
  timeout: 120_000,
}, () => {
  const home = newHome()
  const said = play(home, { strategies: [join(EXAMPLES, 'mean-reversion.mjs')], feed: feedOf(6000) })
  expect(said).toMatch(/\[mean-reversion\] (buy|sell) 0\.01 (BTC|ETH)USDT at /)
  const states = new Set(ordersIn(home).map(order => order.state))
  expect([...states]).toEqual(expect.arrayContaining(['filled', 'cancelled']))
  expect(ticktape('replay', home)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/gateway: the same.*\nsim: the same.*\nmean-reversion: the same/) as string,
  })
})

test('desk.json: two strategies under joint limits', { timeout: 120_000 }, () => {
  const home = newHome()
  const described = JSON.parse(readFileSync(join(EXAMPLES, 'desk.json'), 'utf8')) as {
    readonly strategies: readonly string[]
    readonly feed: { readonly synthetic: object }
  }
  const strategies = described.strategies.map(file => join(EXAMPLES, file))
  play(home, { ...described, strategies, feed: { synthetic: { ...described.feed.synthetic, limit: 6000 } } })
  const found = ordersIn(home)
  expect(new Set(found.map(order => order.strategy))).toEqual(new Set(['momentum', 'mean-reversion']))
  expect(found.filter(order => order.state === 'filled').length).toBeGreaterThan(0)
  expect(found.filter(order => order.reason === 'position-limit').length).toBeGreaterThan(0)
  for (const line of ticktape('positions', home, '--by', 'desk', '--json').stdout.trimEnd().split('\n')) {
    const { quantity } = JSON.parse(line) as { quantity: string }
    expect(Math.abs(Number(quantity))).toBeLessThanOrEqual(0.02)
  }
})

test('a strategy in Python trades', { timeout: 120_000 }, () => {
  const home = newHome()
  play(home, { strategies: [join(EXAMPLES, 'python/mean-reversion.json')], feed: feedOf(6000) })
  const found = ordersIn(home)
  expect(found.filter(order => order.state === 'filled').length).toBeGreaterThan(0)
  expect(found.filter(order => order.state === 'denied')).toEqual([])
})

test.skipIf(NO_PYTHON)(
  'momentum in Python: orders are filled, and the replay is the same',
  { timeout: 120_000 },
  () => {
    const home = newHome()
    const said = play(home, { strategies: [join(EXAMPLES, 'momentum.py')], feed: feedOf(4000) })
    expect(said).toMatch(/\[momentum-py\] (buy|sell) 0\.01 (BTC|ETH)USDT at /)
    expect(ordersIn(home).filter(order => order.state === 'filled').length).toBeGreaterThan(0)
    expect(ticktape('replay', home)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/gateway: the same.*\nsim: the same.*\nmomentum-py: the same/) as string,
    })
  },
)

test('every example is in the README, and every file that it names is there', () => {
  const page = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  const top = files.filter(name => /^[\w-]+\.(mjs|json|py)$/.test(name))
  expect(top.filter(name => !page.includes(`examples/${name}`))).toEqual([])
  const named = [...page.matchAll(/examples\/([\w./-]+\.(?:mjs|json|py))/g)].map(([, name]) => name)
  expect(named.filter(name => !files.includes(name))).toEqual([])
})

const GUIDE = join(ROOT, 'docs/strategies.md')

/** The programs of the guide: blocks that begin with the name of their file. */
function programsOfGuide(folder: string): string[] {
  const runtime = JSON.stringify(pathToFileURL(join(ROOT, 'dist/public/runtime.js')).href)
  return [...readFileSync(GUIDE, 'utf8').matchAll(/^```js\n\/\/ (\S+\.mjs)\n([^]*?)^```$/gm)].map(([, name, code]) => {
    const file = join(folder, name)
    writeFileSync(file, code.replace("'ticktape/runtime'", runtime))
    return file
  })
}

test('the programs in docs/strategies.md run under the limits that it shows, say what it says, and replay the same', {
  timeout: 120_000,
}, () => {
  const folder = makeFolder()
  const strategies = programsOfGuide(folder)
  expect(strategies.map(file => file.slice(folder.length + 1))).toEqual(['first.mjs', 'quoter.mjs', 'restartable.mjs'])
  const [, json] = /^```json\n([^]*?)^```$/m.exec(readFileSync(GUIDE, 'utf8')) ?? []
  const { risk } = JSON.parse(json) as { readonly risk: object }
  const home = newHome()
  const said = play(home, { strategies, risk, feed: feedOf(4000) })
  expect(said).toMatch(/\[first\] bought 0\.01 at \d+/)
  expect(said).toMatch(/\[restartable\] starts after 0 quotes of history, with 0 open orders/)
  expect(said).toMatch(/\[restartable\] report: holds /)
  // 0.05 is what it would like; its limit is 0.02.
  const first = ordersIn(home).filter(order => order.strategy === 'first')
  expect(first.filter(order => order.state === 'filled')).toHaveLength(2)
  expect(first.some(order => order.reason === 'position-limit')).toBe(true)
  const again = play(home, { strategies, risk, feed: feedOf(1000, 2) })
  expect(again).toMatch(/\[restartable\] starts after [1-9]\d* quotes of history/)
  expect(ticktape('replay', home)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /gateway: the same.*\nsim: the same.*\nfirst: the same.*\nquoter: the same.*\nrestartable: the same/,
    ) as string,
  })
})
