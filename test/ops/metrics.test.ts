// Metrics for Prometheus: judged by promtool and by a Prometheus that scrapes a desk, where they are installed.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Sampler } from 'ticktape/ops'
import { Gateway } from 'ticktape/runtime'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { metricsText } from '../../dist/ops/metrics/exposition.js'
import { FAMILIES } from '../../dist/ops/metrics/families.js'
import { serveMetrics } from '../../dist/ops/metrics/server.js'
import { moduleOf, PushedFeed, QUICK, quote, reportsOf, until } from '../support/desks.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { Heard, makeJournal, startTicktape, ticktape } from '../support/journals.ts'
import { skipUnless } from '../support/skips.ts'

const OPS = join(import.meta.dirname, '../../ops')

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}
const PROMTOOL = has('promtool')
const PROMETHEUS = PROMTOOL && has('prometheus')
const NEEDS = "it needs Debian's package prometheus"

const STRATEGY = `
  export default defineStrategy({ id: 'maker', onBook({ ask, symbol }, context) {
    context.order({ symbol, side: 'buy', quantity: 1, price: ask, timeInForce: 'ioc' })
  } })`

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')
const feed = new PushedFeed()
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [moduleOf(STRATEGY, 'maker.mjs', folder)],
    feed,
    risk: { maxOpenOrders: 5, maxDailyLoss: 1000 },
  })
  feed.push(quote('BTCUSDT', 100, 101), quote('ETH"\\USDT', 10, 11))
  await until(() => reportsOf(home).filter(({ state }) => state === 'filled').length === 2, 'two orders')
}, 60_000)

afterAll(async () => {
  await gateway.stop()
})

/** The samples of a text, by name and labels. */
function valuesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

test('the text has what the desk has, escaped, and histograms add up', () => {
  const { status, stdout, stderr } = ticktape('metrics', home, '--once')
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout.endsWith('\n# EOF\n')).toBe(true)
  const values = valuesOf(stdout)
  expect(values.get('ticktape_orders_ended_total{state="filled"}')).toBe(2)
  expect(values.get('ticktape_process_up{process="gateway",kind="gateway"}')).toBe(1)
  expect(values.get('ticktape_limit{owner="desk",limit="maxOpenOrders"}')).toBe(5)
  expect(values.get('ticktape_position{strategy="maker",instrument="ETH\\"\\\\USDT.sim"}')).toBe(1)
  for (const hop of ['decide', 'take', 'check', 'venue']) {
    const name = 'ticktape_order_hop_seconds'
    const buckets = [...values]
      .filter(([key]) => key.startsWith(`${name}_bucket{hop="${hop}"`))
      .map(([, count]) => count)
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets)
    expect(buckets.at(-1)).toBe(values.get(`${name}_count{hop="${hop}"}`))
    expect(values.get(`${name}_sum{hop="${hop}"}`)).toBeGreaterThan(0)
    expect(values.get(`${name}_count{hop="${hop}"}`)).toBe(2)
  }
})

test('a directory that is a journal has metrics too', async () => {
  const directory = join(makeFolder(), 'quotes')
  await makeJournal(directory, 10)
  const values = valuesOf(ticktape('metrics', directory, '--once').stdout)
  expect(values.get('ticktape_journal_slots_total{journal="quotes"}')).toBe(12)
  expect(values.get('ticktape_journal_writer_up{journal="quotes"}')).toBe(0)
})

test('a value that is no number, and a counter in both formats', () => {
  using sampler = new Sampler(home)
  const sample = sampler.sample()
  const odd = { ...sample, space: { freeBytes: Number.NaN, totalBytes: Number.POSITIVE_INFINITY } }
  const text = metricsText(odd, 'prometheus')
  expect(text).toContain('ticktape_space_free_bytes NaN\n')
  expect(text).toContain('ticktape_space_size_bytes +Inf\n')
  expect(text).toContain('# TYPE ticktape_journal_slots_total counter\nticktape_journal_slots_total{')
  const open = metricsText(odd, 'openmetrics')
  expect(open).toContain('# TYPE ticktape_journal_slots counter\nticktape_journal_slots_total{')
  // What Prometheus takes as the names of its parts.
  for (const { name, type } of FAMILIES) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    if (type !== 'histogram') expect(name).not.toMatch(/_(total|bucket|sum|count)$/)
  }
})

test('promtool accepts the metrics of the desk', () => {
  if (skipUnless(PROMTOOL, 'promtool check metrics', NEEDS)) return
  const input = ticktape('metrics', home, '--once').stdout
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  expect([status, stdout, stderr]).toEqual([0, '', ''])
})

test('promtool accepts the rules and the configuration in ops/', () => {
  if (skipUnless(PROMTOOL, 'promtool check rules', NEEDS)) return
  for (const [kind, file] of [
    ['rules', 'prometheus-rules.yml'],
    ['config', 'prometheus.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', kind, join(OPS, file)], { encoding: 'utf8' })
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')])
  }
})

