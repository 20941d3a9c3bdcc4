// `ticktape top`: its pages, what it costs, and the terminal that it leaves as it was.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Sampler } from 'ticktape/ops'
import { Gateway } from 'ticktape/runtime'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clip } from '../../dist/cli/top/clip.js'
import { TopView } from '../../dist/cli/top/view.js'
import { fillsOf, moduleOf, PushedFeed, QUICK, quote, reportsOf, until } from '../support/desks.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { Heard, makeJournal, startTicktape, ticktape } from '../support/journals.ts'
import { skipUnless } from '../support/skips.ts'

const STRATEGIES = `
  export default ['maker', 'taker'].map(id => defineStrategy({ id, onBook({ bid, ask, symbol }, context) {
    if (id === 'taker') context.order({ symbol, side: 'buy', quantity: 1, price: ask })
    else context.order({ symbol, side: 'buy', quantity: 2, price: bid - 10 })
  } }))`

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')
const feed = new PushedFeed()
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(STRATEGIES, 'both.mjs', folder)], feed })
  feed.push(quote('BTCUSDT', 100, 101), quote('ETHUSDT', 50, 51))
  await until(() => fillsOf(home).length === 2 && reportsOf(home).length >= 6, 'orders of both')
}, 60_000)

afterAll(async () => {
  await gateway.stop()
})

const SMALL = { columns: 80, rows: 24 }

function viewOf(): {
  readonly view: TopView
  readonly shown: () => string
  readonly keys: (...keys: readonly string[]) => boolean
} {
  using sampler = new Sampler(home)
  const view = new TopView(sampler.sample())
  const shown = (): string => view.lines(SMALL).map(stripVTControlCharacters).join('\n')
  const keys = (...pressed: readonly string[]): boolean =>
    pressed.map(key => view.press(key.length === 1 ? key : key, key.length === 1 ? key : '')).includes(true)
  return { view, shown, keys }
}

