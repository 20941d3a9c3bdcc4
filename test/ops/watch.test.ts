// `ticktape watch` as a command: on a desk that is halted and killed, to exit codes, programs and webhooks.
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Notifier } from '../../dist/ops/watch/notify.js'
import { moduleOf, newHome, until } from '../support/desks.ts'
import { makeFolder } from '../support/folders.ts'
import { GatewayProcess } from '../support/gateways.ts'
import { Heard, makeJournal, runTicktape, startTicktape, ticktape } from '../support/journals.ts'

const IDLE = `export default defineStrategy({ id: 'idle', onBook() {} })`

/** A program that adds its arguments and its input to a file. */
function recorder(folder: string): { readonly program: string; readonly lines: () => string[] } {
  const program = join(folder, 'notify')
  const file = join(folder, 'notified')
  writeFileSync(program, `#!/bin/sh\necho "$1 $2 $3 $(cat)" >> '${file}'\n`)
  chmodSync(program, 0o755)
  return { program, lines: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []) }
}

/** A server that keeps what is posted; the first `failures` answers are 500. */
async function webhook(failures = 0): Promise<{ readonly url: string; readonly posted: Record<string, unknown>[] }> {
  const posted: Record<string, unknown>[] = []
  let left = failures
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', chunk => void (text += String(chunk)))
    request.on('end', () => {
      if (left-- > 0) return response.writeHead(500).end()
      posted.push(JSON.parse(text) as Record<string, unknown>)
      return response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, posted }
}

test('a halt fires and clears once, a killed gateway fires: to a program, a webhook and stdout', {
  timeout: 90_000,
}, async () => {
  const home = newHome()
  const folder = makeFolder()
  const gateway = await GatewayProcess.start({
    home,
    strategies: [moduleOf(IDLE)],
    synthetic: { rate: 100 },
    speed: 'realtime',
  })
  onTestFinished(() => gateway.kill())
  const { program, lines } = recorder(folder)
  const { url, posted } = await webhook()
  const rules = join(folder, 'rules.json')
  writeFileSync(
    rules,
    JSON.stringify({ 'dead-writer': { forMs: 0 }, 'process-down': false, 'hung-strategy': false, 'stale-feed': false }),
  )
  const child = startTicktape(
    'watch',
    home,
    '--rules',
    rules,
    '--interval',
    '100ms',
    '--exec',
    program,
    '--webhook',
    url,
    '--json',
  )
  const heard = new Heard(child)
  expect((await runTicktape('halt', home, 'a test')).status).toBe(0)
  await heard.until(/"fired","rule":"halted"/)
  await new Promise(resolve => setTimeout(resolve, 500))
  expect((await runTicktape('resume', home)).status).toBe(0)
  await heard.until(/"cleared","rule":"halted"/)
  await gateway.kill()
  await heard.until(/"fired","rule":"dead-writer"/)
  await until(() => posted.length === 3 && lines().length === 3, 'all deliveries')
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([130, null])
  const told = heard.text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  expect(told.map(({ event, rule, subject }) => [event, rule, subject])).toEqual([
    ['fired', 'halted', 'trading'],
    ['cleared', 'halted', 'trading'],
    ['fired', 'dead-writer', 'gateway'],
  ])
  expect(posted).toEqual(told)
  expect(lines().map(line => line.slice(0, line.indexOf('{')).trim())).toEqual([
    'fired halted trading',
    'cleared halted trading',
    'fired dead-writer gateway',
  ])
  expect(JSON.parse(lines()[0].slice(lines()[0].indexOf('{')))).toEqual(told[0])
})

test('exit codes: --once 0 and 1, --exit 1, wrong rules 2', { timeout: 60_000 }, async () => {
  const directory = join(makeFolder(), 'quotes')
  await makeJournal(directory, 10)
  const folder = makeFolder()
  const file = (name: string, rules: unknown): string => {
    writeFileSync(join(folder, name), JSON.stringify(rules))
    return join(folder, name)
  }
  const calm = file('calm.json', { 'dead-writer': false, 'stale-feed': false, 'low-space': false })
  expect(ticktape('watch', directory, '--once', '--rules', calm)).toMatchObject({ status: 0, stdout: '' })
  // Without its duration: --once does not wait.
  const dead = ticktape('watch', directory, '--once')
  expect([dead.status, dead.stdout]).toEqual([
    1,
    expect.stringMatching(/dead-writer fires for quotes: 1, no process writes/),
  ])
  const soon = file('soon.json', { 'dead-writer': { forMs: 200 } })
  expect(ticktape('watch', directory, '--exit', '--rules', soon, '--interval', '100ms').status).toBe(1)
  const wrong = ticktape('watch', directory, '--rules', file('wrong.json', { lagg: {} }))
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    expect.stringContaining("there is no rule 'lagg'; did you mean 'lag'?"),
  ])
  expect(ticktape('watch', directory, '--webhook', 'ftp://x').status).toBe(2)
  expect(ticktape('watch', join(folder, 'nowhere')).status).toBe(2)
  expect(JSON.parse(ticktape('watch', directory, '--show-rules').stdout)).toMatchObject({ halted: { above: 0 } })
})

const EVENT = {
  event: 'fired',
  rule: 'halted',
  subject: '$(touch /tmp/not-run); "',
  value: 1,
  threshold: { above: 0 },
  time: 5n,
  path: '/desk',
  text: 'halted fires',
} as const

test('a webhook that fails is asked again; a program that fails is reported, and the next event goes on', {
  timeout: 30_000,
}, async () => {
  const { url, posted } = await webhook(2)
  const folder = makeFolder()
  const { program, lines } = recorder(folder)
  const problems: string[] = []
  const onProblem = (problem: string): void => void problems.push(problem)
  const good = new Notifier({ command: program, webhook: url, onProblem })
  good.send(EVENT)
  await good.done()
  expect(posted).toMatchObject([{ rule: 'halted', time: '5' }])
  // What is in a subject is an argument, and never a command.
  expect(lines()[0]).toContain('$(touch /tmp/not-run); "')
  expect(problems).toEqual([])
  const bad = new Notifier({ command: join(folder, 'missing'), onProblem })
  bad.send(EVENT)
  bad.send({ ...EVENT, event: 'cleared' })
  await bad.done()
  expect(problems).toHaveLength(2)
  expect(problems[0]).toMatch(/missing could not be started: .*ENOENT/)
})
