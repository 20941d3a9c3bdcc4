import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import bybit from '../../../dist/exchanges/bybit/bybit-module.js'
import { authMessage, FAKE_CREDENTIALS, signature, signedHeaders } from '../../../dist/exchanges/bybit/signing.js'
import { Secret } from '../../../dist/exchanges/connection/credentials.js'
import { VenueMessage } from '../../../dist/trading/sequence/frames.js'
import { VenueMessages } from '../../../dist/trading/sequence/venue-messages.js'
import { framesOf, moduleOf } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeBybit } from '../../support/fake-bybit.ts'
import { makeFolder } from '../../support/folders.ts'

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')
/** Texts that are nowhere else. */
const SECRETS = { key: 'hushkey-4f7a', secret: 'hushsecret-91c2' }
const HUSH = /hush(key|secret)-/

function keysIn(folder: string, keys: object = SECRETS): string {
  const file = join(folder, 'bybit.json')
  writeFileSync(file, JSON.stringify(keys))
  chmodSync(file, 0o600)
  return file
}

/** Everything in a folder, as bytes. */
function contentsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return new Map(files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')]))
}

const TRADER = `export default defineStrategy({ id: 'a', symbols: ['BTCUSDT'],
  onBook({ symbol, bid }, context) { if (context.openOrders(symbol).length < 2) context.order({ symbol, side: 'buy', quantity: 0.01, price: bid }) } })`

test('a run with credentials leaves them in no journal, no state, no output, no environment of a strategy and no command line', {
  timeout: 120_000,
}, async () => {
  const credentials = Object.fromEntries(Object.entries(SECRETS).map(([name, text]) => [name, new Secret(text)]))
  const fake = await startFakeBybit({ credentials: credentials as typeof FAKE_CREDENTIALS })
  const folder = makeFolder()
  const home = join(folder, 'home')
  const args = [
    'run',
    moduleOf(TRADER),
    '--venue',
    'bybit',
    '--endpoint',
    fake.endpoint,
    '--credentials',
    keysIn(folder),
  ]
  const child = spawn(process.execPath, [MAIN, ...args, '--home', home, '--json'], {
    // The variables of another account: they must not reach a strategy.
    env: { ...process.env, BYBIT_KEY: SECRETS.key, BYBIT_SECRET: SECRETS.secret },
  })
  let output = ''
  child.stdout.on('data', text => (output += String(text)))
  child.stderr.on('data', text => (output += String(text)))
  await expect.poll(() => fake.world.orders.linear.exchange.orders.length, { timeout: 60_000 }).toBeGreaterThan(0)
  // Faults, so that there are messages about what went wrong.
  fake.faults = { unavailable: 0.5, loseAnswer: 0.2 }
  fake.dropSockets()
  await pause(2500)
  const pids = [...output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => pid)
  expect(new Set(pids).size).toBeGreaterThanOrEqual(2)
  for (const pid of new Set(pids)) expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toMatch(HUSH)
  const strategy = /"strategy":"a","event":"started","pid":(\d+)/.exec(output)?.[1]
  expect(readFileSync(`/proc/${strategy}/environ`, 'latin1')).not.toMatch(HUSH)
  child.kill('SIGINT')
  await once(child, 'exit')

  expect(output).not.toMatch(HUSH)
  const contents = contentsOf(home)
  expect(contents.size).toBeGreaterThan(5)
  for (const [name, text] of contents) expect([name, HUSH.test(text)]).toEqual([name, false])
  // The messages of the account are there, as they were received.
  const messages = new VenueMessages()
  const recorded = framesOf<Parameters<VenueMessages['add']>[0]>(join(home, 'venues', 'bybit'), VenueMessage).flatMap(
    part => messages.add(part) ?? [],
  )
  expect(recorded.some(text => JSON.parse(text).topic === 'order')).toBe(true)
})

test('credentials that Bybit refuses, a file that others may read, and none at all are errors without them', async () => {
  const fake = await startFakeBybit()
  const folder = makeFolder()
  const file = keysIn(folder)
  const refused = await rejectionOf(bybit({ endpoint: fake.endpoint, credentials: file }))
  expect(refused).toMatchObject({ code: 'ERR_VENUE_REQUEST', message: expect.stringContaining('10003') })
  const wrong = await rejectionOf(
    bybit({
      endpoint: fake.endpoint,
      credentials: keysIn(makeFolder(), { ...SECRETS, key: 'fake-key' }),
    }),
  )
  expect(wrong).toMatchObject({ venueCode: '10004' })
  chmodSync(file, 0o644)
  const open = await rejectionOf(bybit({ endpoint: fake.endpoint, credentials: file }))
  expect(open).toMatchObject({ code: 'ERR_CREDENTIALS' })
  const before = { ...process.env }
  for (const name of ['BYBIT_KEY', 'BYBIT_SECRET']) delete process.env[name]
  const none = await rejectionOf(bybit({ endpoint: 'testnet' }))
  Object.assign(process.env, before)
  expect(none).toMatchObject({ code: 'ERR_CREDENTIALS', message: expect.stringContaining('BYBIT_SECRET') })
  for (const failure of [refused, wrong, open, none])
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(HUSH)
})

test('real credentials of the environment are not sent to a fake venue', async () => {
  const fake = await startFakeBybit()
  const before = { ...process.env }
  Object.assign(process.env, { BYBIT_KEY: SECRETS.key, BYBIT_SECRET: SECRETS.secret })
  try {
    // It takes only those that everybody knows.
    await (await bybit({ endpoint: fake.endpoint })).close()
  } finally {
    for (const name of ['BYBIT_KEY', 'BYBIT_SECRET']) delete process.env[name]
    Object.assign(process.env, before)
  }
})

test('signatures are those of another implementation of HMAC', async () => {
  const key = await crypto.subtle.importKey(
    'raw',
    Buffer.from('hushsecret-91c2'),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const sign = async (text: string): Promise<string> =>
    Buffer.from(await crypto.subtle.sign('HMAC', key, Buffer.from(text))).toString('hex')
  const credentials = { ...FAKE_CREDENTIALS, secret: new Secret('hushsecret-91c2') }
  const time = Date.UTC(2026, 5, 1, 12, 30, 15, 42)
  const headers = signedHeaders(credentials, { time, windowMs: 4000 }, 'category=linear&symbol=BTCUSDT')
  expect(headers).toEqual({
    'x-bapi-api-key': 'fake-key',
    'x-bapi-timestamp': '1780317015042',
    'x-bapi-recv-window': '4000',
    'x-bapi-sign': await sign('1780317015042fake-key4000category=linear&symbol=BTCUSDT'),
  })
  const { op, args } = JSON.parse(authMessage(credentials, time))
  expect([op, args]).toEqual(['auth', ['fake-key', time, await sign('GET/realtime1780317015042')]])
  expect(signature(credentials.secret, 'a')).toBe(await sign('a'))
})
