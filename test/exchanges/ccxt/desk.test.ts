// A whole desk with its account by ccxt, in a process of its own, at a fake OKX.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Gateway, replayGateway } from 'ticktape/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { expectAgreement, lastStates } from '../../support/agreement.ts'
import { CCXT, NO_CCXT, startFake } from '../../support/ccxt.ts'
import { moduleOf, newHome, PushedFeed, QUICK, quote, settled, trade, until } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { skipUnless } from '../../support/skips.ts'

/** TICKTAPE_CCXT_ORDERS: about how many orders the desk with faults sends. */
const ORDERS = Number(process.env['TICKTAPE_CCXT_ORDERS'] ?? 0)
const NO_FAULTS = skipUnless(ORDERS > 0, 'a desk by ccxt with faults', 'npm run test:venues has it')
const MODULE = join(import.meta.dirname, '../../../dist/exchanges/ccxt/ccxt-module.js')

/** Orders of every type that ccxt has; cancels. From trade 1,000,000 on it only cancels. */
const BUSY = `
  let n = 0
  export default defineStrategy({ id: 'a',
    onTrade({ tradeId }, context) {
      const symbol = 'BTC/USDT'
      if (tradeId >= 1000000n) return context.cancelAll(symbol)
      n++
      const side = (n >> 2) % 2 === 0 ? 'buy' : 'sell', quantity = 0.01, far = side === 'buy' ? 54000 : 66000
      const kind = n % 6
      if (kind < 2) context.order({ symbol, side, quantity })
      else if (kind === 2) context.order({ symbol, side, quantity, price: far, postOnly: true })
      else if (kind === 3) context.order({ symbol, side, quantity, price: 60100, timeInForce: 'ioc' })
      else if (kind === 4) context.order({ symbol, side, quantity, price: 60100, timeInForce: 'fok' })
      else context.order({ symbol, side, quantity, price: far })
      const open = context.openOrders(symbol).filter(order => order.state === 'accepted')
      if (open.length > 3) context.cancel(open[0].orderId)
    } })`

test.skipIf(NO_CCXT || NO_FAULTS)(
  'with lost and doubled answers, fills during cancels and lost sockets both agree on every order and fill',
  {
    timeout: 120_000 + ORDERS * 1000,
  },
  async () => {
    const fake = await startFake({ limit: 100_000, rate: 400 })
    const home = newHome()
    const feed = new PushedFeed()
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      feed,
      strategies: [moduleOf(BUSY)],
      venue: {
        module: MODULE,
        options: { exchange: 'okx', endpoint: fake.endpoint, package: CCXT, symbols: ['BTC/USDT'], pollMs: 500 },
      },
      requestExpiryMs: 5000,
    })
    onTestFinished(async () => {
      await gateway.stop()
    })
    feed.push(quote('BTC/USDT', 60_100, 60_100.1))
    await until(
      () => fake.world.exchange.orders.length > 0 || (feed.push(trade('BTC/USDT', 60_100, 1)), false),
      'an order',
    )
    fake.faults = { loseAnswer: 0.1, doubleAnswer: 0.3, delayMs: 30, fillDuringCancel: 0.5, unavailable: 0.1 }
    for (let i = 0; i < ORDERS; i++) {
      feed.push(trade('BTC/USDT', 60_100, 2 + i))
      await new Promise(resolve => setTimeout(resolve, 100))
      if (i === ORDERS >> 1) fake.dropSockets()
    }
    await settled(gateway)
    fake.faults = {}
    fake.dropSockets()
    const isOpen = (): boolean =>
      [...lastStates(home).values()].some(({ state }) =>
        ['submitted', 'accepted', 'partially-filled', 'unknown'].includes(state),
      )
    const end = Date.now() + 60_000 + ORDERS * 500
    for (let cancels = 0; isOpen() && Date.now() < end; cancels++) {
      if (cancels % 10 === 0) feed.push(trade('BTC/USDT', 60_100, 1_000_000 + cancels))
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)
    expectAgreement(home, fake.world.exchange, { symbolOf: symbol => symbol.replace('-', '/') })
    const states = [...lastStates(home).values()].map(({ state }) => state)
    expect(states.length).toBeGreaterThan(ORDERS / 2)
    expect(states.filter(state => state === 'filled').length).toBeGreaterThan(0)
    const replayed = await replayGateway({ home })
    expect(replayed.difference).toBeUndefined()
    expect(replayed.outcomes).toBeGreaterThan(states.length)
  },
)

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')
const TRADER = `export default defineStrategy({ id: 'a', symbols: ['BTC/USDT'],
  onBook({ symbol, bid }, context) { if (context.openOrders().length === 0) context.order({ symbol, side: 'buy', quantity: 0.01, price: bid + 10 }) },
  onStop(context) { context.cancelAll() } })`

test.skipIf(NO_CCXT)(
  'a desk.json with ccxt trades on its live quotes, replays, and keeps its credentials to itself',
  {
    timeout: 240_000,
  },
  async () => {
    const fake = await startFake({ rate: 400 })
    const folder = makeFolder()
    const place = { exchange: 'okx', endpoint: fake.endpoint, package: CCXT }
    const desk = join(folder, 'desk.json')
    writeFileSync(
      desk,
      JSON.stringify({
        strategies: [moduleOf(TRADER)],
        venues: [{ ccxt: { ...place, symbols: ['BTC/USDT'] } }],
        feed: { ccxt: { ...place } },
        speed: 'max',
        requestExpiryMs: 5000,
      }),
    )
    const home = join(folder, 'home')
    const ticktape = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(process.execPath, [MAIN, ...args])
    const running = spawn(process.execPath, [MAIN, 'run', '--config', desk, '--home', home], {
      // The variables of another account: against a fake they are not used.
      env: { ...process.env, CCXT_OKX_APIKEY: 'hushkey-4f7a', CCXT_OKX_SECRET: 'hushsecret-91c2' },
    })
    let output = ''
    running.stdout.on('data', text => (output += String(text)))
    running.stderr.on('data', text => (output += String(text)))
    await expect.poll(() => fake.world.exchange.fills.length, { timeout: 90_000 }).toBeGreaterThan(0)
    const orders = async (): Promise<string> => (await ticktape('orders', home, '--all', '--json')).stdout
    await expect.poll(orders, { timeout: 60_000, interval: 500 }).toContain('filled')
    running.kill('SIGINT')
    await once(running, 'exit')
    expect(output).toContain('all stopped in order')
    expect(output).not.toMatch(/hush/)
    const replayed = await ticktape('replay', home)
    expect(replayed.stdout).toContain('gateway: the same')
    for (const entry of readdirSync(home, { recursive: true, withFileTypes: true }).filter(one => one.isFile()))
      expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toMatch(/hush|fake-secret|fake-passphrase/)
  },
)

test('without the package the venue says what to install, and the commands which venues there are', {
  timeout: 120_000,
}, async () => {
  const strategy = moduleOf(TRADER)
  const ticktape = (...args: string[]): Promise<unknown> => promisify(execFile)(process.execPath, [MAIN, ...args])
  const missing = /^ERR_(VENUE|PACKAGE_MISSING): .*npm install --ignore-scripts ccxt/m
  await expect(ticktape('run', strategy, '--venue', 'ccxt:kraken')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(missing),
  })
  const journal = ['--journal', join(makeFolder(), 'quotes'), '--duration', '5s']
  await expect(ticktape('record', '--venue', 'ccxt:kraken', ...journal)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(missing),
  })
  await expect(ticktape('record', '--venue', 'ccxt:kraken', '--to', makeFolder())).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--journal'),
  })
})
