/** A venue as a live one is: it answers from timers, and knows nothing of journals and replay. */
import type { AsyncVenue, VenueOrder } from 'ticktape/trading'
import { VenueEvent } from 'ticktape/trading'

interface Known {
  readonly order: VenueOrder
  filled: number
  state: 'open' | 'filled' | 'cancelled'
}

export interface Exchange {
  /** What the exchange itself remembers; it lives on when the gateway does not. By order id. */
  readonly orders: Map<bigint, Known>
  /** Every submit that reached it, also a second one of an id. */
  readonly submits: bigint[]
  readonly fills: { readonly id: bigint; readonly steps: number; readonly ticks: number; readonly tradeId: string }[]
}

export function newExchange(): Exchange {
  return { orders: new Map(), submits: [], fills: [] }
}

const idOf = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low)

/** One connection to an exchange. Fills market orders, and every other limit order; answers some ms later. */
export class TimedVenue implements AsyncVenue {
  readonly accounts = ['main']
  readonly canAmend = false
  readonly deterministic = false
  readonly instruments
  readonly submitted: bigint[] = []
  private report: (event: VenueEvent) => void = () => {}
  private readonly timers = new Set<NodeJS.Timeout>()
  private closed = false

  constructor(
    readonly exchange: Exchange,
    /** Whether answers come at all. Requests always arrive. */
    private readonly answers: () => boolean = () => true,
    readonly name = 'timed',
    symbol = 'BTCUSDT',
    private readonly delayMs = 2,
  ) {
    this.instruments = [
      {
        venue: name,
        symbol,
        kind: 'spot',
        base: 'BTC',
        quote: 'USDT',
        priceTick: '0.1',
        quantityStep: '0.001',
      } as const,
    ]
  }

  start(report: (event: VenueEvent) => void): void {
    this.report = report
    this.later(() => this.say('connected', 0, 0))
  }

  submit({ idHigh, idLow, ...rest }: VenueOrder, now: number): void {
    const { exchange } = this
    const id = idOf(idHigh, idLow)
    const order = { ...rest, idHigh, idLow }
    this.submitted.push(id)
    exchange.submits.push(id)
    exchange.orders.set(id, { order, filled: 0, state: 'open' })
    this.answer(() => this.say('accepted', idHigh, idLow, { venueTime: now, venueOrderId: `v${id}` }))
    if (order.type !== 1 && idLow % 2 === 0) return
    const known = exchange.orders.get(id) as Known
    known.filled = order.steps
    known.state = 'filled'
    const fill = { id, steps: order.steps, ticks: order.ticks || 1000, tradeId: `t${exchange.fills.length + 1}` }
    exchange.fills.push(fill)
    this.answer(() => this.sayFill(fill, now))
    this.answer(() => this.say('filled', idHigh, idLow, { filledSteps: order.steps, venueTime: now }))
  }

  amend(): void {}

  cancel(idHigh: number, idLow: number, request: number, now: number): void {
    const known = this.exchange.orders.get(idOf(idHigh, idLow))
    if (known?.state === 'open') {
      known.state = 'cancelled'
      this.answer(() => this.say('cancelled', idHigh, idLow, { request, filledSteps: known.filled, venueTime: now }))
    } else this.answer(() => this.say('cancel-rejected', idHigh, idLow, { request, venueTime: now }))
  }

  reconcile(account: number, now: number): void {
    this.later(() => {
      for (const fill of this.exchange.fills) this.sayFill(fill, now)
      for (const [id, known] of this.exchange.orders) this.sayState(id, known, now)
      this.say('reconciled', 0, 0, { account })
    })
  }

  query(idHigh: number, idLow: number, account: number, instrument: number, now: number): void {
    const id = idOf(idHigh, idLow)
    const known = this.exchange.orders.get(id)
    this.later(() => {
      if (known !== undefined) this.sayState(id, known, now)
      else this.say('not-found', idHigh, idLow, { account, instrument, venueTime: now })
    })
  }

  close(): void {
    this.closed = true
    for (const timer of this.timers) clearTimeout(timer)
  }

  private sayState(id: bigint, { order, state, filled }: Known, now: number): void {
    const { idHigh, idLow, instrument, ticks, steps, side } = order
    const terms = { instrument: instrument.number, ticks, steps, side, filledSteps: filled, venueTime: now }
    if (state === 'open') this.say('open', idHigh, idLow, { ...terms, venueOrderId: `v${id}` })
    else this.say(state, idHigh, idLow, terms)
  }

  private sayFill({ id, steps, ticks, tradeId }: Exchange['fills'][number], now: number): void {
    const { order } = this.exchange.orders.get(id) as Known
    const { instrument, side } = order
    this.say('fill', order.idHigh, order.idLow, {
      instrument: instrument.number,
      side,
      steps,
      ticks,
      tradeId,
      feeCurrency: 'USDT',
      fee: 0.01,
      venueTime: now,
    })
  }

  private say(kind: VenueEvent['kind'], idHigh: number, idLow: number, fields: Partial<VenueEvent> = {}): void {
    if (!this.closed) this.report(Object.assign(new VenueEvent(), { kind, idHigh, idLow, ...fields }))
  }

  /** An answer to a request: may be lost. */
  private answer(say: () => void): void {
    if (this.answers()) this.later(say)
  }

  private later(say: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      say()
    }, this.delayMs)
    this.timers.add(timer)
  }
}
