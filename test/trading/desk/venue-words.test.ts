import { type AsyncVenue, Order, VenueEvent } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { FrameRecorder } from '../../../dist/frames/frame-recorder.js'
import type { FramePointer } from '../../../dist/frames/pointer.js'
import type { Desk } from '../../../dist/trading/desk/desk.js'
import { makeDesk } from '../../../dist/trading/desk/make-desk.js'
import { PositionDifference } from '../../../dist/trading/sequence/frames.js'

const BTC = {
  venue: 'live',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

/** A live venue that only notes what it is asked. */
class SilentVenue implements AsyncVenue {
  readonly name = 'live'
  readonly accounts = ['main']
  readonly canAmend = false
  readonly deterministic = false
  readonly instruments = [BTC]
  readonly asked: string[] = []
  start(): void {}
  submit(): void {
    this.asked.push('submit')
  }
  amend(): void {}
  cancel(): void {
    this.asked.push('cancel')
  }
  reconcile(): void {
    this.asked.push('reconcile')
  }
  query(): void {
    this.asked.push('query')
  }
  close(): void {}
}

const idOf = (low: number): bigint => (1n << 52n) | (1n << 32n) | BigInt(low)

/** A desk without journals: the test is its gateway. */
class BareDesk {
  readonly venue = new SilentVenue()
  readonly outcomes = new FrameRecorder()
  readonly desk: Desk
  private orders = 100
  private position = 0

  constructor(expiryMs = 0) {
    const identity = { home: 1n, generation: 1, origin: 1_800_000_000_000_000_000n }
    this.desk = makeDesk(identity, [{ venue: this.venue, isRemote: false }], expiryMs, this.outcomes)
    this.desk.instruments.add(BTC)
    this.desk.tick(1e9)
    this.desk.startStrategy(1, 'a', 1, false)
    this.say({ kind: 'reconciled' })
  }

  cancel(low: number): void {
    const copies = new FrameRecorder()
    const order = copies.begin(Order)
    order.orderId = idOf(low)
    order.action = 'cancel'
    copies.commit()
    this.desk.order(copies.peek() as FramePointer, 1, ++this.position)
    this.desk.send()
  }

  /** Sends a limit order to buy 10 steps. Returns the low half of its id. */
  buy(): number {
    const copies = new FrameRecorder()
    const low = ++this.orders
    const order = copies.begin(Order)
    order.orderId = idOf(low)
    order.instrument = 1
    order.action = 'new'
    order.side = 'buy'
    order.orderType = 'limit'
    order.timeInForce = 'gtc'
    order.price = 100
    order.quantity = 0.01
    copies.commit()
    this.desk.order(copies.peek() as FramePointer, 1, ++this.position)
    this.desk.send()
    return low
  }

  say(fields: Partial<VenueEvent>): void {
    const event = Object.assign(new VenueEvent(), { instrument: 1, ...fields })
    this.desk.report(this.desk.venues.all[0], event, ++this.position)
  }

  about(low: number, fields: Partial<VenueEvent>): void {
    this.say({ idHigh: (1 << 20) | 1, idLow: low, ...fields })
  }

  /** Lets time pass until the next thing is due. */
  next(): void {
    this.desk.tick(this.desk.nextAt)
    this.desk.advance(++this.position)
    this.desk.send()
  }

  /** What was decided since the last call: kinds of frames, with the state or the reason of reports. */
  told(): object[] {
    const all: object[] = []
    for (let frame = this.outcomes.peek(); frame !== undefined; frame = this.outcomes.peek()) {
      all.push(this.outcomes.objectOfFirst() as object)
      this.outcomes.shift()
    }
    return all
  }
}

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
