import { expect, test } from 'vitest'
import { PositionDifference } from '../../../dist/trading/sequence/frames.js'
import { BareDesk } from '../../support/bare-desk.ts'

test('fills that the venue counts and never reports are asked for, then given up: a difference is on record, no trade is invented', () => {
  const bare = new BareDesk()
  const low = bare.buy()
  const { desk, venue } = bare
  const order = desk.orders.find((1 << 20) | 1, low)
  bare.about(low, { kind: 'filled', filledSteps: 10 })
  const holding = desk.risk.ofAccount(0, desk.instruments.find('BTCUSDT'))
  expect([order?.missingSteps, holding.buys, holding.position]).toEqual([10, 10, 0])
  venue.asked.length = 0
  bare.told()
  for (let i = 0; i < 40 && desk.nextAt !== Number.POSITIVE_INFINITY; i++) bare.next()
  // First all of the account, then this order: a venue may have said its fills in a reconciliation that did not arrive.
  expect(venue.asked[0]).toBe('reconcile')
  expect(new Set(venue.asked.slice(1))).toEqual(new Set(['query']))
  const difference = bare.told().filter(outcome => 'theirs' in outcome)
  expect(difference).toMatchObject([{ ours: 0, theirs: 10 }])
  expect(PositionDifference.name).toBe('PositionDifference')
  expect([order?.missingSteps, holding.buys, holding.position]).toEqual([0, 0, 0])
  // One that comes after all is still booked.
  bare.about(low, { kind: 'fill', ticks: 1000, steps: 10, tradeId: 't1' })
  expect(holding.position).toBe(10)
})

test('an instrument that the venue suspends takes no orders, until it resumes', () => {
  const bare = new BareDesk()
  const reasons = (): unknown[] => bare.told().map(outcome => (outcome as { reason?: string }).reason)
  bare.buy()
  bare.say({ kind: 'suspended' })
  reasons()
  bare.buy()
  expect(reasons()).toEqual(['not-tradable'])
  bare.say({ kind: 'resumed' })
  bare.buy()
  expect(bare.venue.asked).toEqual(['submit', 'submit'])
})

test('a venue that is silent is asked about an order less and less often, however many of its requests have no answer', () => {
  const bare = new BareDesk(50)
  const low = bare.buy()
  for (let i = 0; i < 5; i++) bare.cancel(low)
  bare.venue.asked.length = 0
  const start = bare.desk.now
  const times: number[] = []
  while (bare.desk.nextAt < start + 100e9) {
    bare.next()
    if (bare.venue.asked.length > times.length) times.push(Math.round((bare.desk.now - start) / 1e9))
  }
  expect(times).toEqual([0, 1, 2, 4, 8, 16, 32, 62, 92])
})

test('an order that only the adapter knows, because the power took its intent, blocks its instrument until the venue has spoken', () => {
  const bare = new BareDesk()
  bare.about(7, { kind: 'sending', venueTime: 2e9 })
  const order = bare.desk.orders.find((1 << 20) | 1, 7)
  expect([order?.orphan, order?.unknownSince]).toEqual([true, 1e9])
  bare.told()
  bare.buy()
  expect(bare.told()).toMatchObject([{ state: 'denied', reason: 'unknown-outcome' }])
  // It is asked about, and proven never to have arrived once its deadline is over.
  bare.next()
  expect(bare.venue.asked).toEqual(['query'])
  bare.about(7, { kind: 'not-found', venueTime: 2.5e9 })
  expect(order?.isFinal).toBe(false)
  bare.next()
  bare.about(7, { kind: 'not-found', venueTime: 3.5e9 })
  expect(order?.isFinal).toBe(true)
  bare.buy()
  expect(bare.venue.asked).toEqual(['query', 'query', 'submit'])
})

