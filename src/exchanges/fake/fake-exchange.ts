import { SimulatedExchange } from '../../trading/exchange/simulated-exchange.js'
import { Instrument, type InstrumentSpec } from '../../trading/instruments/instrument.js'
import { BUY, IOC, LIMIT, SELL } from '../../trading/messages/order-terms.js'
import { REASONS, type Reason } from '../../trading/messages/reasons.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { textOf } from '../decimals.js'
import { type FakeFill, type FakeOrder, type FakeTerms, isOpen } from './fake-order.js'

export interface FakeExchangeOptions {
  readonly instruments: readonly InstrumentSpec[]
  readonly seed: number
  /** The venue's id of its first order; the others follow it. */
  readonly firstId: bigint
  /** Why the venue accepts an order and cancels it at once, where others refuse it. */
  readonly acceptsFirst: readonly Reason[]
}

/** What has become of an order. */
export interface FakeChange {
  readonly order: FakeOrder
  readonly what: 'accepted' | 'fill' | 'amended' | 'cancelled'
  /** Of a fill. */
  readonly fill: FakeFill | undefined
}

/** Accounts of the simulated exchange: the user's, and one that trades with it on demand. */
const USER = 0
const OTHER = 1
const BALANCES = { USDT: '10000000', BTC: '1000', ETH: '10000', SOL: '100000' }

/** The orders, fills and money of a fake venue, on the matching of the simulated exchange. */
export class FakeExchange {
  readonly exchange: SimulatedExchange
  readonly instruments: ReadonlyMap<string, Instrument>
  readonly orders: FakeOrder[] = []
  readonly fills: FakeFill[] = []
  /** Orders whose client id was known already: one was sent twice. */
  duplicates = 0
  /** Called with all that becomes of an order. */
  onChange: (change: FakeChange) => void = () => {}
  /** Called when money or positions may have changed. */
  onAccount: () => void = () => {}
  private readonly startedAt = Date.now()
  private readonly byOrderId = new Map<string, FakeOrder>()
  private readonly byClientId = new Map<string, FakeOrder>()
  private readonly byNumber = new Map<number, FakeOrder>()
  /** Why the last amend was refused. */
  private refused: Reason | undefined = undefined
  private others = 0

  constructor(private readonly options: FakeExchangeOptions) {
    const { instruments, seed } = options
    this.exchange = new SimulatedExchange({
      instruments,
      accounts: [{ name: 'main', balances: BALANCES }, 'other'],
      fees: { maker: '0.0008', taker: '0.001' },
      leverage: 10,
      seed,
    })
    this.instruments = new Map(instruments.map((spec, i) => [spec.symbol, new Instrument(i + 1, spec)]))
    this.exchange.start(event => this.hear(event))
  }

  /** ns since the start, for the simulated exchange. */
  get now(): number {
    return (Date.now() - this.startedAt) * 1e6
  }

  /** An order by the venue's id, or by the client's when that is ''. */
  find(orderId: string, clientId: string): FakeOrder | undefined {
    return orderId === '' ? this.byClientId.get(clientId) : this.byOrderId.get(orderId)
  }

  /** A new order: 'rejected' with its reason when it is refused. Undefined when its client id is known already. */
  place(terms: FakeTerms): FakeOrder | undefined {
    const { clientId, instrument } = terms
    if (clientId !== '' && this.byClientId.has(clientId)) {
      this.duplicates++
      return undefined
    }
    const number = this.orders.length + 1
    const at = Date.now()
    const order: FakeOrder = {
      ...terms,
      number,
      orderId: String(this.options.firstId + BigInt(number)),
      createdAt: at,
      filledSteps: 0,
      paid: 0,
      fee: 0,
      feeCurrency: instrument.settlement,
      state: 'new',
      reason: 'none',
      changedAt: at,
    }
    this.orders.push(order)
    this.byOrderId.set(order.orderId, order)
    this.byNumber.set(number, order)
    if (clientId !== '') this.byClientId.set(clientId, order)
    this.submit(number, USER, order)
    if (order.state === 'rejected') {
      // A venue knows no more of an order that it refused.
      this.byClientId.delete(clientId)
      this.byOrderId.delete(order.orderId)
    }
    return order
  }

