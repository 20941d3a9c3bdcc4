import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { verify } from 'ticktape'
import { expect, onTestFinished, test } from 'vitest'
import { type Child, startChild } from '../../support/child.ts'
import { makeFolder, removeLive } from '../../support/folders.ts'
import { strategyFile } from '../../support/gateways.ts'
import { ticktape } from '../../support/journals.ts'

const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

interface Line {
  readonly kind: string
  readonly orders?: number
}

/** Runs a session with the real command. */
class Run {
  stderr = ''
  readonly ended: Promise<number | null>
  private readonly lines: Line[] = []

  constructor(
    home: string,
    private readonly child: ChildProcess = spawn(
      process.execPath,
      [COMMAND, 'run', strategyFile('busy.mjs'), '--home', home, '--feed', 'synthetic', '--speed', '20x', '--json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    ),
  ) {
    child.stderr?.on('data', chunk => (this.stderr += String(chunk)))
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', text => this.lines.push(JSON.parse(text)))
    this.ended = once(child, 'close').then(([code]) => code as number | null)
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await this.ended
    })
  }

  /** Waits until the gateway has read this many orders. */
  async orders(count: number): Promise<void> {
    while (!this.lines.some(line => (line.orders ?? 0) >= count)) {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}: ${this.stderr}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  interrupt(): void {
    this.child.kill('SIGINT')
  }
}

test('a session whose home is removed stops by itself and reports why; a session that is started there at once has all its orders', {
  timeout: 120_000,
}, async () => {
  const home = join(makeFolder('memory'), 'home')
  const first = new Run(home)
  await first.orders(20)
  removeLive(home)
  const second = new Run(home)
  expect(await first.ended).not.toBe(0)
  expect(first.stderr).toContain('ERR_JOURNAL_REPLACED')
  expect(first.stderr).not.toContain('retention')

  await second.orders(100)
  second.interrupt()
  expect([await second.ended, second.stderr]).toEqual([130, expect.not.stringContaining('ERR_')])
  for (const journal of ['gateway', 'strategies/eager', 'strategies/patient']) {
    expect(existsSync(join(home, journal)), journal).toBe(true)
    expect(await verify(join(home, journal)), journal).toMatchObject({ sound: true })
  }
  // Every order is answered, and in a replay both strategies and the gateway decide the same.
  expect(ticktape('replay', home)).toMatchObject({ status: 0, stderr: '' })
})

/** A gateway that starts when it is told to, stops in order when it is told again, and says how many orders it has read. */
const TOLD = `
  const { Gateway, SyntheticFeed } = await import('ticktape/runtime')
  say('warm')
  await line()
  const [, strategy, rate, limit, speed] = args
  const feed = new SyntheticFeed({ rate: Number(rate), limit: Number(limit) })
  const options = { pageSize: 262144, strategyPageSize: 65536, durability: 'process' }
  const gateway = await Gateway.start({ home: dir, strategies: [strategy], feed, speed, ...options })
  gateway.fed.then(() => say('fed'), () => {})
  const timer = setInterval(() => say(gateway.status.orders), 20)
  await line()
  clearInterval(timer)
  say(await gateway.stop().catch(error => error.code))
  process.exit()
`

/** Reads what a child says up to what is wanted. */
async function hearUntil(child: Child, isWanted: (value: unknown) => boolean): Promise<void> {
  while (!isWanted(await child.hear()));
}

test('a session that stops in order after its home was moved touches nothing of the one that is started there', {
  timeout: 120_000,
}, async () => {
  const home = join(makeFolder('memory'), 'home')
  const busy = strategyFile('busy.mjs')
  const first = startChild(TOLD, [home, busy, 300, 1e6, 'realtime'])
  const second = startChild(TOLD, [home, busy, 3000, 20_000, 'max'])
  await Promise.all([first.hear(), second.hear()])
  first.tell()
  await hearUntil(first, value => typeof value === 'number' && value > 0)
  renameSync(home, `${home}-gone`)
  second.tell()
  // Both have prepared their second page, and the first has not noticed yet.
  await expect
    .poll(() => existsSync(join(home, 'gateway/0000000001.page')), { interval: 3, timeout: 20_000 })
    .toBe(true)
  first.tell()
  await first.end()

  await hearUntil(second, value => value === 'fed')
  second.tell()
  expect((await second.end()).said.at(-1)).toBe(true)
  for (const journal of ['gateway', 'strategies/eager', 'strategies/patient'])
    expect(await verify(join(home, journal)), journal).toMatchObject({ sound: true })
  expect(ticktape('replay', home)).toMatchObject({ status: 0, stderr: '' })
})