test('an overfill is booked and pauses the strategy: its next order is denied', () => {
  const bare = new BareDesk()
  const low = bare.buy()
  bare.about(low, { kind: 'accepted' })
  bare.told()
  bare.about(low, { kind: 'fill', ticks: 1000, steps: 12, tradeId: 't1' })
  const holding = bare.desk.risk.ofAccount(0, bare.desk.instruments.find('BTCUSDT'))
  expect(holding.position).toBe(12)
  expect(bare.told().at(-1)).toMatchObject({ state: 'filled', reason: 'overfill', filledQuantity: 0.012 })
  bare.buy()
  expect(bare.told()).toMatchObject([{ state: 'denied', reason: 'strategy-paused' }])
})

test('a fill that comes after its order was forgotten is not booked, and is told', () => {
  const bare = new BareDesk()
  const { desk } = bare
  const ignored: [string, boolean][] = []
  desk.onIgnored = (_, { kind }, isForgotten) => void ignored.push([kind, isForgotten])
  const low = bare.buy()
  bare.about(low, { kind: 'rejected' })
  desk.tick(700e9)
  // Final orders are forgotten when later ones are sent.
  for (let i = 0; i < 3; i++) bare.buy()
  bare.about(low, { kind: 'cancelled' })
  bare.about(low, { kind: 'fill', ticks: 1000, steps: 10, tradeId: 't1' })
  expect(ignored).toEqual([['fill', true]])
  expect(desk.risk.ofAccount(0, desk.instruments.find('BTCUSDT')).position).toBe(0)
})

test('a fill whose numbers do not fit its order changes nothing, and is told', () => {
  const bare = new BareDesk()
  const ignored: boolean[] = []
  bare.desk.onIgnored = (_, __, isForgotten) => void ignored.push(isForgotten)
  const low = bare.buy()
  bare.about(low, { kind: 'accepted' })
  bare.told()
  for (const wrong of [{ ticks: 0 }, { ticks: -5 }, { steps: 0 }, { instrument: 7 }])
    bare.about(low, { kind: 'fill', ticks: 1000, steps: 10, tradeId: 't1', ...wrong })
  expect(ignored).toEqual([false, false, false, false])
  expect(bare.told()).toEqual([])
})

test('an amend that nobody asked for is told by name, and its terms count: they are what the venue may fill', () => {
  const bare = new BareDesk()
  const { desk } = bare
  bare.venue.canAmend = true
  const surprises: string[] = []
  desk.onSurprise = (surprise, { name }, { idLow }) => void surprises.push(`${surprise} of ${idLow} at ${name}`)
  const low = bare.buy()
  bare.about(low, { kind: 'accepted', venueTime: 1e9 })
  const order = desk.orders.find((1 << 20) | 1, low)
  const holding = desk.risk.ofAccount(0, desk.instruments.find('BTCUSDT'))
  bare.told()
  // By hand at the venue: no request, and a quantity of 30 steps.
  bare.about(low, { kind: 'amended', ticks: 990, steps: 30, venueTime: 2e9 })
  expect(surprises).toEqual([`unasked-amend of ${low} at live`])
  expect([order?.ticks, order?.steps, holding.buys]).toEqual([990, 30, 30])
  expect(bare.told()).toMatchObject([{ state: 'accepted', price: 99, quantity: 0.03, reason: 'none' }])
  // Again, and what is older than that: nothing new.
  bare.about(low, { kind: 'amended', ticks: 990, steps: 30, venueTime: 2e9 })
  bare.about(low, { kind: 'amended', ticks: 980, steps: 20, venueTime: 1.5e9 })
  expect([order?.steps, surprises.length, bare.told()]).toEqual([30, 1, []])

  // A request that was never given is none of ours, and does not stand before the real one of this number.
  bare.about(low, { kind: 'amended', request: 1, ticks: 970, steps: 31, venueTime: 3e9 })
  expect([order?.steps, surprises.length]).toEqual([31, 2])
  bare.amend(low, 1, 96, 0.032)
  // While it is not answered, another hand changes the order: our amend is still in flight, and stays reserved.
  bare.about(low, { kind: 'amended', ticks: 960, steps: 12, venueTime: 4e9 })
  expect([order?.steps, order?.pendingAmend, holding.buys, surprises.length]).toEqual([12, true, 32, 3])
  bare.about(low, { kind: 'amended', request: 1, ticks: 960, steps: 32, venueTime: 5e9 })
  expect([order?.steps, order?.pendingAmend, holding.buys, surprises.length]).toEqual([32, false, 32, 3])
  // A venue that does not say which request it answers: the terms do.
  bare.amend(low, 2, 95, 0.033)
  bare.about(low, { kind: 'amended', ticks: 950, steps: 33, venueTime: 6e9 })
  expect([order?.steps, order?.pendingAmend, surprises.length]).toEqual([33, false, 3])
  // Asked about the order, it answers with terms that nobody here has asked for.
  bare.about(low, { kind: 'open', ticks: 950, steps: 5, filledSteps: 0, venueTime: 7e9 })
  expect([order?.steps, surprises.length]).toEqual([5, 4])
  // What it does by itself, it gives a reason for.
  bare.about(low, { kind: 'amended', ticks: 950, steps: 4, reason: 45, venueTime: 8e9 })
  expect([order?.steps, surprises.length]).toEqual([4, 4])
})

