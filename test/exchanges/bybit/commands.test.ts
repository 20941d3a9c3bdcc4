import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Reader } from 'ticktape'
import { CaptureFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { moduleOf } from '../../support/desks.ts'
import { startFakeBybit } from '../../support/fake-bybit.ts'
import { makeFolder } from '../../support/folders.ts'

test('fake-venue, run and replay on the command line, without credentials', { timeout: 120_000 }, async () => {
  const main = join(import.meta.dirname, '../../../dist/cli/main.js')
  const ticktape = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [main, ...args])
  const venue = spawn(process.execPath, [main, 'fake-venue', 'bybit', '--rate', '400', '--json'])
  try {
    const [line] = await once(venue.stdout, 'data')
    const { endpoint } = JSON.parse(String(line))
    const strategy = moduleOf(`export default defineStrategy({ id: 'a', symbols: ['BTCUSDT'],
      onBook({ symbol, bid }, context) { if (context.openOrders().length === 0) context.order({ symbol, side: 'buy', quantity: 0.01, price: bid + 10 }) },
      onStop(context) { context.cancelAll() } })`)
    const home = join(makeFolder(), 'home')
    const ran = await ticktape(
      'run',
      strategy,
      '--venue',
      'bybit',
      '--endpoint',
      endpoint,
      '--home',
      home,
      '--duration',
      '6',
    )
    expect(ran.stdout).toContain('all stopped in order')
    const orders = JSON.parse((await ticktape('orders', home, '--all', '--json')).stdout.split('\n')[0])
    expect(JSON.stringify(orders)).toContain('filled')
    const replayed = await ticktape('replay', home)
    expect(replayed.stdout).toContain('gateway: the same')
    expect(replayed.stdout).toContain('a: the same')
    const wrong = ticktape('run', strategy, '--endpoint', endpoint)
    await expect(wrong).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bybit, bybit-spot'),
    })
    const away = ticktape('run', strategy, '--venue', 'bybit', '--endpoint', 'ws://127.0.0.1:9999')
    await expect(away).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^ERR_VENUE: GET .* was not answered: .*ECONNREFUSED/),
    })
  } finally {
    venue.kill('SIGINT')
    expect((await once(venue, 'exit'))[0]).toBe(0)
  }
})

test('record --venue bybit-spot writes captures that are understood, and that a desk can play', {
  timeout: 60_000,
}, async () => {
  const fake = await startFakeBybit({ rate: 400 })
  const main = join(import.meta.dirname, '../../../dist/cli/main.js')
  const ticktape = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [main, ...args])
  const folder = makeFolder()
  const [to, journal] = [join(folder, 'recording'), join(folder, 'quotes')]
  const options = ['--venue', 'bybit-spot', '--endpoint', fake.endpoint, '--symbols', 'BTCUSDT,ETHUSDT']
  const { stdout } = await ticktape(
    'record',
    ...options,
    '--to',
    to,
    '--journal',
    journal,
    '--duration',
    '4s',
    '--json',
  )
  const recorded = JSON.parse(stdout)
  expect(recorded.messages).toBeGreaterThan(100)
  expect(recorded.events).toBeGreaterThan(50)
  using reader = Reader.open(journal)
  expect(reader.instruments().map(({ symbol, venue, quantityStep }) => [symbol, venue, quantityStep])).toEqual([
    ['BTCUSDT', 'bybit-spot', '0.00000001'],
    ['ETHUSDT', 'bybit-spot', '0.000001'],
  ])
  const [file] = readdirSync(to).filter(name => name.endsWith('.gz'))
  const feed = new CaptureFeed(join(to, file))
  const kinds = new Set<string>()
  for await (const batch of feed.events(0)) for (const event of batch) kinds.add(`${event.symbol} ${event.kind}`)
  expect([...kinds].toSorted()).toEqual(['BTCUSDT quote', 'BTCUSDT trade', 'ETHUSDT quote', 'ETHUSDT trade'])
  expect(feed.badLines).toBe(0)
  expect([...feed.passedOver.keys()].toSorted()).toEqual(['answer to a request', 'orderbook of another depth'])
})