test('pages of 80 columns and 24 lines: processes, journals, orders, one strategy', () => {
  const { view, shown, keys } = viewOf()
  expect(shown()).toMatch(/\[2 processes\][\s\S]*gateway +running +\d+[\s\S]*maker +running/)
  keys('1')
  expect(shown()).toMatch(/\[1 journals\][\s\S]*gateway +yes[\s\S]*strategies\/maker +yes/)
  keys('3')
  expect(shown()).toMatch(/\[3 orders\][\s\S]*accepted +maker +\w+\.sim +buy +2[\s\S]*filled +taker/)
  keys('2', 'down', 'down', 'return')
  expect(shown()).toMatch(/\[4 strategy\][\s\S]*\ntaker\nrunning, pid \d+, epoch 1[\s\S]*BTCUSDT\.sim +1 +101/)
  for (const page of ['1', '2', '3', '4']) {
    keys(page)
    const lines = view.lines(SMALL)
    expect(lines).toHaveLength(24)
    expect(Math.max(...lines.map(line => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(80)
  }
  expect(view.lines({ columns: 10, rows: 3 }).every(line => stripVTControlCharacters(line).length <= 10)).toBe(true)
})

test('sorting, reversing, filtering, pausing, leaving', () => {
  const { view, shown, keys } = viewOf()
  const names = (): string[] => [...shown().matchAll(/^(?:> | {2})(gateway|maker|taker) /gm)].map(([, name]) => name)
  expect(names()).toEqual(['gateway', 'maker', 'taker'])
  keys('s', 'r')
  expect(names()).toEqual(['taker', 'maker', 'gateway'])
  keys('/', 'T', 'a', 'k', 'x', 'backspace', 'return')
  expect(names()).toEqual(['taker'])
  expect(shown()).toContain('filter: Tak')
  keys('escape')
  expect(names()).toHaveLength(3)
  keys('p')
  expect(shown()).toContain('PAUSED')
  using sampler = new Sampler(home)
  const later = { ...sampler.sample(), processes: [] }
  view.take(later)
  expect(names()).toHaveLength(3)
  keys('p')
  view.take(later)
  expect(shown()).toContain('no processes')
  expect(keys('q')).toBe(true)
})

test('a line is cut at the width, its styles are not', () => {
  expect(clip('\u001b[31mred and more\u001b[39m', 3)).toBe('\u001b[31mred\u001b[39m')
  expect(clip('▁▂▃', 2)).toBe('▁▂')
})

test('--once for people and for programs, also of a journal; no terminal is an error', async () => {
  const text = ticktape('top', home, '--once').stdout
  expect(text).toMatch(/^ticktape top {2}\d\d:\d\d:\d\d UTC {3}free [^\n]+home\n/)
  expect(text).not.toContain('\u001b')
  const { status, stdout, stderr } = ticktape('top', home, '--once', '--json')
  expect([status, stderr]).toEqual([0, ''])
  const sample = JSON.parse(stdout) as Record<string, unknown>
  expect(sample).toMatchObject({ kind: 'home', time: expect.stringMatching(/^\d{19}$/) as string, problems: [] })
  expect(sample['journals']).toMatchObject([
    { name: 'gateway', slotsPerSecond: expect.any(Number) as number },
    {},
    {},
    {},
  ])
  const directory = join(makeFolder(), 'quotes')
  await makeJournal(directory, 10)
  expect(ticktape('top', directory, '--once').stdout).toMatch(/quotes +none/)
  expect(ticktape('top', home)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('top needs a terminal') as string,
  })
  expect(ticktape('top', join(directory, 'nowhere'), '--once').status).toBe(2)
})

test('--json prints a line for each sample until it is ended', { timeout: 60_000 }, async () => {
  const child = startTicktape('top', home, '--json', '--interval', '100ms')
  const text = await new Heard(child).until(/\n[^\n]+\n[^\n]+\n/)
  const [first, second] = text.split('\n').map(line => JSON.parse(line || '{}') as { sinceMs?: number })
  expect(first.sinceMs).toBeUndefined()
  expect(second.sinceMs).toBeGreaterThan(50)
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([130, null])
})

const SCRIPT = spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0
const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')
const ENTER = '\u001b[?1049h'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'

/** The command in a terminal of 80x24. Afterwards the terminal's settings are printed. */
function inTerminal(): ChildProcess {
  const line = `stty rows 24 cols 80; stty -g; '${process.execPath}' '${COMMAND}' top '${home}' --interval 100ms; echo "exit $?"; stty -g`
  const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test.each([
  ['q', 0],
  ['\u0003', 130],
] as const)('the terminal is as it was after %j', { timeout: 60_000 }, async (key, exit) => {
  if (skipUnless(SCRIPT, 'top in a terminal', "it needs the command 'script' of Debian's bsdutils")) return
  const child = inTerminal()
  const heard = new Heard(child)
  await heard.until(/maker +running/)
  child.stdin?.write('3')
  await heard.until(/\[3 orders\]/)
  child.stdin?.write(key)
  const text = await heard.until(/exit \d+\s+\S+\s/)
  await once(child, 'close')
  expect(text).toContain(`exit ${exit}`)
  expect(text.indexOf(ENTER)).toBeGreaterThan(0)
  expect(text.lastIndexOf(LEAVE)).toBeGreaterThan(text.lastIndexOf(ENTER))
  // The settings of the terminal, before and after.
  const settings = [...text.matchAll(/^([0-9a-f]+:[0-9a-f:]+)\r?$/gm)].map(([, one]) => one)
  expect(settings).toHaveLength(2)
  expect(settings[1]).toBe(settings[0])
})

test('the terminal is as it was after SIGTERM', { timeout: 60_000 }, async () => {
  if (skipUnless(SCRIPT, 'top in a terminal', "it needs the command 'script' of Debian's bsdutils")) return
  const child = inTerminal()
  const heard = new Heard(child)
  await heard.until(/maker +running/)
  const { stdout } = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(child.pid)], { encoding: 'utf8' })
  const shell = Number(/^\s*(\d+)/m.exec(stdout)?.[1])
  const below = spawnSync('ps', ['-o', 'pid=', '--ppid', String(shell)], { encoding: 'utf8' }).stdout
  process.kill(Number(below.trim()), 'SIGTERM')
  const text = await heard.until(/exit \d+\s+\S+\s/)
  expect(text).toContain('exit 130')
  expect(text.lastIndexOf(LEAVE)).toBeGreaterThan(text.lastIndexOf(ENTER))
})