test('orders of others are told once each, and never touched; they block nothing', () => {
  const bare = new BareDesk()
  const { desk, venue } = bare
  const surprises: string[] = []
  desk.onSurprise = (surprise, _, { venueOrderId }) => void surprises.push(`${surprise} ${venueOrderId}`)
  const foreign = (venueOrderId: string, more: object = {}): void =>
    bare.say({ kind: 'open', side: 1, ticks: 1001, steps: 5, venueOrderId, ...more })
  foreign('x1')
  foreign('x1', { kind: 'fill', steps: 2, tradeId: 't1' })
  foreign('x2')
  foreign('x1', { kind: 'cancelled', filledSteps: 2 })
  expect(surprises).toEqual(['foreign-order x1', 'foreign-order x2'])
  expect([bare.told(), venue.asked, desk.orders.size]).toEqual([[], [], 0])
  expect(desk.orders.foreign.all).toMatchObject([
    { venue: 'live', venueOrderId: 'x2', isFinal: false },
    { venueOrderId: 'x1', filledSteps: 2, isFinal: true },
  ])
  bare.buy()
  expect(venue.asked).toEqual(['submit'])
})

test('an order of ours that no journal knows, shown first by a fill, is booked, asked about, and blocks until it is final', () => {
  const bare = new BareDesk()
  const { desk, venue } = bare
  const surprises: string[] = []
  desk.onSurprise = (surprise, _, { idLow }) => void surprises.push(`${surprise} ${idLow}`)
  bare.about(7, { kind: 'fill', ticks: 1000, steps: 3, tradeId: 't1' })
  const order = desk.orders.find((1 << 20) | 1, 7)
  expect([order?.orphan, order?.unknownSince, surprises]).toEqual([true, 1e9, ['orphan 7']])
  expect(desk.risk.ofAccount(0, desk.instruments.find('BTCUSDT')).position).toBe(3)
  expect(bare.told().at(-1)).toMatchObject({ state: 'unknown', filledQuantity: 0.003, quantity: 0 })
  const low = bare.buy()
  expect(bare.told()).toMatchObject([{ state: 'denied', reason: 'unknown-outcome' }])
  expect(low).toBeGreaterThan(7)
  // The venue is asked until it says what became of it.
  bare.next()
  bare.next()
  expect(venue.asked).toEqual(['query', 'query'])
  bare.about(7, { kind: 'open', ticks: 1000, steps: 10, filledSteps: 3, venueTime: 2e9 })
  expect(bare.told().at(-1)).toMatchObject({ state: 'partially-filled', quantity: 0.01 })
  bare.buy()
  expect(bare.told()).toMatchObject([{ state: 'denied', reason: 'unknown-outcome' }])
  bare.about(7, { kind: 'cancelled', filledSteps: 3 })
  bare.buy()
  expect([venue.asked.at(-1), surprises]).toEqual(['submit', ['orphan 7']])
})