test('the dashboard and the alerts name only metrics that exist, and each alert has a runbook', () => {
  const dashboard = readFileSync(join(OPS, 'grafana-dashboard.json'), 'utf8')
  const rules = readFileSync(join(OPS, 'prometheus-rules.yml'), 'utf8')
  const known = new Set(
    FAMILIES.flatMap(({ name, type }) => {
      const full = `ticktape_${name}${type === 'counter' ? '_total' : ''}`
      return type === 'histogram' ? [`${full}_bucket`] : [full]
    }),
  )
  const expressions = [
    ...dashboard.matchAll(/"(?:expr|query)": "((?:[^"\\]|\\.)*)"/g),
    ...rules.matchAll(/expr: ([\s\S]*?)\n {8}\w+:/g),
  ]
  const used = new Set(expressions.flatMap(([, text]) => text.match(/ticktape_\w+/g) ?? []))
  expect([...used].filter(name => !known.has(name))).toEqual([])
  expect(used.size).toBeGreaterThan(20)
  const { uid, templating } = JSON.parse(dashboard) as {
    uid: string
    templating: { list: { name: string; type: string }[] }
  }
  expect(uid).toBe('ticktape-desk')
  expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' })
  // Every panel takes the data source that is chosen.
  expect(
    [...dashboard.matchAll(/"type": "prometheus",\s*"uid": "([^"]*)"/g)].every(
      ([, source]) => source === '${datasource}',
    ),
  ).toBe(true)
  const guide = readFileSync(join(OPS, '../docs/operations.md'), 'utf8').toLowerCase()
  const runbooks = [...rules.matchAll(/Runbook '([^']+)'/g)].map(([, name]) => name)
  expect(runbooks.length).toBeGreaterThan(10)
  expect(runbooks.filter(name => !guide.includes(`\n#### ${name}\n`))).toEqual([])
})

/** The answer to one request, however odd it is. */
async function ask(
  url: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<[number | undefined, string, string]> {
  const sent = request(url, { method, headers }).end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return [response.statusCode, response.headers['content-type'] ?? '', text]
}

test('the server answers scrapes in both formats, refuses everything else, and closes', async () => {
  using sampler = new Sampler(home)
  const server = await serveMetrics(sampler, '127.0.0.1', 0)
  onTestFinished(() => server.close())
  const [status, type, text] = await ask(server.url)
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(valuesOf(text).get('ticktape_orders_ended_total{state="filled"}')).toBe(2)
  const [, open] = await ask(server.url, 'GET', {
    accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5',
  })
  expect(open).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect(await ask(server.url, 'HEAD')).toEqual([200, expect.any(String), ''])
  expect((await ask(server.url, 'POST'))[0]).toBe(405)
  expect((await ask(server.url.replace('/metrics', '/../etc/passwd')))[0]).toBe(404)
  await expect(serveMetrics(sampler, '127.0.0.1', Number(new URL(server.url).port))).rejects.toThrow(/EADDRINUSE/)
})

test('the command listens until it is ended', { timeout: 60_000 }, async () => {
  const child = startTicktape('metrics', home, '--listen', '127.0.0.1:0')
  const text = await new Heard(child).until(/http:\/\/127\.0\.0\.1:\d+\/metrics/)
  const [url] = /http:\S+\/metrics/.exec(text) ?? ['']
  expect((await ask(url))[0]).toBe(200)
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([130, null])
  const { status, stderr } = ticktape('metrics', home, '--listen', 'nowhere')
  expect([status, stderr]).toEqual([2, expect.stringContaining("'nowhere' is no address")])
})

test('a Prometheus scrapes the desk, knows its orders, and fires the alert of a halt', {
  timeout: 90_000,
}, async () => {
  if (skipUnless(PROMETHEUS, 'a scrape by a real Prometheus', NEEDS)) return
  using sampler = new Sampler(home)
  const server = await serveMetrics(sampler, '127.0.0.1', 0)
  onTestFinished(() => server.close())
  const directory = makeFolder()
  const config = readFileSync(join(OPS, 'prometheus.yml'), 'utf8')
    .replace('127.0.0.1:9464', new URL(server.url).host)
    .replaceAll('interval: 5s', 'interval: 1s')
    .replace('- prometheus-rules.yml', `- ${join(OPS, 'prometheus-rules.yml')}`)
  const file = join(directory, 'prometheus.yml')
  writeFileSync(file, config)
  const port = 20_000 + (process.pid % 40_000)
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const child = spawn('prometheus', args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  try {
    const query = async (expression: string): Promise<unknown[]> => {
      try {
        const [, , text] = await ask(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`)
        return (JSON.parse(text) as { data: { result: unknown[] } }).data.result
      } catch {
        return [] // it has not started yet
      }
    }
    const answer = async (expression: string): Promise<unknown> => {
      const end = Date.now() + 40_000
      for (;;) {
        const [first] = await query(expression)
        if (first !== undefined || Date.now() > end) return first
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    }
    expect(await answer('ticktape_orders_ended_total{state="filled"}')).toMatchObject({
      value: [expect.any(Number), '2'],
    })
    expect(await answer('up{job="ticktape"} == 1')).toBeDefined()
    expect(await answer('histogram_quantile(0.5, sum by (le) (ticktape_order_hop_seconds_bucket))')).toBeDefined()
    expect(ticktape('halt', home, 'a test').status).toBe(0)
    expect(await answer('ALERTS{alertname="TicktapeTradingHalted", alertstate="firing"}')).toBeDefined()
  } finally {
    child.kill('SIGTERM')
    await ended
    ticktape('resume', home)
  }
})
