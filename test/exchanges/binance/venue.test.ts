import { expect, test } from 'vitest'
import type { BinanceVenue } from '../../../dist/exchanges/binance/binance-venue.js'
import type { TradedMarket } from '../../../dist/exchanges/binance/endpoints.js'
import type { FakeBinance } from '../../../dist/exchanges/binance/fake/fake-binance.js'
import { FOK, GTD, IOC, LIMIT, MARKET, SELL, STOP, STOP_LIMIT } from '../../../dist/trading/messages/order-terms.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import type { VenueEvent } from '../../../dist/trading/venues/venue-event.js'
import { startBinance, startFakeBinance } from '../../support/fake-binance.ts'
import { eventOf, type StartedVenue } from '../../support/started-venue.ts'

/** BTCUSDT, spot: ticks of 0.01, steps of 0.00001. USD-M: 0.1 and 0.001. */
const LOW = { spot: 5_000_000, 'usd-m': 500_000 }
const HIGH = { spot: 9_000_000, 'usd-m': 900_000 }
const STEPS = { spot: 10_000, 'usd-m': 100 }
const MARKETS = ['spot', 'usd-m'] as const

async function begin(
  market: TradedMarket,
  options: object = {},
): Promise<{ fake: FakeBinance; started: StartedVenue<BinanceVenue>; number: number }> {
  const fake = await startFakeBinance({ rate: 100, ...options })
  await expect.poll(() => fake.parts[market].prices.book('BTCUSDT')).toBeDefined()
  const started = await startBinance(fake, { market })
  return { fake, started, number: started.instruments.get('BTCUSDT')?.number as number }
}

function reasonOf({ reason }: VenueEvent): string {
  return REASONS[reason]
}

test.each(MARKETS)(
  '%s: orders of every type and time in force end as the venue says, with exact terms',
  {
    timeout: 20_000,
  },
  async market => {
    const { fake, started } = await begin(market)
    const { venue, order, events } = started
    const { exchange } = fake.parts[market]
    const steps = STEPS[market]
    const send = (low: number, terms: object): void => venue.submit(order(low, 'BTCUSDT', { steps, ...terms }))

    send(1, { ticks: LOW[market] })
    const accepted = await eventOf(started, 1, 'accepted')
    expect(accepted).toMatchObject({ reason: 0, venueOrderId: exchange.orders[0].orderId })
    send(2, { type: MARKET })
    expect(await eventOf(started, 2, 'filled')).toMatchObject({ filledSteps: steps, ticks: 0 })
    const fill = await eventOf(started, 2, 'fill')
    expect(fill).toMatchObject({ steps, maker: false, feeCurrency: 'USDT', account: 0, side: 0 })
    const recorded = exchange.fills[0]
    expect([fill.ticks, fill.fee, fill.tradeId]).toEqual([recorded.ticks, recorded.fee, recorded.tradeId])
    send(3, { ticks: LOW[market], timeInForce: IOC })
    expect(reasonOf(await eventOf(started, 3, 'cancelled'))).toBe('not-marketable')
    send(4, { ticks: LOW[market], timeInForce: FOK })
    expect(reasonOf(await eventOf(started, 4, 'cancelled'))).toBe('not-marketable')
    send(5, { ticks: HIGH[market], postOnly: true })
    expect(reasonOf(await eventOf(started, 5, market === 'spot' ? 'rejected' : 'cancelled'))).toBe(
      'post-only-would-trade',
    )
    send(6, { ticks: LOW[market], postOnly: true })
    await eventOf(started, 6, 'accepted')
    send(7, { ticks: LOW[market], timeInForce: GTD, expireAt: 5e9 })
    expect(reasonOf(await eventOf(started, 7, 'not-sent'))).toBe('bad-terms')
    send(8, { ticks: LOW[market], steps: 9_000_000_000 })
    expect((await eventOf(started, 8, 'rejected')).reason).toBeGreaterThan(0)
    // The window of a request is over before it leaves.
    send(9, { ticks: LOW[market], deadline: started.now() - 1e9 })
    expect(reasonOf(await eventOf(started, 9, 'not-sent'))).toBe('too-late')
    send(10, { type: MARKET, side: SELL })
    await eventOf(started, 10, 'filled')
    expect(exchange.duplicates).toBe(0)
    expect(events.filter(({ kind }) => kind === 'disconnected')).toEqual([])
  },
)

