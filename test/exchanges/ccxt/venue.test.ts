// The general adapter with the real package ccxt, at a fake OKX: neither knows of the other.

import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type VenueCheck, venueChecks } from 'ticktape/testing'
import { describe, expect, test } from 'vitest'
import ccxt from '../../../dist/exchanges/ccxt/ccxt-module.js'
import { loadCcxt } from '../../../dist/exchanges/ccxt/ccxt-package.js'
import { ccxtVenueName } from '../../../dist/exchanges/ccxt/options.js'
import { FakeOkx } from '../../../dist/exchanges/okx/fake/fake-okx.js'
import { FOK, GTD, IOC, MARKET, STOP } from '../../../dist/trading/messages/order-terms.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import { CCXT, NO_CCXT, startByCcxt, startFake } from '../../support/ccxt.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { connected, eventOf } from '../../support/started-venue.ts'

const LOW_PRICE = 100_000
const LOTS = 100_000_000

/** What no request by ccxt can prove. */
const NOT_PROVEN = 'an order that is asked about is open, or not found at a time of the venue'

function checks(): VenueCheck[] {
  let fake: FakeOkx
  return venueChecks({
    open: async () => {
      fake = await FakeOkx.start()
      const venue = await ccxt({ exchange: 'okx', endpoint: fake.endpoint, package: CCXT, symbols: ['BTC/USDT'] })
      const { close } = venue
      venue.close = async () => {
        await close.call(venue)
        await fake.stop()
      }
      return venue
    },
    instrument: 'BTC/USDT',
    restingPrice: 10_000,
    quantity: 0.01,
    disconnect: () => fake.dropSockets(),
  })
}

describe.skipIf(NO_CCXT)('the adapter ccxt:okx keeps the rules', { concurrent: true }, () => {
  test.each(checks().map(({ name }) => name))('%s', { timeout: 180_000 }, async name => {
    const running = checks()
      .find(one => one.name === name)
      ?.run()
    if (name !== NOT_PROVEN) return await expect(running).resolves.toBeUndefined()
    // The rest of this rule is kept.
    await expect(running).rejects.toThrow("'not-found' has the venue's time: only then it proves")
  })
})

test.skipIf(NO_CCXT)('each exchange has a name that no other one has', async () => {
  const { exchanges } = await loadCcxt(CCXT)
  const names = exchanges.map(ccxtVenueName)
  expect(exchanges.length).toBeGreaterThan(90)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^ccxt-[a-z0-9]{1,11}$/)
})

test.skipIf(NO_CCXT)(
  'orders have exact terms and our client id, without a broker in it; fills have their fees',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const started = await connected(await startByCcxt(fake))
    const { venue, order, messages } = started
    const send = (low: number, terms: object): void =>
      venue.submit(order(low, 'BTC/USDT', { steps: LOTS / 1000, ...terms }))
    send(1, { ticks: LOW_PRICE, steps: 123_457 })
    send(2, { type: MARKET })
    send(3, { ticks: LOW_PRICE, timeInForce: IOC })
    send(4, { ticks: LOW_PRICE, timeInForce: FOK })
    send(5, { ticks: 2_000_000, postOnly: true })
    send(6, { ticks: LOW_PRICE, steps: 1 })
    expect(await eventOf(started, 1, 'accepted')).toMatchObject({ ticks: LOW_PRICE, steps: 123_457, filledSteps: 0 })
    expect(await eventOf(started, 2, 'filled')).toMatchObject({ filledSteps: LOTS / 1000 })
    const fill = await eventOf(started, 2, 'fill')
    const [theirs] = fake.world.exchange.fills
    expect([fill.ticks, fill.steps, fill.fee, fill.feeCurrency, fill.tradeId, fill.maker]).toEqual([
      theirs.ticks,
      theirs.steps,
      theirs.fee,
      'USDT',
      theirs.tradeId,
      false,
    ])
    for (const low of [3, 4, 5]) await eventOf(started, low, 'cancelled')
    // The exchange's own refusal.
    await eventOf(started, 6, 'rejected')
    const [first] = fake.world.exchange.orders
    expect(first.clientId).toMatch(/^[0-9a-z]{21}$/)
    // Each message of the account is recorded as it was received.
    expect(messages.some(text => JSON.parse(text).arg?.channel === 'orders')).toBe(true)
    expect(messages.some(text => text.includes('"sCode"'))).toBe(true)
  },
)

test.skipIf(NO_CCXT)(
  'what ccxt does not say that the exchange has is refused by name, and nothing is sent',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const started = await connected(await startByCcxt(fake))
    const { venue, order, instruments, now } = started
    const send = (low: number, terms: object): void =>
      venue.submit(order(low, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000, ...terms }))
    send(1, { type: STOP, stopTicks: 2_000_000 })
    send(2, { timeInForce: GTD, expireAt: now() + 5e9 })
    send(3, { reduceOnly: true })
    for (const low of [1, 2, 3]) expect(REASONS[(await eventOf(started, low, 'not-sent')).reason]).toBe('bad-terms')
    const number = instruments.get('BTC/USDT')?.number as number
    send(4, {})
    await eventOf(started, 4, 'accepted')
    venue.amend(1, 4, 1, LOW_PRICE + 1, LOTS / 1000, now(), 0, number)
    expect(await eventOf(started, 4, 'amend-rejected')).toMatchObject({ request: 1 })
    expect(fake.world.exchange.orders.length).toBe(1)
  },
)

