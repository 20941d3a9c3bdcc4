import { expect, test } from 'vitest'
import { FOK, GTD, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../../dist/trading/messages/order-terms.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import type { VenueEvent } from '../../../dist/trading/venues/venue-event.js'
import { type StartedVenue, startFakeOkx, startVenue } from '../../support/fake-okx.ts'

const LOW_PRICE = 100_000
const LOTS = 100_000_000

async function ready(started: StartedVenue): Promise<StartedVenue> {
  await expect.poll(() => started.events.at(-1)?.kind, { timeout: 5000 }).toBe('connected')
  return started
}

/** Waits until an order has an event of a kind, and returns the first one. */
async function eventOf({ events }: StartedVenue, low: number, kind: string): Promise<VenueEvent> {
  const find = (): VenueEvent | undefined => events.find(event => event.idLow === low && event.kind === kind)
  await expect.poll(() => find()?.kind, { timeout: 5000 }).toBe(kind)
  return find() as VenueEvent
}

test('orders of every type and time in force end as the venue says, with exact terms', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeOkx()
  const started = await ready(await startVenue(fake))
  const { venue, order, events } = started
  const send = (low: number, terms: object): void =>
    venue.submit(order(low, 'BTC-USDT', { steps: LOTS / 1000, ...terms }))
  await expect.poll(() => fake.world.market().book('BTC-USDT')).toBeDefined()
  const HIGH_PRICE = 2_000_000

  send(1, { ticks: LOW_PRICE })
  expect(await eventOf(started, 1, 'accepted')).toMatchObject({ reason: 0 })
  send(2, { type: MARKET })
  expect(await eventOf(started, 2, 'filled')).toMatchObject({ filledSteps: LOTS / 1000, ticks: 0 })
  const fill = await eventOf(started, 2, 'fill')
  expect(fill).toMatchObject({ steps: LOTS / 1000, maker: false, feeCurrency: 'USDT', account: 0, side: 0 })
  const recorded = fake.world.exchange.fills[0]
  expect([fill.ticks, fill.fee, fill.tradeId]).toEqual([recorded.ticks, recorded.fee, recorded.tradeId])
  send(3, { ticks: LOW_PRICE, timeInForce: IOC })
  expect(REASONS[(await eventOf(started, 3, 'cancelled')).reason]).toBe('time-in-force')
  send(4, { ticks: LOW_PRICE, timeInForce: FOK })
  expect(REASONS[(await eventOf(started, 4, 'cancelled')).reason]).toBe('time-in-force')
  send(5, { ticks: HIGH_PRICE, postOnly: true })
  expect(REASONS[(await eventOf(started, 5, 'cancelled')).reason]).toBe('post-only-would-trade')
  send(6, { ticks: LOW_PRICE, postOnly: true, side: 0 })
  await eventOf(started, 6, 'accepted')
  send(7, { type: STOP, stopTicks: HIGH_PRICE })
  await eventOf(started, 7, 'accepted')
  send(8, { type: STOP_LIMIT, stopTicks: 100, ticks: HIGH_PRICE })
  // Above the market already: it becomes a limit order that trades.
  expect(await eventOf(started, 8, 'filled')).toMatchObject({ filledSteps: LOTS / 1000 })
  // One that waits on the book after it was triggered is cancelled as the order that it has sent.
  send(15, { type: STOP_LIMIT, stopTicks: 100, ticks: LOW_PRICE })
  await expect.poll(() => fake.world.triggers.all.at(-1)?.state).toBe('effective')
  await expect.poll(() => fake.world.exchange.orders.at(-1)?.state).toBe('open')
  await new Promise(resolve => setTimeout(resolve, 100))
  venue.cancel(1, 15, 1, started.now(), 0, started.instruments.get('BTC-USDT')?.number as number)
  expect(await eventOf(started, 15, 'cancelled')).toMatchObject({ filledSteps: 0, ticks: LOW_PRICE })
  venue.cancel(1, 7, 1, started.now(), 0, started.instruments.get('BTC-USDT')?.number as number)
  expect(REASONS[(await eventOf(started, 7, 'cancelled')).reason]).toBe('requested')
  send(9, { ticks: LOW_PRICE, timeInForce: GTD, expireAt: 5e9 })
  expect(REASONS[(await eventOf(started, 9, 'not-sent')).reason]).toBe('bad-terms')
  send(10, { ticks: LOW_PRICE, steps: 1 })
  expect(REASONS[(await eventOf(started, 10, 'rejected')).reason]).toBe('order-too-small')
  send(11, { ticks: LOW_PRICE, steps: LOTS * 1_000_000 })
  expect(REASONS[(await eventOf(started, 11, 'rejected')).reason]).toBe('order-too-large')

  venue.submit(order(12, 'BTC-USDT-SWAP', { type: MARKET, steps: 10 }))
  await eventOf(started, 12, 'filled')
  venue.submit(order(13, 'BTC-USDT-SWAP', { type: MARKET, steps: 10, side: 1, reduceOnly: true }))
  await eventOf(started, 13, 'filled')
  venue.submit(order(14, 'BTC-USDT-SWAP', { type: MARKET, steps: 10, side: 1, reduceOnly: true }))
  expect(REASONS[(await eventOf(started, 14, 'rejected')).reason]).toBe('reduce-only')
  expect(fake.world.exchange.duplicates).toBe(0)
  expect(events.filter(({ kind }) => kind === 'disconnected')).toEqual([])
})

