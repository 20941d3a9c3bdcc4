import { expect, test } from 'vitest'
import { FOK, GTD, IOC, MARKET, STOP, STOP_LIMIT } from '../../../dist/trading/messages/order-terms.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import { eventOf, ready, type StartedVenue, startFakeBybit, startVenue } from '../../support/fake-bybit.ts'

/** Far below and far above the market, whose price is 60,100: in ticks of 0.1. */
const LOW = 100_000
const HIGH = 2_000_000
/** The market begins when it has computed its first events. */
const SLOW = { timeout: 8000 }

/** One BTC and a tenth of it, in steps. */
const CATEGORIES = [
  ['linear', 1000, 'USDT'],
  ['spot', 100_000_000, 'USDT'],
] as const

test.each(CATEGORIES)(
  '%s: orders of every type and time in force end as the venue says, with exact terms',
  {
    timeout: 30_000,
  },
  async (category, LOT, feeCurrency) => {
    const fake = await startFakeBybit()
    const started = await ready(await startVenue(fake, { category }))
    const { venue, order, events } = started
    const { exchange } = fake.world.orders[category]
    const part = LOT / 10
    const send = (low: number, terms: object): void => venue.submit(order(low, 'BTCUSDT', { steps: part, ...terms }))
    await expect.poll(() => fake.world.market(category).book('BTCUSDT')?.last ?? '', SLOW).not.toBe('')

    send(1, { ticks: LOW })
    expect(await eventOf(started, 1, 'accepted')).toMatchObject({ reason: 0, ticks: LOW, steps: part })
    send(2, { type: MARKET })
    expect(await eventOf(started, 2, 'filled')).toMatchObject({ filledSteps: part, ticks: 0 })
    const fill = await eventOf(started, 2, 'fill')
    expect(fill).toMatchObject({ steps: part, maker: false, feeCurrency, account: 0, side: 0 })
    const [recorded] = exchange.fills
    expect([fill.ticks, fill.fee, fill.tradeId]).toEqual([recorded?.ticks, recorded?.fee, recorded?.tradeId])
    send(3, { ticks: LOW, timeInForce: IOC })
    expect(REASONS[(await eventOf(started, 3, 'cancelled')).reason]).toBe('not-marketable')
    send(4, { ticks: LOW, timeInForce: FOK })
    expect(REASONS[(await eventOf(started, 4, 'cancelled')).reason]).toBe('not-marketable')
    send(5, { ticks: HIGH, postOnly: true })
    expect(REASONS[(await eventOf(started, 5, 'cancelled')).reason]).toBe('post-only-would-trade')
    send(6, { ticks: LOW, postOnly: true })
    await eventOf(started, 6, 'accepted')
    send(7, { type: STOP, stopTicks: HIGH })
    expect(await eventOf(started, 7, 'accepted')).toMatchObject({ ticks: 0, steps: part })
    send(8, { type: STOP_LIMIT, stopTicks: HIGH, ticks: HIGH + 10 })
    await eventOf(started, 8, 'accepted')
    // The market is there already.
    send(9, { type: STOP, stopTicks: 100 })
    expect(REASONS[(await eventOf(started, 9, 'rejected')).reason]).toBe('venue-rejected')
    send(10, { ticks: LOW, timeInForce: GTD })
    send(11, { type: STOP_LIMIT, stopTicks: HIGH, ticks: HIGH, postOnly: true })
    for (const low of [10, 11]) expect(REASONS[(await eventOf(started, low, 'not-sent')).reason]).toBe('bad-terms')
    send(12, { ticks: 1, steps: 1 })
    expect((await eventOf(started, 12, 'rejected')).reason).toBeGreaterThan(0)
    // Stops are amended and cancelled like other orders.
    venue.amend(1, 8, 1, HIGH + 20, part * 2, started.now(), 0, orderInstrument(started), started.now() + 5e9)
    expect(await eventOf(started, 8, 'amended')).toMatchObject({ ticks: HIGH + 20, steps: part * 2 })
    venue.cancel(1, 7, 1, started.now(), 0, orderInstrument(started))
    expect(await eventOf(started, 7, 'cancelled')).toMatchObject({ filledSteps: 0 })
    expect(events.filter(({ kind }) => kind === 'disconnected')).toEqual([])
  },
)

function orderInstrument({ instruments }: StartedVenue, symbol = 'BTCUSDT'): number {
  return instruments.get(symbol)?.number as number
}