test.skipIf(NO_CCXT)(
  'an order whose answer is lost is found by its client id; one that is lost stays unknown',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const started = await connected(await startByCcxt(fake))
    const { venue, order, kinds, instruments, now, events } = started
    const number = instruments.get('BTC/USDT')?.number as number
    const deadline = now() + 1e9
    fake.faults = { loseAnswer: 1 }
    venue.submit(order(1, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000, deadline }))
    await expect.poll(() => fake.world.exchange.orders.length).toBe(1)
    fake.faults = { loseRequest: 1 }
    venue.submit(order(2, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000, deadline }))
    await new Promise(resolve => setTimeout(resolve, 1500))
    fake.faults = {}
    expect([kinds(1), kinds(2)]).toEqual([[], []])
    venue.query(1, 1, 0, number)
    venue.query(1, 2, 0, number)
    expect(await eventOf(started, 1, 'open')).toMatchObject({ ticks: LOW_PRICE, steps: LOTS / 1000 })
    // It has no time of the venue: the runtime concludes nothing from it.
    expect(await eventOf(started, 2, 'not-found')).toMatchObject({ venueTime: 0 })
    expect(fake.world.exchange.orders.length).toBe(1)
    venue.cancel(1, 1, 1, now(), 0, number)
    expect(await eventOf(started, 1, 'cancelled')).toMatchObject({ filledSteps: 0 })
    expect(events.filter(({ kind }) => kind === 'rejected')).toEqual([])
  },
)

test.skipIf(NO_CCXT)(
  'an order that is late, or has no connection, is not sent; foreign orders are no orders of ours',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const first = await connected(await startByCcxt(fake, {}, 5n))
    first.venue.submit(first.order(1, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000 }))
    await eventOf(first, 1, 'accepted')
    const started = await startByCcxt(fake)
    started.venue.submit(started.order(1, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000 }))
    expect(REASONS[(await eventOf(started, 1, 'not-sent')).reason]).toBe('venue-disconnected')
    await expect.poll(() => started.events.at(-1)?.kind, { timeout: 5000 }).toBe('connected')
    started.venue.submit(
      started.order(2, 'BTC/USDT', { ticks: LOW_PRICE, steps: LOTS / 1000, deadline: started.now() - 1 }),
    )
    expect(REASONS[(await eventOf(started, 2, 'not-sent')).reason]).toBe('too-late')
    started.venue.reconcile()
    await expect.poll(() => started.events.at(-1)?.kind, { timeout: 5000 }).toBe('reconciled')
    const open = started.events.filter(({ kind }) => kind === 'open')
    expect(open.map(({ idHigh, idLow }) => [idHigh, idLow])).toEqual([[0, 0]])
    expect(open[0].venueOrderId).toBe(fake.world.exchange.orders[0].orderId)
  },
)

test.skipIf(NO_CCXT)(
  'an adapter that starts again knows whose fills it reads, without a message about their order',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const before = await connected(await startByCcxt(fake))
    before.venue.submit(before.order(1, 'BTC/USDT', { type: MARKET, steps: LOTS / 1000 }))
    await eventOf(before, 1, 'filled')
    await before.venue.close()
    const after = await connected(await startByCcxt(fake))
    after.venue.reconcile()
    const fill = await eventOf(after, 1, 'fill')
    expect(fill).toMatchObject({ idHigh: 1, idLow: 1, steps: LOTS / 1000 })
  },
)

test.skipIf(NO_CCXT)(
  'what is wrong with a venue is said at its start, without a credential in it',
  {
    timeout: 180_000,
  },
  async () => {
    const fake = await startFake()
    const at = { endpoint: fake.endpoint, package: CCXT }
    const file = join(makeFolder(), 'okx.json')
    writeFileSync(
      file,
      JSON.stringify({ apiKey: 'hushkey-4f7a', secret: 'hushsecret-91c2', password: 'hushphrase-e03b' }),
    )
    chmodSync(file, 0o600)
    const failures = await Promise.all(
      [
        ccxt({ exchange: 'krakn', ...at }),
        ccxt({ exchange: 'okx', ...at, symbols: ['BTC-USDT'] }),
        ccxt({ exchange: 'okx', ...at, symbols: ['BTC/USDT:USDT'], credentials: file }),
        ccxt({ exchange: 'okx', package: CCXT }),
        ccxt({ exchange: 'coinspot', package: CCXT }),
        ccxt({ ...at }),
        ccxt({ exchange: 'okx', ...at, endpoint: 'wss://example.com' }),
      ].map(rejectionOf),
    )
    expect(failures.map(({ code }) => code)).toEqual([
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_VENUE_REQUEST',
      'ERR_CREDENTIALS',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
      'ERR_INVALID_OPTION',
    ])
    expect(failures[0].message).toContain('kraken')
    expect(failures[1].message).toContain('BTC/USDT')
    expect(failures[3].message).toContain('CCXT_OKX_APIKEY, CCXT_OKX_SECRET, CCXT_OKX_PASSWORD')
    for (const failure of failures) expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(/hush/)
  },
)