test('spot: a stop waits at the venue, becomes an order at its price, and can be cancelled', async () => {
  const { started, number } = await begin('spot')
  const { venue, order } = started
  const steps = STEPS.spot
  venue.submit(order(1, 'BTCUSDT', { type: STOP, stopTicks: HIGH.spot, steps }))
  await eventOf(started, 1, 'accepted')
  // Above the market already: it becomes a limit order that trades.
  venue.submit(order(2, 'BTCUSDT', { type: STOP_LIMIT, stopTicks: 100, ticks: HIGH.spot, steps }))
  expect(await eventOf(started, 2, 'filled')).toMatchObject({ filledSteps: steps })
  venue.cancel(1, 1, 1, started.now(), 0, number)
  expect(reasonOf(await eventOf(started, 1, 'cancelled'))).toBe('requested')
})

test('usd-m: stops are refused by name, and an order that only reduces opens nothing', async () => {
  const { started } = await begin('usd-m')
  const { venue, order } = started
  venue.submit(order(1, 'BTCUSDT', { type: STOP, stopTicks: HIGH['usd-m'], steps: 10 }))
  expect(reasonOf(await eventOf(started, 1, 'not-sent'))).toBe('bad-terms')
  venue.submit(order(2, 'BTCUSDT', { type: MARKET, steps: 10, side: SELL, reduceOnly: true }))
  expect(reasonOf(await eventOf(started, 2, 'rejected'))).toBe('reduce-only')
})

test('usd-m: an amend is answered by its own number, and a cancel by what becomes of the order', async () => {
  const { started, number } = await begin('usd-m')
  const { venue, order, now, events } = started
  const low = LOW['usd-m']
  venue.submit(order(1, 'BTCUSDT', { steps: 100, ticks: low, type: LIMIT }))
  await eventOf(started, 1, 'accepted')
  venue.amend(1, 1, 1, low + 5, 200, now(), 0, number, now() + 5e9)
  await expect.poll(() => events.some(({ kind, request }) => kind === 'amended' && request === 1)).toBe(true)
  expect(events.find(({ kind, request }) => kind === 'amended' && request === 1)).toMatchObject({
    ticks: low + 5,
    steps: 200,
  })
  venue.amend(1, 1, 2, low, 9_000_000_000, now(), 0, number, now() + 5e9)
  expect(await eventOf(started, 1, 'amend-rejected')).toMatchObject({ request: 2 })
  venue.cancel(1, 1, 3, now(), 0, number)
  expect(await eventOf(started, 1, 'cancelled')).toMatchObject({ filledSteps: 0, reason: REASONS.indexOf('requested') })
  venue.cancel(1, 1, 4, now(), 0, number)
  expect(await eventOf(started, 1, 'cancel-rejected')).toMatchObject({ request: 4 })
})

test('spot has no amend: it is refused by name, and the order is as it was', async () => {
  const { fake, started, number } = await begin('spot')
  const { venue, order, now } = started
  expect(venue.canAmend).toBe(false)
  venue.submit(order(1, 'BTCUSDT', { steps: STEPS.spot, ticks: LOW.spot }))
  await eventOf(started, 1, 'accepted')
  venue.amend(1, 1, 1, LOW.spot + 5, STEPS.spot, now(), 0, number, 0)
  expect(reasonOf(await eventOf(started, 1, 'amend-rejected'))).toBe('amend-not-supported')
  expect(fake.parts.spot.exchange.orders[0]).toMatchObject({ ticks: LOW.spot, state: 'open' })
})

test.each(MARKETS)(
  '%s: after a lost connection all that happened meanwhile is asked for, and an order that never arrived is proven so',
  {
    timeout: 30_000,
  },
  async market => {
    const { fake, started, number } = await begin(market)
    const { venue, order, events, now } = started
    const { exchange } = fake.parts[market]
    const [low, steps] = [LOW[market], STEPS[market]]
    for (let i = 1; i <= 14; i++) venue.submit(order(i, 'BTCUSDT', { steps, ticks: low + i }))
    for (let i = 1; i <= 14; i++) await eventOf(started, i, 'accepted')
    // Its answer and all that is said of it are lost with the connection.
    fake.faults = { loseAnswer: 1 }
    exchange.fillPart(exchange.orders[13])
    exchange.cancel(exchange.orders[5])
    fake.faults = { loseRequest: 1 }
    const deadline = now() + 300e6
    venue.submit(order(20, 'BTCUSDT', { steps, ticks: low, deadline }))
    await new Promise(resolve => setTimeout(resolve, 50))
    fake.faults = {}
    const before = events.length
    fake.dropSockets()
    await expect.poll(() => events.slice(before).map(({ kind }) => kind), { timeout: 8000 }).toContain('connected')
    venue.reconcile()
    await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('reconciled')
    const said = events.slice(before)
    const open = said.filter(({ kind }) => kind === 'open')
    expect(open.map(({ idLow }) => idLow).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14,
    ])
    expect(said.filter(({ kind, idLow }) => kind === 'fill' && idLow === 14)).toHaveLength(1)
    expect(open.find(({ idLow }) => idLow === 14)?.filledSteps).toBe(said.find(({ kind }) => kind === 'fill')?.steps)
    expect(said.filter(({ kind }) => kind === 'balance').map(({ feeCurrency }) => feeCurrency)).toContain('USDT')
    if (market === 'usd-m')
      expect(said.find(({ kind, instrument }) => kind === 'position' && instrument === number)?.steps).toBe(
        said.find(({ kind }) => kind === 'fill')?.steps,
      )

    venue.query(1, 6, 0, number)
    expect(await eventOf(started, 6, 'cancelled')).toMatchObject({ filledSteps: 0 })
    venue.query(1, 14, 0, number)
    await expect
      .poll(() => said.length < events.slice(before).filter(({ idLow }) => idLow === 14).length + said.length)
      .toBe(true)
    const notFound = async (): Promise<number> => {
      const asked = events.length
      venue.query(1, 20, 0, number)
      const found = () => events.slice(asked).find(({ kind, idLow }) => kind === 'not-found' && idLow === 20)
      await expect.poll(found, { timeout: 8000 }).toBeDefined()
      return found()?.venueTime ?? Number.NaN
    }
    await expect.poll(() => now() > deadline).toBe(true)
    // The answer names a time of the venue that was asked for up to FRESH_MS before: a desk asks again until it is late enough.
    if (market === 'spot') await expect.poll(notFound, { timeout: 15_000 }).toBeGreaterThan(deadline)
    // USD-M may act on a request for a time after its window: only then it counts.
    else expect(await notFound()).toBeLessThan(deadline)
    expect(exchange.duplicates).toBe(0)
  },
)