test('a stop that is triggered trades as the order that it was, with its own id', async () => {
  const fake = await startFakeBybit({ rate: 400 })
  const started = await ready(await startVenue(fake))
  const { venue, order } = started
  const market = fake.world.market('linear')
  await expect.poll(() => market.book('BTCUSDT')?.last ?? '', SLOW).not.toBe('')
  // A little above the market, which moves up and down: one of them is reached soon.
  for (let i = 0; i < 12; i++) {
    const last = Math.round(Number(market.book('BTCUSDT')?.last) * 10)
    venue.submit(
      order(1 + i, 'BTCUSDT', { steps: 100, side: i % 2, type: STOP, stopTicks: last + (i % 2 === 0 ? 3 : -3) }),
    )
    await new Promise(resolve => setTimeout(resolve, 220))
  }
  const filled = (): number[] => started.events.filter(({ kind }) => kind === 'filled').map(({ idLow }) => idLow)
  await expect.poll(() => filled().length, { timeout: 10_000 }).toBeGreaterThan(0)
  const [low] = filled() as [number]
  expect(started.kinds(low)).toEqual(expect.arrayContaining(['accepted', 'fill', 'filled']))
})

test('amends are told by what the order became; a late amend is not acted on, and cancels need no deadline', async () => {
  const fake = await startFakeBybit()
  const started = await ready(await startVenue(fake))
  const { venue, order, now, events } = started
  const number = orderInstrument(started)
  venue.submit(order(1, 'BTCUSDT', { steps: 100, ticks: LOW, deadline: now() + 5e9 }))
  await eventOf(started, 1, 'accepted')
  venue.amend(1, 1, 1, LOW + 5, 200, now(), 0, number, now() + 5e9)
  expect(await eventOf(started, 1, 'amended')).toMatchObject({ request: 1, ticks: LOW + 5, steps: 200 })
  venue.amend(1, 1, 2, LOW, 200, now(), 0, number, now() + 5e9)
  venue.amend(1, 1, 3, LOW + 5, 200, now(), 0, number, now() + 5e9)
  const amended = (): number[] => events.filter(({ kind }) => kind === 'amended').map(({ request }) => request)
  await expect.poll(amended).toEqual([1, 2, 3])
  // Not another price and quantity.
  venue.amend(1, 1, 4, LOW + 5, 200, now(), 0, number, now() + 5e9)
  expect(await eventOf(started, 1, 'amend-rejected')).toMatchObject({ request: 4 })
  // Its time is over before it is sent.
  venue.amend(1, 1, 5, LOW, 100, now(), 0, number, now() - 1e9)
  const late = await eventOf(started, 1, 'not-sent')
  expect([late.request, REASONS[late.reason]]).toEqual([5, 'too-late'])
  venue.cancel(1, 1, 6, now(), 0, number)
  expect(await eventOf(started, 1, 'cancelled')).toMatchObject({ filledSteps: 0, reason: REASONS.indexOf('requested') })
  venue.cancel(1, 1, 7, now(), 0, number)
  const rejected = await eventOf(started, 1, 'cancel-rejected')
  expect([rejected.request, REASONS[rejected.reason]]).toEqual([7, 'order-is-final'])
  venue.cancel(1, 99, 1, now(), 0, number)
  expect(REASONS[(await eventOf(started, 99, 'cancel-rejected')).reason]).toBe('unknown-order')
})

test('a request that comes later than its deadline is refused by the venue, whatever it says of the time', async () => {
  const fake = await startFakeBybit()
  const started = await ready(await startVenue(fake))
  const { venue, order, now } = started
  venue.submit(order(1, 'BTCUSDT', { steps: 100, ticks: LOW, deadline: now() + 40e6 }))
  // The loop is held up: the request leaves in time, and is read after its deadline.
  const end = performance.now() + 120
  while (performance.now() < end);
  expect(REASONS[(await eventOf(started, 1, 'rejected')).reason]).toBe('too-late')
  expect(fake.world.orders.linear.exchange.orders).toEqual([])
})