test('an amend is answered by its own number, and a cancel by what becomes of the order', {
  timeout: 20_000,
}, async () => {
  const fake = await startFakeOkx()
  const started = await ready(await startVenue(fake))
  const { venue, order, instruments, now } = started
  const number = instruments.get('BTC-USDT')?.number as number
  venue.submit(order(1, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE, type: LIMIT }))
  await eventOf(started, 1, 'accepted')
  venue.amend(1, 1, 1, LOW_PRICE + 5, LOTS * 2, now(), 0, number, now() + 5e9)
  expect(await eventOf(started, 1, 'amended')).toMatchObject({ request: 1, ticks: LOW_PRICE + 5, steps: LOTS * 2 })
  venue.amend(1, 1, 2, LOW_PRICE, 1, now(), 0, number, now() + 5e9)
  expect(await eventOf(started, 1, 'amend-rejected')).toMatchObject({ request: 2 })
  // Its time is over before it arrives: the venue does not act on it.
  venue.amend(1, 1, 3, LOW_PRICE, LOTS, now(), 0, number, now() - 1e9)
  await expect
    .poll(() => started.events.filter(({ kind }) => kind === 'amend-rejected').map(({ reason }) => REASONS[reason]))
    .toEqual(['order-too-small', 'too-late'])
  venue.cancel(1, 1, 4, now(), 0, number)
  expect(await eventOf(started, 1, 'cancelled')).toMatchObject({ filledSteps: 0, reason: REASONS.indexOf('requested') })
  venue.cancel(1, 1, 5, now(), 0, number)
  expect(await eventOf(started, 1, 'cancel-rejected')).toMatchObject({ request: 5 })
  venue.cancel(1, 99, 1, now(), 0, number)
  expect(REASONS[(await eventOf(started, 99, 'cancel-rejected')).reason]).toBe('unknown-order')
})

test('several orders leave in one message, each is answered by itself, and messages are recorded as they came', async () => {
  const fake = await startFakeOkx()
  const started = await ready(await startVenue(fake))
  const { venue, order, messages } = started
  venue.submitBatch([
    order(1, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE }),
    order(2, 'BTC-USDT', { steps: 1, ticks: LOW_PRICE }),
    order(3, 'ETH-USDT', { steps: 1_000_000, ticks: 100 }),
  ])
  await eventOf(started, 1, 'accepted')
  await eventOf(started, 2, 'rejected')
  await eventOf(started, 3, 'accepted')
  const answers = messages.map(text => JSON.parse(text)).filter(({ op }) => op === 'batch-orders')
  expect(answers.map(({ data }) => data.map(({ sCode }: { sCode: string }) => sCode))).toEqual([['0', '51020', '0']])
})

