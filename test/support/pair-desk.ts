/** A desk without processes and journals: the test says what comes in and when, and reads what was decided. */
import { VenueEvent } from 'ticktape/trading'
import { FrameRecorder } from '../../dist/frames/frame-recorder.js'
import type { Desk } from '../../dist/trading/desk/desk.js'
import { type DeskData, loadDesk, saveDesk } from '../../dist/trading/desk/desk-data.js'
import { makeDesk } from '../../dist/trading/desk/make-desk.js'
import { Order } from '../../dist/trading/messages/order-frames.js'
import { idHalves, idHigh, orderIdFrom } from '../../dist/trading/messages/order-id.js'
import { Pair } from '../../dist/trading/messages/pair-frames.js'
import type { RiskOptions } from '../../dist/trading/risk/limits.js'
import { pack, unpack } from '../../dist/trading/snapshots/pack.js'
import { RecordedVenue } from '../../dist/trading/venues/recorded-venue.js'
import type { RequestLimits } from '../../dist/trading/venues/request-limits.js'

export const SPEC = {
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

/** One frame that was decided: its kind, and its values. */
export type Outcome = { readonly kind: string } & Readonly<Record<string, unknown>>

export interface LegTerms {
  readonly instrument?: number
  readonly side?: 'buy' | 'sell'
  readonly quantity?: number
  /** 0 for a market order. */
  readonly price?: number
}

export interface PairSettings {
  readonly settleMs?: number
  readonly maxSlippage?: number
  readonly attempts?: number
  readonly retryMs?: number
}

const IDENTITY = { home: 7n, generation: 1, origin: 1_800_000_000_000_000_000n }
export const STRATEGY = 1
const HIGH = idHigh(STRATEGY, 1)
export const MS = 1e6

/** Two venues 'one' and 'two', each with BTCUSDT: instruments 1 and 2. Prices 100.0 are 1,000 ticks, quantities 1 are 1,000 steps. */
export class TestDesk {
  readonly desk: Desk
  /** All that was decided so far. */
  readonly outcomes: Outcome[] = []
  now = 1000 * MS
  private readonly recorder = new FrameRecorder()
  /** A desk that was loaded from what the first one saved, and gets the same from then on. */
  private mirror: { readonly desk: Desk; readonly recorder: FrameRecorder; readonly outcomes: Outcome[] } | undefined
  private readonly frames = new FrameRecorder()
  private position = 100
  private counter = 0

  constructor(private readonly options: Options = {}) {
    this.desk = newDesk(options, this.recorder, this.now)
    for (const account of [0, 1]) this.event(account, 'reconciled', 0n)
    this.outcomes.length = 0
  }

  /** Sends a pair; returns its id. */
  pair(first: LegTerms = {}, second: LegTerms = {}, settings: PairSettings = {}): bigint {
    const { settleMs = 500, maxSlippage = 0.01, attempts = 3, retryMs = 100 } = settings
    const a = { instrument: 1, side: 'buy', quantity: 1, price: 100, ...first } as const
    const b = { instrument: 2, side: 'sell', quantity: 1, price: 101, ...second } as const
    this.counter = 32 * Math.ceil((this.counter + 1) / 32)
    const pairId = orderIdFrom(HIGH, this.counter)
    this.counter += 31
    const view = this.frames.begin(Pair)
    view.pairId = pairId
    view.first = a.instrument
    view.second = b.instrument
    view.firstSide = a.side
    view.secondSide = b.side
    view.firstType = a.price === 0 ? 'market' : 'limit'
    view.secondType = b.price === 0 ? 'market' : 'limit'
    view.firstQuantity = a.quantity
    view.secondQuantity = b.quantity
    view.firstPrice = a.price
    view.secondPrice = b.price
    view.settle = BigInt(settleMs * MS)
    view.retry = BigInt(retryMs * MS)
    view.attempts = attempts
    view.maxSlippage = maxSlippage
    this.take((desk, frame, position) => desk.pair(frame, STRATEGY, position))
    return pairId
  }

  /** Sends an order; returns its id. */
  order(terms: LegTerms & { readonly postOnly?: boolean } = {}): bigint {
    const { instrument = 1, side = 'buy', quantity = 1, price = 100 } = terms
    const orderId = orderIdFrom(HIGH, ++this.counter)
    const view = this.frames.begin(Order)
    view.orderId = orderId
    view.action = 'new'
    view.instrument = instrument
    view.side = side
    view.quantity = quantity
    view.price = price
    view.orderType = price === 0 ? 'market' : 'limit'
    this.take((desk, frame, position) => desk.order(frame, STRATEGY, position))
    return orderId
  }

  cancel(orderId: bigint, request = 1): void {
    const view = this.frames.begin(Order)
    view.orderId = orderId
    view.action = 'cancel'
    view.request = request
    this.take((desk, frame, position) => desk.order(frame, STRATEGY, position))
  }

  amend(orderId: bigint, terms: { readonly price?: number; readonly quantity?: number }, request = 1): void {
    const view = this.frames.begin(Order)
    view.orderId = orderId
    view.action = 'amend'
    view.request = request
    view.price = terms.price ?? 0
    view.quantity = terms.quantity ?? 0
    this.take((desk, frame, position) => desk.order(frame, STRATEGY, position))
  }

  /** A venue says something. Of an order, its instrument says which venue. */
  say(kind: VenueEvent['kind'], orderId: bigint, fields: Partial<VenueEvent> = {}): void {
    const { high, low } = idHalves(orderId)
    const order = this.desk.orders.find(high, low)
    this.event((order?.instrument.number ?? 1) - 1, kind, orderId, fields)
  }

  /** Time passes: what is due happens, each at its time. */
  pass(ms: number): void {
    const end = this.now + ms * MS
    while (this.desk.nextAt <= end) this.clock(Math.max(this.now, this.desk.nextAt))
    this.now = end
    this.desk.tick(end)
    this.mirror?.desk.tick(end)
  }

  quote(instrument: number, bid: number, ask: number): void {
    this.input((desk, position) => {
      const known = desk.instruments.get(instrument)
      if (known !== undefined) desk.quote(known, bid, 10, ask, 10, position)
    })
  }

  switchTo(state: 'active' | 'halted'): void {
    this.input((desk, position) => desk.switchTo(state, position))
  }

  restart(): void {
    this.input((desk, position) => desk.restart(this.now, position))
  }

  event(venue: number, kind: VenueEvent['kind'], orderId: bigint, fields: Partial<VenueEvent> = {}): void {
    const { high, low } = idHalves(orderId)
    const event = Object.assign(new VenueEvent(), { kind, idHigh: high, idLow: low, venueTime: this.now, ...fields })
    this.input((desk, position) => desk.report(desk.venues.all[venue], event, position))
  }

  /** The outcomes of one kind since the last call of `clear`. */
  of(kind: string): Outcome[] {
    return this.outcomes.filter(outcome => outcome.kind === kind)
  }

  /** What went to venues, as text: 'submit 33 sell 1000 @ 990'. */
  get sent(): string[] {
    return this.of('Intent').map(({ action, orderId, side, steps, ticks }) => {
      const low = idHalves(orderId as bigint).low
      return action === 'submit'
        ? `submit ${low} ${String(side)} ${String(steps)} @ ${String(ticks)}`
        : `${String(action)} ${low}`
    })
  }

  /** The states of pairs that were reported: 'working none', 'done none'. */
  get states(): string[] {
    return this.of('PairReport').map(({ state, reason }) => `${String(state)} ${String(reason)}`)
  }

  clear(): void {
    this.outcomes.length = 0
  }

  private clock(now: number): void {
    this.now = now
    this.input((desk, position) => desk.advance(position))
  }

  /** From now on a second desk, made from what this one saves, gets all that this one gets. */
  startMirror(): void {
    const recorder = new FrameRecorder()
    const desk = newDesk(this.options, recorder, this.now)
    loadDesk(desk, unpack(pack(saveDesk(this.desk))) as DeskData, undefined)
    this.mirror = { desk, recorder, outcomes: [] }
    this.mirroredFrom = this.outcomes.length
  }

  /** What both desks have decided since the mirror began. */
  get mirrored(): { readonly ours: readonly Outcome[]; readonly theirs: readonly Outcome[] } {
    return { ours: this.outcomes.slice(this.mirroredFrom), theirs: this.mirror?.outcomes ?? [] }
  }

  private mirroredFrom = 0

  private take(body: (desk: Desk, frame: Parameters<Desk['pair']>[0], position: number) => void): void {
    this.frames.commit()
    const frame = this.frames.peek()
    if (frame === undefined) throw new Error('no frame')
    this.input((desk, position) => body(desk, frame, position))
    this.frames.shift()
  }

  private input(body: (desk: Desk, position: number) => void): void {
    this.position += 4
    run(this.desk, this.recorder, this.outcomes, this.now, this.position, body)
    const { mirror } = this
    if (mirror !== undefined) run(mirror.desk, mirror.recorder, mirror.outcomes, this.now, this.position, body)
  }
}

function run(
  desk: Desk,
  recorder: FrameRecorder,
  outcomes: Outcome[],
  now: number,
  position: number,
  body: (desk: Desk, position: number) => void,
): void {
  desk.tick(now)
  body(desk, position)
  takeOutcomes(recorder, outcomes)
}

/** Moves what a desk has decided into a list. */
export function takeOutcomes(recorder: FrameRecorder, outcomes: Outcome[]): void {
  for (let first = recorder.peek(); first !== undefined; first = recorder.peek()) {
    outcomes.push({ kind: recorder.definitionOfFirst()?.name ?? '', ...recorder.objectOfFirst() })
    recorder.shift()
  }
}

type Options = {
  readonly expiryMs?: number
  readonly risk?: RiskOptions
  readonly limits?: RequestLimits
}

function newDesk(options: Options, recorder: FrameRecorder, now: number): Desk {
  const venues = ['one', 'two'].map(
    name => new RecordedVenue(name, ['main'], true, [{ ...SPEC, venue: name, symbol: 'BTCUSDT' }], options.limits),
  )
  const placed = venues.map(venue => ({ venue, isRemote: true }))
  const desk = makeDesk(IDENTITY, placed, options.expiryMs ?? 0, recorder)
  for (const { instruments } of venues) for (const spec of instruments) desk.instruments.add(spec)
  desk.risk.setOptions(options.risk ?? {})
  desk.tick(now)
  desk.startStrategy(STRATEGY, 'a', 1, false)
  return desk
}
