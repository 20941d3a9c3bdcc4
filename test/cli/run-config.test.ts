import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DeskDescription, deskOptions, Gateway, readDeskFile } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { descriptionInEffect } from '../../dist/desk-file/in-effect.js'
import { HomeDirectory } from '../../dist/trading/sequence/home.js'
import { moduleOf, QUICK } from '../support/desks.ts'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const STRATEGY = join(EXAMPLES, 'momentum.mjs')

function fileOf(content: unknown, name = 'desk.json', folder = makeFolder()): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const desk = (more: object = {}): object => ({
  strategies: [STRATEGY],
  feed: { synthetic: { seed: 2, rate: 1000, symbols: ['BTCUSDT'] } },
  durability: 'process',
  risk: { maxPosition: 1 },
  ...more,
})

test.each([
  [{ strategys: [] }, "'strategys' is not known; did you mean 'strategies'?"],
  [desk({ risk: { maxPositon: 1 } }), "'risk.maxPositon' is not known; did you mean 'maxPosition'?"],
  [
    desk({ risk: { strategies: { momentum: { maxOpenOrder: 1 } } } }),
    "'risk.strategies.momentum.maxOpenOrder' is not known; did you mean 'maxOpenOrders'?",
  ],
  [desk({ risk: { maxOpenOrders: 1.5 } }), "'risk.maxOpenOrders' takes a whole number from 0 to 1000000000, not 1.5"],
  [
    desk({ wait: 'spinn' }),
    /^'wait' takes one of 'spin', 'yield', 'park', 'event-loop', not .spinn.; did you mean 'spin'\?$/,
  ],
  [
    desk({ venues: [{ simulated: { latency: 1 } }] }),
    "'venues[0].simulated.latency' is not known; did you mean 'latencyNs'?",
  ],
  [
    desk({ venues: [{ simulate: {} }] }),
    /^'venues\[0\]' takes a text, or an object with 'simulated', or an object with 'okx', or an object with 'binance', or an object with 'bybit', or an object with 'ccxt', not /,
  ],
  [desk({ feed: { capture: 'x', seed: 1 } }), /^'feed.seed' is not known; /],
  [desk({ feed: { synthetic: { sed: 1 } } }), "'feed.synthetic.sed' is not known; did you mean 'seed'?"],
  [{}, "it needs 'strategies'"],
  [desk({ strategies: [] }), "'strategies' takes a list of at least 1, not of 0"],
  [[], 'it takes an object'],
  ['{ "strategies": ', 'it is not JSON: '],
] as const)('desk.json: %j is refused, with what is wrong', (content, message) => {
  const file = fileOf(content)
  const failure = failureOf(() => readDeskFile(file))
  expect(failure).toMatchObject({ code: 'ERR_DESK_FILE', path: file })
  const said = failure.message.slice(`${file}: `.length)
  if (typeof message === 'string') expect(said).toContain(message)
  else expect(said).toMatch(message)
})

test('--venue sim is the simulated exchange', { timeout: 30_000 }, () => {
  const file = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
  const home = join(makeFolder('memory'), 'home')
  expect(ticktape('run', file, '--venue', 'sim', '--home', home, '--duration', '0.5').status).toBe(0)
  expect(ticktape('run', file, '--venue', 'sim', '--endpoint', 'ws://127.0.0.1:1').stderr).toContain(
    '--endpoint goes with',
  )
})

test('the command says it in one line, and runs nothing', { timeout: 30_000 }, () => {
  const file = fileOf(desk({ risk: { maxPositon: 1 } }))
  expect(ticktape('run', '--config', file)).toEqual({
    status: 2,
    stdout: '',
    stderr: `ERR_DESK_FILE: ${file}: 'risk.maxPositon' is not known; did you mean 'maxPosition'?\n`,
  })
})

test('a desk.json is read with absolute paths, and its options start a gateway', { timeout: 60_000 }, async () => {
  const folder = makeFolder()
  const file = fileOf(
    {
      $schema: 'desk.schema.json',
      ...desk({
        strategies: ['momentum.mjs', '/elsewhere/other.mjs'],
        venues: ['venue.mjs', { simulated: { seed: 3 } }],
        feed: { capture: 'a.gz' },
      }),
    },
    'desk.json',
    folder,
  )
  expect(readDeskFile(file)).toMatchObject({
    strategies: [join(folder, 'momentum.mjs'), '/elsewhere/other.mjs'],
    venues: [join(folder, 'venue.mjs'), { simulated: { seed: 3 } }],
    feed: { capture: join(folder, 'a.gz') },
  })
  expect(failureOf(() => readDeskFile('/nowhere/desk.json'))).toMatchObject({ code: 'ERR_JOURNAL_NOT_FOUND' })

  const home = join(makeFolder('memory'), 'home')
  const described: DeskDescription = readDeskFile(fileOf(desk({ feed: { synthetic: { limit: 500 } } })))
  for (let start = 0; start < 2; start++) {
    const gateway = await Gateway.start({ ...QUICK, ...deskOptions(described), speed: 'max', home })
    // The sequence has it: the next start can say what the last one was.
    expect(gateway.earlierDescription).toEqual(start === 0 ? undefined : described)
    await gateway.fed
    await gateway.stop()
  }
})