test('after a lost connection all that happened meanwhile is asked for, and an order that never arrived is proven so', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeOkx()
  const started = await ready(await startVenue(fake))
  const { venue, order, events, now, instruments } = started
  const number = instruments.get('BTC-USDT')?.number as number
  for (let low = 1; low <= 14; low++) venue.submit(order(low, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE + low }))
  for (let low = 1; low <= 14; low++) await eventOf(started, low, 'accepted')
  // Its answer and all that is said of it are lost with the connection.
  fake.faults = { loseAnswer: 1 }
  const { exchange } = fake.world
  // The best of them: it trades before the others.
  exchange.fillPart(exchange.orders[13])
  exchange.cancel(exchange.orders[5])
  fake.faults = { loseRequest: 1 }
  const deadline = now() + 300e6
  venue.submit(order(20, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE, deadline }))
  await new Promise(resolve => setTimeout(resolve, 50))
  fake.faults = {}
  const before = events.length
  fake.dropSockets()
  await expect.poll(() => events.slice(before).map(({ kind }) => kind), { timeout: 8000 }).toContain('connected')
  venue.reconcile()
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('reconciled')
  const said = events.slice(before)
  const open = said.filter(({ kind }) => kind === 'open')
  expect(open.map(({ idLow }) => idLow).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14])
  expect(said.filter(({ kind, idLow }) => kind === 'fill' && idLow === 14)).toHaveLength(1)
  expect(open.find(({ idLow }) => idLow === 14)?.filledSteps).toBe(said.find(({ kind }) => kind === 'fill')?.steps)
  expect(said.filter(({ kind }) => kind === 'balance').map(({ feeCurrency }) => feeCurrency)).toContain('USDT')

  venue.query(1, 6, 0, number)
  expect(await eventOf(started, 6, 'cancelled')).toMatchObject({ filledSteps: 0 })
  await expect.poll(() => now() > deadline + 100e6).toBe(true)
  venue.query(1, 20, 0, number)
  expect((await eventOf(started, 20, 'not-found')).venueTime).toBeGreaterThan(deadline)
  expect(exchange.duplicates).toBe(0)
})

test('pages of fills that overlap the stream name every fill again, and none is missing', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeOkx({ rate: 400 })
  const started = await ready(await startVenue(fake))
  const { venue, order, events } = started
  // Two pages, within the limit of requests.
  for (let batch = 0; batch < 13; batch++)
    venue.submitBatch(
      Array.from({ length: 20 }, (_, i) =>
        order(batch * 20 + i + 1, ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'][i % 3], {
          type: MARKET,
          steps: [1000, 100, 10][i % 3],
        }),
      ),
    )
  const fills = (): string[] =>
    events.filter(({ kind }) => kind === 'fill').map(({ instrument, tradeId }) => `${instrument} ${tradeId}`)
  await expect.poll(() => fake.world.exchange.fills.length, { timeout: 8000 }).toBeGreaterThan(120)
  await expect.poll(() => fills().length).toBe(fake.world.exchange.fills.length)
  const streamed = fills()
  events.length = 0
  venue.reconcile()
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('reconciled')
  expect(fills().toSorted()).toEqual(streamed.toSorted())
})

test('a fill during a cancel is told before the cancel, with what it filled', async () => {
  const fake = await startFakeOkx({ faults: { fillDuringCancel: 1 } })
  const started = await ready(await startVenue(fake))
  const { venue, order, now, instruments } = started
  venue.submit(order(1, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE }))
  await eventOf(started, 1, 'accepted')
  venue.cancel(1, 1, 1, now(), 0, instruments.get('BTC-USDT')?.number as number)
  const cancelled = await eventOf(started, 1, 'cancelled')
  const fill = await eventOf(started, 1, 'fill')
  expect(fill.steps).toBeGreaterThan(0)
  expect(cancelled.filledSteps).toBe(fill.steps)
})

test('what is sent while there is no connection has not left, and says so', async () => {
  const fake = await startFakeOkx()
  const started = await ready(await startVenue(fake))
  const { venue, order, events, now, instruments } = started
  fake.dropSockets()
  await expect.poll(() => events.at(-1)?.kind).toBe('disconnected')
  venue.submit(order(1, 'BTC-USDT', { steps: LOTS, ticks: LOW_PRICE }))
  venue.cancel(1, 2, 3, now(), 0, instruments.get('BTC-USDT')?.number as number)
  expect(REASONS[(await eventOf(started, 1, 'not-sent')).reason]).toBe('venue-disconnected')
  expect(await eventOf(started, 2, 'not-sent')).toMatchObject({ request: 3 })
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('connected')
  expect(fake.world.exchange.orders).toEqual([])
})