  /** Changes an open order. Returns why it was refused; undefined when it was not. */
  amend(order: FakeOrder, ticks: number, steps: number): Reason | undefined {
    this.refused = undefined
    this.exchange.amend(0, order.number, 1, ticks, steps, this.now)
    return this.refused
  }

  /** Cancels an open order. */
  cancel(order: FakeOrder, why: Reason = 'requested'): void {
    order.reason = why
    this.exchange.cancel(0, order.number, 1, this.now)
  }

  cancelAll(why: Reason): void {
    for (const order of this.orders) if (isOpen(order)) this.cancel(order, why)
  }

  /** Fills a small part of an open order, as if the market had come to its price. */
  fillPart({ instrument, side, ticks, steps, filledSteps }: FakeOrder): void {
    const left = steps - filledSteps
    if (ticks < 2 || left < 2) return
    // A tenth: some venues take no orders below a value.
    const quantity = Math.max(1, Math.min(Math.max(instrument.minSteps, Math.floor(left / 10)), left - 1))
    this.exchange.quote(instrument, ticks - 1, 1, ticks + 1, 1, this.now)
    this.submit(0, OTHER, {
      instrument,
      side: side === 'buy' ? 'sell' : 'buy',
      type: LIMIT,
      timeInForce: IOC,
      postOnly: false,
      reduceOnly: false,
      ticks,
      steps: quantity,
      stopTicks: 0,
    })
  }

  /** Positions in contracts, by symbol. */
  get positions(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    const held = this.exchange.account(USER).positions
    for (const { symbol, number, quantity, spec } of this.instruments.values())
      if (spec.kind !== 'spot')
        found.set(symbol, textOf(quantity, held.find(({ instrument }) => instrument === number)?.position ?? 0))
    return found
  }

  get balances(): Readonly<Record<string, string>> {
    return this.exchange.account(USER).balances
  }

  private submit(number: number, account: number, terms: Omit<FakeTerms, 'clientId' | 'details'>): void {
    this.exchange.submit(
      {
        ...terms,
        idHigh: account,
        idLow: account === USER ? number : ++this.others,
        account,
        side: terms.side === 'buy' ? BUY : SELL,
        expireAt: 0,
        deadline: 0,
      },
      this.now,
    )
  }

  private hear(event: VenueEvent): void {
    const order = event.idHigh === USER ? this.byNumber.get(event.idLow) : undefined
    if (order === undefined) return
    const reason = REASONS[event.reason]
    order.changedAt = Date.now()
    if (event.kind === 'fill') this.fill(order, event)
    else if (event.kind === 'accepted') {
      order.state = 'open'
      this.onChange({ order, what: 'accepted', fill: undefined })
    } else if (event.kind === 'amended') {
      order.ticks = event.ticks
      order.steps = event.steps
      this.onChange({ order, what: 'amended', fill: undefined })
    } else if (event.kind === 'cancelled') this.cancelled(order, order.reason === 'none' ? reason : order.reason)
    else if (event.kind === 'amend-rejected') this.refused = reason
    else if (event.kind === 'rejected') this.rejected(order, reason)
  }

  private rejected(order: FakeOrder, reason: Reason): void {
    if (this.options.acceptsFirst.includes(reason)) return this.cancelled(order, reason)
    order.state = 'rejected'
    order.reason = reason
  }

  private cancelled(order: FakeOrder, reason: Reason): void {
    order.state = 'cancelled'
    order.reason = reason
    this.onChange({ order, what: 'cancelled', fill: undefined })
  }

  private fill(order: FakeOrder, event: VenueEvent): void {
    order.filledSteps += event.steps
    order.paid += event.steps * event.ticks
    order.fee += event.fee
    order.state = order.filledSteps >= order.steps ? 'filled' : 'open'
    const fill: FakeFill = {
      order,
      index: this.fills.length,
      tradeId: event.tradeId,
      ticks: event.ticks,
      steps: event.steps,
      fee: event.fee,
      maker: event.maker,
      at: order.changedAt,
    }
    this.fills.push(fill)
    this.onChange({ order, what: 'fill', fill })
    this.onAccount()
  }
}
