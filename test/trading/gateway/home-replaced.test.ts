import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { verify } from 'ticktape'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
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
  rmSync(home, { recursive: true, force: true })
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
