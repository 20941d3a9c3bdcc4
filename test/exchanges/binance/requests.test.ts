import { expect, test } from 'vitest'
import { BinanceRest } from '../../../dist/exchanges/binance/binance-rest.js'
import { isUncertain, refusalReason } from '../../../dist/exchanges/binance/codes.js'
import { binanceEndpoint } from '../../../dist/exchanges/binance/endpoints.js'
import { FAKE_CREDENTIALS } from '../../../dist/exchanges/binance/signing.js'
import { windowUntil } from '../../../dist/exchanges/binance/time-window.js'
import { RequestWindow } from '../../../dist/exchanges/connection/request-window.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import { rejectionOf } from '../../support/failures.ts'
import { startBinance, startFakeBinance } from '../../support/fake-binance.ts'

test('a window ends with the deadline exactly, whatever the measured clock says', () => {
  for (const now of [1_000_000.4, 1_000_999, 1_002_345.9]) {
    const window = windowUntil(now, 1_005_000)
    expect((window?.timestamp ?? 0) + (window?.recvWindow ?? 0)).toBe(1_005_000)
    expect(window?.timestamp).toBeLessThanOrEqual(now)
  }
  expect(windowUntil(1_005_000, 1_005_000)).toBeUndefined()
  expect(windowUntil(1_006_000, 1_005_000)).toBeUndefined()
  // Binance takes no longer one: it ends earlier.
  expect(windowUntil(1_000_000, 9_000_000)).toEqual({ timestamp: 1_000_000, recvWindow: 60_000 })
  expect(windowUntil(1_000_000, 0)).toEqual({ timestamp: 1_000_000, recvWindow: 60_000 })
})

test.each([
  [-2010, 'Account has insufficient balance for requested action.', 'insufficient-balance'],
  [-2010, 'Order would immediately match and take.', 'post-only-would-trade'],
  [-1013, 'Filter failure: PERCENT_PRICE_BY_SIDE', 'price-band'],
  [-1013, 'Filter failure: NOTIONAL', 'notional-too-small'],
  [-2019, 'Margin is insufficient.', 'insufficient-margin'],
  [-1021, 'Timestamp for this request is outside of the recvWindow.', 'too-late'],
  [-1015, 'Too many new orders.', 'rate-limited-by-venue'],
  [-9999, 'Something new.', 'venue-rejected'],
])('%i "%s" is a refusal for the reason %s', (code, text, reason) => {
  expect(isUncertain(400, { code, text })).toBe(false)
  expect(REASONS[refusalReason({ code, text })]).toBe(reason)
})

test.each([
  [400, -1007, 'Timeout waiting for response from backend server.'],
  [400, -2010, 'Duplicate order sent.'],
  [400, -4116, 'ClientOrderId is duplicated.'],
  [503, -2010, 'Unknown error, please check your request or try again later.'],
  [400, 0, ''],
])('an answer with status %i and %i "%s" proves nothing', (status, code, text) => {
  expect(isUncertain(status, { code, text })).toBe(true)
})

test('requests count with their weights: no window of a minute has more than its limit', () => {
  let now = 0
  const window = new RequestWindow(100, 60_000, 0, () => now)
  const left: { readonly at: number; readonly weight: number }[] = []
  for (let i = 0; i < 200; i++) {
    const weight = [1, 20, 5, 80][i % 4]
    left.push({ at: now + window.take(weight), weight })
    now += 500
  }
  for (const { at } of left) {
    const inside = left.filter(other => other.at >= at && other.at < at + 60_000)
    expect(inside.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(100)
  }
  // More than there is at all waits for everything before it.
  expect(window.take(500)).toBeGreaterThan(0)
})

test('after "too many requests" nothing is asked until the time that Binance names is over', async () => {
  const fake = await startFakeBinance({ rate: 1 })
  const rest = new BinanceRest(binanceEndpoint(fake.endpoint), FAKE_CREDENTIALS)
  await rest.time()
  // Another client on the same machine.
  while (fake.parts.spot.allows(100));
  while (fake.parts.spot.allows(1));
  expect(await rejectionOf(rest.time())).toMatchObject({ code: 'ERR_VENUE_REQUEST', venueCode: '-1003' })
  const began = performance.now()
  expect(await rejectionOf(rest.time())).toMatchObject({ message: expect.stringContaining('no requests for another') })
  expect(performance.now() - began).toBeLessThan(500)
  rest.close()
})

test.each([
  ['spot', 'serverShutdown'],
  ['usd-m', 'listenKeyExpired'],
] as const)('%s: a connection that Binance says will end (%s) is replaced at once', async (market, e) => {
  const fake = await startFakeBinance({ rate: 1 })
  const { events } = await startBinance(fake, { market })
  fake.announce(market, { e, E: Date.now() })
  await expect
    .poll(() => events.map(({ kind }) => kind), { timeout: 8000 })
    .toEqual(['connected', 'disconnected', 'connected'])
})

test('endpoints: live and testnet by name, a fake by address, and nothing else', () => {
  expect(binanceEndpoint(undefined, 'usd-m')).toMatchObject({ name: 'live', isFake: false })
  expect(binanceEndpoint('testnet').rest).toBe('https://testnet.binance.vision')
  expect(binanceEndpoint('ws://127.0.0.1:8080')).toMatchObject({ rest: 'http://127.0.0.1:8080', isFake: true })
  expect(() => binanceEndpoint('tesnet')).toThrow(/'live' or 'testnet'/)
  expect(() => binanceEndpoint('ws://example.org')).toThrow(/not encrypted/)
})