interface Line {
  readonly kind: string
  readonly how?: string
  readonly differences?: readonly { readonly what: string; readonly before?: string; readonly after?: string }[]
  readonly orderly?: boolean
}

function run(...args: readonly string[]): readonly Line[] {
  const { status, stdout, stderr } = ticktape('run', ...args, '--duration', '0.5', '--json')
  expect([status, stderr.replaceAll(/^\[momentum\].*\n/gm, '')]).toEqual([0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
}

const differences = (lines: readonly Line[]): unknown =>
  lines
    .filter(line => line.kind === 'configuration')
    .map(line => [line.how, ...(line.differences ?? []).map(one => `${one.what}: ${one.before} -> ${one.after}`)])

test('the sequence has the configuration in effect: a changed <home>/desk.json is shown, and applied with --apply only', {
  timeout: 90_000,
}, () => {
  const home = join(makeFolder('memory'), 'home')
  mkdirSync(home)
  fileOf(desk(), 'desk.json', home)
  // The first start takes the file: nothing else says what to run.
  expect(differences(run('--home', home))).toEqual([])
  fileOf(desk({ risk: { maxPosition: 2, priceBand: 0.1 } }), 'desk.json', home)
  const changed = ['risk.maxPosition: 1 -> 2', 'risk.priceBand: undefined -> 0.1']
  expect(differences(run('--home', home))).toEqual([['not applied', ...changed]])
  expect(differences(run('--home', home, '--apply'))).toEqual([])

  // A file on the command line is applied, and what it changes is shown.
  const other = fileOf(desk({ risk: { maxPosition: 3 } }))
  expect(differences(run('--config', other, '--home', home))).toEqual([
    ['changed', 'risk.maxPosition: 2 -> 3', 'risk.priceBand: 0.1 -> undefined'],
    ['not applied', 'risk.maxPosition: 3 -> 2', 'risk.priceBand: undefined -> 0.1'],
  ])
  const { stderr } = ticktape('run', '--home', home, '--duration', '0.2')
  expect(stderr).toMatch(
    /desk\.json of the home says otherwise, and is not applied[^]*\n {2}risk\.maxPosition: 3 -> 2\n/,
  )
})

test('options of the command line come before the file, and stay in effect; what says nothing to run is refused', {
  timeout: 90_000,
}, () => {
  const home = join(makeFolder('memory'), 'home')
  run('--config', fileOf(desk()), '--home', home, '--seed', '9', '--speed', 'max')
  const inEffect = descriptionInEffect(HomeDirectory.openExisting(home))
  expect(inEffect).toEqual({
    ...desk({ speed: 'max', feed: { synthetic: { seed: 9, rate: 1000, symbols: ['BTCUSDT'] } } }),
  })
  // The home has a copy of what runs. The next one replaces it, and nothing is said of a difference to it.
  const copy = join(home, 'desk.json')
  expect(readDeskFile(copy)).toEqual(inEffect)
  const changed = fileOf(desk({ risk: { maxPosition: 2 } }))
  const lines = run('--config', changed, '--home', home)
  expect(lines.filter(({ kind }) => kind === 'configuration').map(({ how }) => how)).toEqual(['changed'])
  expect(readDeskFile(copy)).toMatchObject({ risk: { maxPosition: 2 } })
  const empty = makeFolder()
  expect(ticktape('run', '--home', empty).stderr).toMatch(/^ERR_USAGE: .* does not say what to run: /)
  expect(ticktape('run').stderr).toMatch(/^ERR_USAGE: give modules with strategies, --config FILE, or the --home/)
  expect(ticktape('run', '--apply', '--home', empty).stderr).toMatch(/^ERR_USAGE: --apply puts/)
})

test('examples/desk.json is a desk.json', () => {
  expect(readDeskFile(join(EXAMPLES, 'desk.json')).strategies).toEqual([STRATEGY, join(EXAMPLES, 'mean-reversion.mjs')])
  expect(JSON.parse(readFileSync(join(EXAMPLES, 'desk.json'), 'utf8'))).toMatchObject({
    $schema: '../schemas/desk.schema.json',
  })
})
