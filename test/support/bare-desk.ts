/** A desk without journals and processes, with a live venue that only notes what it is asked: the test is its gateway. */
import { type AsyncVenue, Order, type OrderValues, VenueEvent } from 'ticktape/trading'
import { FrameRecorder } from '../../dist/frames/frame-recorder.js'
import type { FramePointer } from '../../dist/frames/pointer.js'
import type { Desk } from '../../dist/trading/desk/desk.js'
import { makeDesk } from '../../dist/trading/desk/make-desk.js'

export const BTC = {
  venue: 'live',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

/** A live venue that only notes what it is asked. */
export class SilentVenue implements AsyncVenue {
  readonly name = 'live'
  readonly accounts = ['main']
  canAmend = false
  readonly deterministic = false
  readonly instruments = [BTC]
  readonly asked: string[] = []
  start(): void {}
  submit(): void {
    this.asked.push('submit')
  }
  amend(): void {
    this.asked.push('amend')
  }
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

export const idOf = (low: number): bigint => (1n << 52n) | (1n << 32n) | BigInt(low)

/** Strategy 1 'a', instrument 1 with ticks of 0.1 and steps of 0.001, account 0. */
export class BareDesk {
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
    this.ask({ orderId: idOf(low), action: 'cancel' })
  }

  amend(low: number, request: number, price: number, quantity: number): void {
    this.ask({ orderId: idOf(low), action: 'amend', request, price, quantity })
  }

  /** Sends a limit order to buy 10 steps at 1,000 ticks. Returns the low half of its id. */
  buy(terms: Partial<OrderValues> = {}): number {
    const low = ++this.orders
    this.ask({
      orderId: idOf(low),
      instrument: 1,
      action: 'new',
      side: 'buy',
      orderType: 'limit',
      timeInForce: 'gtc',
      price: 100,
      quantity: 0.01,
      ...terms,
    })
    return low
  }

  /** A strategy's Order frame. */
  ask(values: Partial<OrderValues>, strategy = 1): void {
    const copies = new FrameRecorder()
    Object.assign(copies.begin(Order), values)
    copies.commit()
    this.desk.order(copies.peek() as FramePointer, strategy, ++this.position)
    this.desk.send()
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