test('several orders leave in one message, each is answered by itself, and messages are recorded as they came', async () => {
  const fake = await startFakeBybit()
  const started = await ready(await startVenue(fake))
  const { venue, order, messages } = started
  venue.submitBatch([
    order(1, 'BTCUSDT', { steps: 100, ticks: LOW }),
    order(2, 'BTCUSDT', { steps: 1, ticks: 1 }),
    order(3, 'ETHUSDT', { steps: 1000, ticks: 10_000 }),
  ])
  await eventOf(started, 1, 'accepted')
  expect(REASONS[(await eventOf(started, 2, 'rejected')).reason]).toBe('notional-too-small')
  await eventOf(started, 3, 'accepted')
  const answers = messages.map(text => JSON.parse(text)).filter(({ op }) => op === 'order.create-batch')
  expect(answers.map(({ retExtInfo }) => retExtInfo.list.map(({ code }: { code: number }) => code))).toEqual([
    [0, 110_094, 0],
  ])
})

test('what is beyond the limit of Bybit is refused, and the rest of a batch is taken', async () => {
  const fake = await startFakeBybit({ limit: 2 })
  const started = await ready(await startVenue(fake))
  const { venue, order } = started
  venue.submitBatch([1, 2, 3].map(low => order(low, 'BTCUSDT', { steps: 100, ticks: LOW })))
  await eventOf(started, 1, 'accepted')
  await eventOf(started, 2, 'accepted')
  expect(REASONS[(await eventOf(started, 3, 'rejected')).reason]).toBe('rate-limited-by-venue')
})

test('orders by REST, as at the demo, do the same; one whose answer is lost is asked about', async () => {
  const fake = await startFakeBybit({ limit: 1000 })
  const started = await ready(await startVenue(fake, { orders: 'rest' }))
  const { venue, order, now } = started
  const number = orderInstrument(started)
  venue.submitBatch([order(1, 'BTCUSDT', { steps: 100, ticks: LOW }), order(2, 'BTCUSDT', { steps: 1, ticks: 1 })])
  await eventOf(started, 1, 'accepted')
  await eventOf(started, 2, 'rejected')
  venue.amend(1, 1, 1, LOW + 1, 100, now(), 0, number, now() + 5e9)
  await eventOf(started, 1, 'amended')
  venue.cancel(1, 1, 2, now(), 0, number)
  await eventOf(started, 1, 'cancelled')
  fake.faults = { loseAnswer: 1 }
  venue.submit(order(3, 'BTCUSDT', { steps: 100, ticks: LOW, deadline: now() + 5e9 }))
  await expect.poll(() => fake.world.orders.linear.exchange.orders.length).toBe(3)
  fake.faults = {}
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(started.kinds(3)).toEqual([])
  venue.query(1, 3, 0, number)
  expect(await eventOf(started, 3, 'open')).toMatchObject({ ticks: LOW, steps: 100, filledSteps: 0 })
})

test('after a lost connection all that happened meanwhile is asked for, and an order that never arrived is proven so', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeBybit({ limit: 1000 })
  const started = await ready(await startVenue(fake))
  const { venue, order, events, now } = started
  const number = orderInstrument(started)
  for (let low = 1; low <= 14; low++) venue.submit(order(low, 'BTCUSDT', { steps: 100, ticks: LOW + low }))
  for (let low = 1; low <= 14; low++) await eventOf(started, low, 'accepted')
  // Its answer and all that is said of it are lost with the connection.
  fake.faults = { loseAnswer: 1 }
  const { exchange } = fake.world.orders.linear
  // The best of them: it trades before the others.
  exchange.fillPart(exchange.orders[13])
  exchange.cancel(exchange.orders[5])
  fake.faults = { loseRequest: 1 }
  const deadline = now() + 300e6
  venue.submit(order(20, 'BTCUSDT', { steps: 100, ticks: LOW, deadline }))
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
  const position = said.find(event => event.kind === 'position' && event.instrument === number)
  expect(position?.steps).toBe(said.find(({ kind }) => kind === 'fill')?.steps)

  venue.query(1, 6, 0, number)
  expect(await eventOf(started, 6, 'cancelled')).toMatchObject({ filledSteps: 0 })
  await expect.poll(() => now() > deadline + 600e6).toBe(true)
  venue.query(1, 20, 0, number)
  expect((await eventOf(started, 20, 'not-found')).venueTime).toBeGreaterThan(deadline)
  expect(exchange.duplicates).toBe(0)
})

