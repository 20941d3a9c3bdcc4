import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CaptureFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { moduleOf } from '../../support/desks.ts'
import { startFakeBinance } from '../../support/fake-binance.ts'
import { makeFolder } from '../../support/folders.ts'

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')

function ticktape(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [MAIN, ...args])
}

test.each([
  ['binance', 'BTCUSDT', 0.01],
  ['binance-usd-m', 'BTCUSDT', 0.01],
  ['binance-coin-m', 'BTCUSD_PERP', 3],
])(
  'fake-venue, run --venue %s and replay on the command line, without credentials',
  {
    timeout: 120_000,
  },
  async (name, symbol, quantity) => {
    const venue = spawn(process.execPath, [MAIN, 'fake-venue', 'binance', '--rate', '400', '--json'])
    try {
      const [line] = await once(venue.stdout, 'data')
      const { endpoint } = JSON.parse(String(line))
      const strategy = moduleOf(`export default defineStrategy({ id: 'a', symbols: ['${symbol}'],
      onBook({ symbol, bid }, context) { if (context.openOrders().length === 0) context.order({ symbol, side: 'buy', quantity: ${quantity}, price: Math.round(bid) + 10 }) },
      onStop(context) { context.cancelAll() } })`)
      const home = join(makeFolder(), 'home')
      const live = ['--venue', name, '--endpoint', endpoint, '--home', home, '--duration', '5']
      const ran = await ticktape('run', strategy, ...live)
      expect(ran.stdout).toContain('all stopped in order')
      const orders = (await ticktape('orders', home, '--all', '--json')).stdout
      expect(orders).toContain('filled')
      const replayed = await ticktape('replay', home)
      expect(replayed.stdout).toContain('gateway: the same')
      expect(replayed.stdout).toContain('a: the same')
    } finally {
      venue.kill('SIGINT')
      expect((await once(venue, 'exit'))[0]).toBe(0)
    }
  },
)

test('record --venue binance writes captures that are understood, and that a desk can play', {
  timeout: 60_000,
}, async () => {
  const fake = await startFakeBinance({ rate: 400 })
  const to = join(makeFolder(), 'recording')
  const venue = ['--venue', 'binance', '--endpoint', fake.endpoint, '--symbols', 'BTCUSDT,ETHUSDT']
  const { stdout } = await ticktape('record', ...venue, '--to', to, '--duration', '3s', '--json')
  expect(JSON.parse(stdout).messages).toBeGreaterThan(100)
  const [file] = readdirSync(to).filter(name => name.endsWith('.gz'))
  const feed = new CaptureFeed(join(to, file))
  const kinds = new Set<string>()
  for await (const batch of feed.events(0)) for (const event of batch) kinds.add(`${event.symbol} ${event.kind}`)
  expect([...kinds].toSorted()).toEqual(['BTCUSDT quote', 'BTCUSDT trade', 'ETHUSDT quote', 'ETHUSDT trade'])
  expect(feed.badLines).toBe(0)
  expect([...feed.passedOver.keys()].toSorted()).toEqual(['answer to a request', 'depthUpdate'])
})
