// The examples that examples/README.md lists and no other test runs, and the programs in docs/strategies.md.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples')

const newHome = (): string => join(makeFolder('memory'), 'home')

interface Order {
  readonly strategy: string
  readonly state: string
  readonly reason: string
}

function ordersIn(home: string): Order[] {
  const { status, stdout } = ticktape('orders', home, '--all', '-n', '100000', '--json')
  expect(status).toBe(0)
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Order)
}

test('mean reversion: orders rest, some are filled, others are taken back, and the replay is the same', {
  timeout: 60_000,
}, () => {
  const home = newHome()
  const { status, stderr } = ticktape('run', join(EXAMPLES, 'mean-reversion.mjs'), '--home', home, '--duration', '4')
  expect([status, stderr]).toEqual([
    0,
    expect.stringMatching(/\[mean-reversion\] (buy|sell) 0\.01 (BTC|ETH)USDT at /) as string,
  ])
  const states = new Set(ordersIn(home).map(order => order.state))
  expect([...states]).toEqual(expect.arrayContaining(['filled', 'cancelled']))
  expect(ticktape('replay', home)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/gateway: the same.*\nmean-reversion: the same/) as string,
  })
})

test('desk.json: two strategies under joint limits', { timeout: 60_000 }, () => {
  const home = newHome()
  const { status } = ticktape('run', '--config', join(EXAMPLES, 'desk.json'), '--home', home, '--duration', '4')
  expect(status).toBe(0)
  const orders = ordersIn(home)
  expect(new Set(orders.map(order => order.strategy))).toEqual(new Set(['momentum', 'mean-reversion']))
  expect(orders.filter(order => order.state === 'filled').length).toBeGreaterThan(0)
  expect(orders.filter(order => order.reason === 'position-limit').length).toBeGreaterThan(0)
  const positions = ticktape('positions', home, '--by', 'desk', '--json').stdout.trimEnd().split('\n')
  for (const line of positions) {
    const { quantity } = JSON.parse(line) as { quantity: string }
    expect(Math.abs(Number(quantity))).toBeLessThanOrEqual(0.04)
  }
})

test('a strategy in Python trades', { timeout: 60_000 }, () => {
  const home = newHome()
  const { status, stderr } = ticktape(
    'run',
    join(EXAMPLES, 'python/mean-reversion.json'),
    '--home',
    home,
    '--duration',
    '4',
  )
  expect(status, stderr).toBe(0)
  const orders = ordersIn(home)
  expect(orders.filter(order => order.state === 'filled').length).toBeGreaterThan(0)
  expect(orders.filter(order => order.state === 'denied')).toEqual([])
})

test('every example is in the README, and every file that it names is there', () => {
  const page = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  const files = readdirSync(EXAMPLES).filter(name => /\.(mjs|json)$/.test(name))
  expect(files.filter(name => !page.includes(`examples/${name}`))).toEqual([])
  const named = [...page.matchAll(/examples\/([\w./-]+\.(?:mjs|json|py))/g)].map(([, name]) => name)
  expect(named.filter(name => !readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).includes(name))).toEqual([])
})

/** The programs of docs/strategies.md: blocks that begin with the name of their file. */
function programsOfGuide(folder: string): string[] {
  const page = readFileSync(join(ROOT, 'docs/strategies.md'), 'utf8')
  const runtime = JSON.stringify(pathToFileURL(join(ROOT, 'dist/public/runtime.js')).href)
  return [...page.matchAll(/^```js\n\/\/ (\S+\.mjs)\n([^]*?)^```$/gm)].map(([, name, code]) => {
    const file = join(folder, name)
    writeFileSync(file, code.replace("'ticktape/runtime'", runtime))
    return file
  })
}

test('the programs in docs/strategies.md run under the limits that it shows, say what it says, and replay the same', {
  timeout: 60_000,
}, () => {
  const folder = makeFolder()
  const files = programsOfGuide(folder)
  expect(files.map(file => file.slice(folder.length + 1))).toEqual(['first.mjs', 'quoter.mjs', 'restartable.mjs'])
  const [config] =
    /^```json\n([^]*?)^```$/m.exec(readFileSync(join(ROOT, 'docs/strategies.md'), 'utf8'))?.slice(1) ?? []
  writeFileSync(join(folder, 'desk.json'), config)
  const home = newHome()
  const run = (): string => {
    const started = ticktape('run', ...files, '--config', join(folder, 'desk.json'), '--home', home, '--duration', '3')
    expect(started.status).toBe(0)
    return started.stderr
  }
  const said = run()
  expect(said).toMatch(/\[first\] bought 0\.01 at \d+/)
  expect(said).toMatch(/\[restartable\] starts with 0, after 0 quotes of history/)
  expect(said).toMatch(/\[restartable\] report: holds /)
  // 0.05 is what it would like; its limit is 0.02.
  const first = ordersIn(home).filter(order => order.strategy === 'first')
  expect(first.filter(order => order.state === 'filled')).toHaveLength(2)
  expect(first.some(order => order.reason === 'position-limit')).toBe(true)
  expect(run()).toMatch(/\[restartable\] starts with -?0?\.?\d*, after [1-9]\d* quotes of history/)
  expect(ticktape('replay', home)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /gateway: the same.*\nfirst: the same.*\nquoter: the same.*\nrestartable: the same/,
    ) as string,
  })
})