test('an order that has ended is found in the history after the service was restarted; an amend without an answer is over then', async () => {
  const fake = await startFakeBybit({ limit: 1000 })
  const started = await ready(await startVenue(fake))
  const { venue, order, now } = started
  const number = orderInstrument(started)
  for (const low of [1, 2]) venue.submit(order(low, 'BTCUSDT', { steps: 100, ticks: LOW }))
  await eventOf(started, 1, 'accepted')
  await eventOf(started, 2, 'accepted')
  fake.faults = { loseAnswer: 1 }
  venue.cancel(1, 1, 1, now(), 0, number)
  venue.amend(1, 2, 1, LOW + 1, 100, now(), 0, number, now() + 5e9)
  await expect
    .poll(() => fake.world.orders.linear.exchange.orders.map(({ state }) => state))
    .toEqual(['cancelled', 'open'])
  await expect.poll(() => fake.world.orders.linear.exchange.orders[1]?.ticks).toBe(LOW + 1)
  fake.faults = {}
  fake.world.orders.linear.forgetEnded()
  venue.query(1, 1, 0, number)
  expect(await eventOf(started, 1, 'cancelled')).toMatchObject({ filledSteps: 0 })
  venue.query(1, 2, 0, number)
  expect(await eventOf(started, 2, 'amended')).toMatchObject({ request: 1, ticks: LOW + 1 })
  const asked = now()
  await new Promise(resolve => setTimeout(resolve, 600))
  venue.query(1, 2, 0, number)
  // The order has not changed since: what is said of it is as new as the question.
  await expect
    .poll(() => started.events.findLast(({ idLow, kind }) => idLow === 2 && kind === 'open')?.venueTime)
    .toBeGreaterThan(asked)
})

test('pages of fills that overlap the stream name every fill again, and none is missing', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeBybit({ rate: 400, limit: 10_000 })
  const started = await ready(await startVenue(fake))
  const { venue, order, events } = started
  await expect.poll(() => fake.world.market('linear').book('SOLUSDT'), SLOW).toBeDefined()
  // Two pages.
  for (let batch = 0; batch < 13; batch++)
    venue.submitBatch(
      Array.from({ length: 20 }, (_, i) =>
        order(batch * 20 + i + 1, ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'][i % 3], {
          type: MARKET,
          steps: [1, 10, 200][i % 3],
        }),
      ),
    )
  const { exchange } = fake.world.orders.linear
  const fills = (): string[] =>
    events.filter(({ kind }) => kind === 'fill').map(({ instrument, tradeId }) => `${instrument} ${tradeId}`)
  await expect.poll(() => exchange.fills.length, { timeout: 8000 }).toBeGreaterThan(120)
  await expect.poll(() => fills().length).toBe(exchange.fills.length)
  const streamed = fills()
  events.length = 0
  venue.reconcile()
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('reconciled')
  expect(fills().toSorted()).toEqual(streamed.toSorted())
})

test('a fill during a cancel is told before the cancel, with what it filled', async () => {
  const fake = await startFakeBybit({ faults: { fillDuringCancel: 1 } })
  const started = await ready(await startVenue(fake))
  const { venue, order, now } = started
  venue.submit(order(1, 'BTCUSDT', { steps: 100, ticks: LOW }))
  await eventOf(started, 1, 'accepted')
  venue.cancel(1, 1, 1, now(), 0, orderInstrument(started))
  const cancelled = await eventOf(started, 1, 'cancelled')
  const fill = await eventOf(started, 1, 'fill')
  expect(fill.steps).toBeGreaterThan(0)
  expect(cancelled.filledSteps).toBe(fill.steps)
})

test('what is sent while there is no connection has not left, and says so', async () => {
  const fake = await startFakeBybit()
  const started = await ready(await startVenue(fake))
  const { venue, order, events, now } = started
  fake.dropSockets()
  await expect.poll(() => events.at(-1)?.kind).toBe('disconnected')
  venue.submit(order(1, 'BTCUSDT', { steps: 100, ticks: LOW }))
  venue.cancel(1, 2, 3, now(), 0, orderInstrument(started))
  expect(REASONS[(await eventOf(started, 1, 'not-sent')).reason]).toBe('venue-disconnected')
  expect(await eventOf(started, 2, 'not-sent')).toMatchObject({ request: 3 })
  await expect.poll(() => events.at(-1)?.kind, { timeout: 8000 }).toBe('connected')
  expect(fake.world.orders.linear.exchange.orders).toEqual([])
})
