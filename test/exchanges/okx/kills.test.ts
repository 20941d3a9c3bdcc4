/* oxlint-disable vitest/no-standalone-expect -- These checks are called by tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { replaySession } from 'ticktape/runtime'
import { expect, onTestFinished, test } from 'vitest'
import type { FakeOkx } from '../../../dist/exchanges/okx/fake/fake-okx.js'
import { Intent } from '../../../dist/trading/sequence/frames.js'
import { lastStates } from '../../support/agreement.ts'
import { moduleOf, newHome, sequenceOf } from '../../support/desks.ts'
import { startFakeOkx } from '../../support/fake-okx.ts'
import { expectAgreement } from '../../support/okx-agreement.ts'

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')
/** TICKTAPE_OKX_KILLS: how often each kind of process is killed. */
const KILLS = Number(process.env['TICKTAPE_OKX_KILLS'] ?? 1)

/** Follows the market with small orders. At its end it cancels what is open. */
const FOLLOWER = `
  const SYMBOLS = ['BTC-USDT', 'SOL-USDT', 'BTC-USDT-SWAP']
  export default defineStrategy({ id: 'a', symbols: SYMBOLS,
    onBook({ symbol, bid, ask }, context) {
      if (context.history) return
      const open = context.openOrders(symbol)
      const held = context.position(symbol).quantity
      if (open.length < 2) context.order({ symbol, side: held > 0 ? 'sell' : 'buy', quantity: 0.01, price: held > 0 ? ask : bid })
      for (const order of open)
        if (order.state === 'accepted' && order.price !== (order.side === 'buy' ? bid : ask)) context.cancel(order.orderId)
    },
    onStop(context) { for (const symbol of SYMBOLS) context.cancelAll(symbol) } })`

class Run {
  readonly child: ChildProcess
  adapter = 0
  orders = 0
  stderr = ''

  constructor(strategy: string, fake: FakeOkx, home: string) {
    const args = [MAIN, 'run', strategy, '--venue', 'okx', '--endpoint', fake.endpoint, '--home', home, '--json']
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const { stdout, stderr } = this.child
    createInterface({ input: stdout as NonNullable<typeof stdout> }).on('line', line => {
      const said = JSON.parse(line)
      if (said.kind === 'venue' && said.event === 'started') this.adapter = said.pid
      if (said.kind === 'status') this.orders = said.orders
    })
    stderr?.on('data', text => {
      this.stderr += String(text)
    })
    onTestFinished(() => {
      if (this.child.exitCode === null) this.child.kill('SIGKILL')
    })
  }

  /** Waits until its adapter has a process. */
  async started(): Promise<void> {
    await expect
      .poll(() => (this.adapter > 0 || this.child.exitCode !== null ? '' : 'starting'), { timeout: 60_000 })
      .toBe('')
    expect([this.child.exitCode, this.stderr]).toEqual([null, expect.any(String)])
  }

  /** Waits until it has sent orders. */
  async trading(): Promise<void> {
    await this.started()
    await expect.poll(() => this.orders > 3 && this.adapter > 0, { timeout: 60_000 }).toBe(true)
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null) throw new Error(`it has ended before: ${this.stderr}`)
    const ended = once(this.child, 'exit')
    this.child.kill(signal)
    return (await ended)[0] as number | null
  }
}

test('adapter and gateway are killed while they trade: nothing is sent twice, nothing is lost, and replay says the same', {
  timeout: 180_000 + KILLS * 60_000,
}, async () => {
  const fake = await startFakeOkx({ rate: 300 })
  const home = newHome()
  const strategy = moduleOf(FOLLOWER)
  const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
  for (let kill = 0; kill < KILLS; kill++) {
    const run = new Run(strategy, fake, home)
    await run.trading()
    const first = run.adapter
    process.kill(first, 'SIGKILL')
    await expect.poll(() => run.adapter !== first, { timeout: 10_000 }).toBe(true)
    await pause(300 + kill * 137)
    await run.end('SIGKILL')
  }
  // The last one has time to ask about everything.
  const run = new Run(strategy, fake, home)
  await run.trading()
  await pause(6000)
  await run.end('SIGINT')
  expect(run.stderr).not.toContain('ERR_')
  // What its last cancels became is known at the next start.
  const last = new Run(
    moduleOf("export default defineStrategy({ id: 'b', symbols: ['BTC-USDT'], onOrder() {} })"),
    fake,
    home,
  )
  await last.started()
  await expect
    .poll(() => [...lastStates(home).values()].filter(({ state }) => ['unknown', 'submitted'].includes(state)), {
      timeout: 20_000,
    })
    .toEqual([])
  await pause(3000)
  await last.end('SIGINT')

  const submits = sequenceOf<{ action: string; orderId: bigint }>(home, Intent).filter(
    ({ action }) => action === 'submit',
  )
  expect(new Set(submits.map(({ orderId }) => orderId)).size).toBe(submits.length)
  expect(fake.world.exchange.orders.length).toBeGreaterThan(KILLS * 3)
  expectAgreement(home, fake)
  const replayed = await replaySession({ home })
  expect(replayed.gateway.verdict).toBe('same')
})
