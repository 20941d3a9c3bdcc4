import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import binance from '../../../dist/exchanges/binance/binance-module.js'
import { FAKE_CREDENTIALS, signature, signedParameters, signedQuery } from '../../../dist/exchanges/binance/signing.js'
import { Secret } from '../../../dist/exchanges/connection/credentials.js'
import { VenueMessage } from '../../../dist/trading/sequence/frames.js'
import { VenueMessages } from '../../../dist/trading/sequence/venue-messages.js'
import { framesOf, moduleOf } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeBinance } from '../../support/fake-binance.ts'
import { makeFolder } from '../../support/folders.ts'

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js')
/** Texts that are nowhere else. */
const SECRETS = { key: 'hushkey-4f7a', secret: 'hushsecret-91c2' }
const HUSH = /hush(key|secret)-/

function keysIn(folder: string, keys: object = SECRETS): string {
  const file = join(folder, 'binance.json')
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
  const fake = await startFakeBinance({ credentials: credentials as typeof FAKE_CREDENTIALS })
  const folder = makeFolder()
  const home = join(folder, 'home')
  const args = [
    'run',
    moduleOf(TRADER),
    '--venue',
    'binance',
    '--endpoint',
    fake.endpoint,
    '--credentials',
    keysIn(folder),
  ]
  const child = spawn(process.execPath, [MAIN, ...args, '--home', home, '--json'], {
    // The variables of another account: they must not reach a strategy.
    env: { ...process.env, BINANCE_KEY: SECRETS.key, BINANCE_SECRET: SECRETS.secret },
  })
  let output = ''
  child.stdout.on('data', text => (output += String(text)))
  child.stderr.on('data', text => (output += String(text)))
  await expect.poll(() => fake.parts.spot.exchange.orders.length, { timeout: 60_000 }).toBeGreaterThan(0)
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
  const recorded = framesOf<Parameters<VenueMessages['add']>[0]>(join(home, 'venues', 'binance'), VenueMessage).flatMap(
    part => messages.add(part) ?? [],
  )
  expect(recorded.some(text => JSON.parse(text).event?.e === 'executionReport')).toBe(true)
})

test('credentials that Binance refuses, a file that others may read, and none at all are errors without them', async () => {
  const fake = await startFakeBinance()
  const folder = makeFolder()
  const file = keysIn(folder)
  const refused = await rejectionOf(binance({ endpoint: fake.endpoint, credentials: file }))
  expect(refused).toMatchObject({ code: 'ERR_VENUE_REQUEST', message: expect.stringContaining('-2014') })
  const wrong = await rejectionOf(
    binance({
      endpoint: fake.endpoint,
      credentials: keysIn(makeFolder(), { ...SECRETS, key: 'fake-key' }),
    }),
  )
  expect(wrong).toMatchObject({ venueCode: '-1022' })
  chmodSync(file, 0o644)
  const open = await rejectionOf(binance({ endpoint: fake.endpoint, credentials: file }))
  expect(open).toMatchObject({ code: 'ERR_CREDENTIALS' })
  const before = { ...process.env }
  for (const name of ['BINANCE_KEY', 'BINANCE_SECRET']) delete process.env[name]
  const none = await rejectionOf(binance({ endpoint: 'testnet' }))
  Object.assign(process.env, before)
  expect(none).toMatchObject({ code: 'ERR_CREDENTIALS', message: expect.stringContaining('BINANCE_SECRET') })
  for (const failure of [refused, wrong, open, none])
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(HUSH)
})

test('real credentials of the environment are not sent to a fake venue', async () => {
  const fake = await startFakeBinance()
  const before = { ...process.env }
  Object.assign(process.env, { BINANCE_KEY: SECRETS.key, BINANCE_SECRET: SECRETS.secret })
  try {
    // It takes only those that everybody knows.
    await (await binance({ endpoint: fake.endpoint })).close()
  } finally {
    for (const name of ['BINANCE_KEY', 'BINANCE_SECRET']) delete process.env[name]
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
  const given = { symbol: 'BTCUSDT', side: 'SELL', timestamp: 1_645_423_376_532, recvWindow: 100 }
  // In the order of their names.
  const query = 'recvWindow=100&side=SELL&symbol=BTCUSDT&timestamp=1645423376532'
  expect(signedQuery(credentials, given)).toBe(`${query}&signature=${await sign(query)}`)
  expect(signedParameters(credentials, given)).toEqual({
    ...given,
    apiKey: 'fake-key',
    signature: await sign(`apiKey=fake-key&${query}`),
  })
  expect(signature(credentials.secret, 'a=1')).toBe(await sign('a=1'))
})