test('an adapter that knows nothing of earlier orders finds the fills of one that is asked about', async () => {
  const { fake, started } = await begin('spot')
  started.venue.submit(started.order(1, 'BTCUSDT', { steps: STEPS.spot, type: MARKET }))
  await eventOf(started, 1, 'filled')
  await started.venue.close()
  const later = await startBinance(fake)
  later.venue.reconcile()
  await expect.poll(() => later.events.at(-1)?.kind, { timeout: 8000 }).toBe('reconciled')
  later.venue.query(1, 1, 0, later.instruments.get('BTCUSDT')?.number as number)
  expect(await eventOf(later, 1, 'filled')).toMatchObject({ filledSteps: STEPS.spot })
  expect((await eventOf(later, 1, 'fill')).steps).toBe(STEPS.spot)
})

test('a fill during a cancel is told before the cancel, with what it filled', async () => {
  const { started, number } = await begin('spot', { faults: { fillDuringCancel: 1 } })
  const { venue, order, now } = started
  venue.submit(order(1, 'BTCUSDT', { steps: STEPS.spot, ticks: LOW.spot }))
  await eventOf(started, 1, 'accepted')
  venue.cancel(1, 1, 1, now(), 0, number)
  const cancelled = await eventOf(started, 1, 'cancelled')
  const fill = await eventOf(started, 1, 'fill')
  expect(fill.steps).toBeGreaterThan(0)
  expect(cancelled.filledSteps).toBe(fill.steps)
})

test('what is sent while there is no connection has not left, and says so; orders above the limit are refused', async () => {
  const { fake, started, number } = await begin('spot', { limit: 3 })
  const { venue, order, events, now } = started
  fake.dropSockets()
  await expect.poll(() => events.at(-1)?.kind).toBe('disconnected')
  venue.submit(order(1, 'BTCUSDT', { steps: STEPS.spot, ticks: LOW.spot }))
  venue.cancel(1, 2, 3, now(), 0, number)
  expect(reasonOf(await eventOf(started, 1, 'not-sent'))).toBe('venue-disconnected')
  expect(await eventOf(started, 2, 'not-sent')).toMatchObject({ request: 3 })
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('connected')
  expect(fake.parts.spot.exchange.orders).toEqual([])
  for (let low = 11; low <= 14; low++) venue.submit(order(low, 'BTCUSDT', { steps: STEPS.spot, ticks: LOW.spot }))
  expect(reasonOf(await eventOf(started, 14, 'rejected'))).toBe('rate-limited-by-venue')
})

test('usd-m cancels all orders when nothing is heard of the adapter, and an orderly end leaves them', {
  timeout: 30_000,
}, async () => {
  const { fake, started } = await begin('usd-m')
  const { exchange } = fake.parts['usd-m']
  started.venue.submit(started.order(1, 'BTCUSDT', { steps: 100, ticks: LOW['usd-m'] }))
  await eventOf(started, 1, 'accepted')
  await started.venue.close()
  fake.parts['usd-m'].countDown('BTCUSDT', 50)
  await expect.poll(() => exchange.orders[0].state).toBe('cancelled')
  expect(exchange.orders[0].reason).toBe('dead-man-switch')
})
