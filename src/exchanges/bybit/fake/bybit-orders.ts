import type { Instrument } from '../../../trading/instruments/instrument.js'
import { FOK, GTC, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../../trading/messages/order-terms.js'
import type { Reason } from '../../../trading/messages/reasons.js'
import { unitsIn } from '../../decimals.js'
import { FakeExchange } from '../../fake/fake-exchange.js'
import { type FakeFill, type FakeOrder, isOpen } from '../../fake/fake-order.js'
import { type Fields, optionalField } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import { bybitInstruments } from '../instruments.js'
import { bybitVenueName } from '../options.js'
import { FAKE_INSTRUMENTS } from './fake-instruments.js'
import { type BybitDetails, executionRow, orderRow } from './order-rows.js'

/** What Bybit answers to a request about one order. */
export interface Answer {
  readonly code: number
  readonly text: string
  readonly orderId: string
  readonly orderLinkId: string
}

/** The ids of orders are beyond 2^53. */
const FIRST_ORDER = { linear: 1_726_025_498_520_715_008n, spot: 1_826_025_498_520_715_008n } as const
/** Orders that have ended and are among those that are asked for in real time. */
const RECENT = 500

/** Requests about orders of one category in Bybit's words, on a simulated exchange. */
export class BybitOrders {
  readonly exchange: FakeExchange
  /** The balances at the start. */
  readonly startBalances: Readonly<Record<string, string>>
  /** Called with each row of the topics `order` and `execution`. */
  onRow: (topic: 'order' | 'execution', row: Fields) => void = () => {}
  /** By symbol: the price of the last trade of the market, in ticks. */
  private readonly last = new Map<string, number>()
  /** Numbers of orders with a trigger that was not reached. */
  private readonly waiting = new Set<number>()
  /** Orders that have ended, the newest last. */
  private recent: FakeOrder[] = []

  constructor(
    readonly category: BybitTraded,
    seed: number,
  ) {
    const answer = { retCode: 0, result: { list: FAKE_INSTRUMENTS[category] } }
    this.exchange = new FakeExchange({
      instruments: bybitInstruments(answer, category, bybitVenueName(category)).specs,
      seed,
      firstId: FIRST_ORDER[category],
      acceptsFirst: ['post-only-would-trade'],
    })
    this.startBalances = this.exchange.balances
    this.exchange.onChange = ({ order, fill }) => this.changed(order, fill)
  }

  get instruments(): ReadonlyMap<string, Instrument> {
    return this.exchange.instruments
  }

  find(fields: Fields): FakeOrder | undefined {
    return this.exchange.find(optionalField(fields, 'orderId'), optionalField(fields, 'orderLinkId'))
  }

  row(order: FakeOrder): Fields {
    return orderRow(order, this.waiting.has(order.number))
  }

  /** Whether an order is among those that are asked for in real time. */
  isRecent(order: FakeOrder): boolean {
    return isOpen(order) || this.recent.includes(order)
  }

  /** As after a restart of Bybit's service: orders that have ended are in the history alone. */
  forgetEnded(): void {
    this.recent = []
  }

  place(fields: Fields): Answer {
    const { symbol, side, orderType = '', qty, price, timeInForce = 'GTC' } = fields as Record<string, string>
    const orderLinkId = optionalField(fields, 'orderLinkId')
    const refuse = (code: number, text: string): Answer => ({ code, text, orderId: '', orderLinkId })
    const instrument = this.instruments.get(symbol)
    if (instrument === undefined) return refuse(10_001, 'symbol invalid')
    const isMarket = orderType === 'Market'
    const time = TIMES[timeInForce]
    if ((side !== 'Buy' && side !== 'Sell') || (!isMarket && orderType !== 'Limit') || time === undefined)
      return refuse(10_001, 'params error')
    if (!/^[\w-]{0,36}$/.test(orderLinkId)) return refuse(10_001, 'OrderLinkId invalid')
    const refusal = this.unfit(fields, isMarket)
    if (refusal !== undefined) return refuse(10_001, refusal)
    const ticks = isMarket ? 0 : unitsIn(instrument.price, price)
    const steps = unitsIn(instrument.quantity, qty)
    const triggerPrice = optionalField(fields, 'triggerPrice')
    const stopTicks = triggerPrice === '' ? 0 : unitsIn(instrument.price, triggerPrice)
    if (Number.isNaN(ticks) || Number.isNaN(stopTicks)) return refuse(this.isSpot ? 170_134 : 10_001, 'price invalid')
    if (Number.isNaN(steps)) return refuse(this.isSpot ? 170_137 : 10_001, 'qty invalid')
    if (stopTicks !== 0 && this.isReached(symbol, side, stopTicks))
      return refuse(side === 'Buy' ? 110_092 : 110_093, 'the trigger price is reached already')
    const details: BybitDetails = { category: this.category, orderType, timeInForce }
    const order = this.exchange.place({
      clientId: orderLinkId,
      instrument,
      side: side === 'Buy' ? 'buy' : 'sell',
      type: stopTicks === 0 ? (isMarket ? MARKET : LIMIT) : isMarket ? STOP : STOP_LIMIT,
      timeInForce: isMarket && stopTicks !== 0 ? GTC : time,
      postOnly: timeInForce === 'PostOnly',
      reduceOnly: fields['reduceOnly'] === true,
      ticks,
      steps,
      stopTicks,
      details: { ...details },
    })
    if (order === undefined) return refuse(this.isSpot ? 170_141 : 110_072, 'OrderLinkedID is duplicate')
    return order.state === 'rejected' ? refuse(this.codeOf(order.reason), order.reason) : done(order)
  }

  amend(fields: Fields): Answer {
    const { qty, price } = fields as Record<string, string | undefined>
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    const { instrument, orderId, clientId } = order
    const refuse = (code: number, text: string): Answer => ({ code, text, orderId, orderLinkId: clientId })
    const ticks = price === undefined ? order.ticks : unitsIn(instrument.price, price)
    const steps = qty === undefined ? order.steps : unitsIn(instrument.quantity, qty)
    if (Number.isNaN(ticks) || Number.isNaN(steps)) return refuse(10_001, 'price or qty invalid')
    if (ticks === order.ticks && steps === order.steps) return refuse(10_001, 'order not modified')
    const refused = this.exchange.amend(order, ticks, steps)
    return refused === undefined ? done(order) : refuse(this.codeOf(refused), refused)
  }

  cancel(fields: Fields): Answer {
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    this.exchange.cancel(order)
    return done(order)
  }

  /** The market has traded at a price. */
  priceMoved(symbol: string, ticks: number): void {
    this.last.set(symbol, ticks)
    for (const number of this.waiting) {
      const order = this.exchange.orders[number - 1]
      if (order.instrument.symbol !== symbol || !this.isReached(symbol, nameOf(order), order.stopTicks)) continue
      this.waiting.delete(number)
      // One that waits on the book from now on.
      if (!isOpen(order)) continue
      order.changedAt = Date.now()
      this.onRow('order', { ...this.row(order), orderStatus: 'Triggered' })
      this.onRow('order', this.row(order))
    }
  }

  private get isSpot(): boolean {
    return this.category === 'spot'
  }

  /** What is missing in a request, or does not fit the category. */
  private unfit(fields: Fields, isMarket: boolean): string | undefined {
    const hasTrigger = optionalField(fields, 'triggerPrice') !== ''
    if (this.isSpot) {
      // Of a market order to buy the quantity would be in the quote currency.
      if (isMarket && fields['marketUnit'] !== 'baseCoin') return 'this fake wants marketUnit baseCoin'
      return hasTrigger && fields['orderFilter'] !== 'StopOrder' ? 'orderFilter invalid' : undefined
    }
    if (fields['positionIdx'] !== 0) return 'position idx not match position mode'
    const direction = fields['side'] === 'Buy' ? 1 : 2
    return hasTrigger && fields['triggerDirection'] !== direction ? 'this fake wants stops' : undefined
  }

  private isReached(symbol: string, side: string, stopTicks: number): boolean {
    const last = this.last.get(symbol)
    return last !== undefined && (side === 'Buy' ? last >= stopTicks : last <= stopTicks)
  }

  private changed(order: FakeOrder, fill: FakeFill | undefined): void {
    if (order.stopTicks !== 0 && order.filledSteps === 0 && !this.hasReached(order)) this.waiting.add(order.number)
    if (fill !== undefined || !isOpen(order)) this.waiting.delete(order.number)
    if (!isOpen(order)) this.recent = [...this.recent.slice(1 - RECENT), order]
    if (fill !== undefined) this.onRow('execution', executionRow(fill))
    this.onRow('order', this.row(order))
  }

  /** Whether an order with a trigger has reached it. */
  private hasReached({ instrument, stopTicks, ...order }: FakeOrder): boolean {
    return this.isReached(instrument.symbol, nameOf(order), stopTicks)
  }

  private gone(fields: Fields, order: FakeOrder | undefined): Answer {
    const orderLinkId = optionalField(fields, 'orderLinkId')
    if (order === undefined)
      return { code: this.isSpot ? 170_213 : 110_001, text: 'Order does not exist', orderId: '', orderLinkId }
    const codes = this.isSpot ? [170_139, 170_142] : [110_008, 110_010]
    const code = codes[order.state === 'filled' ? 0 : 1]
    return { code, text: 'Order is final', orderId: order.orderId, orderLinkId: order.clientId }
  }

  private codeOf(reason: Reason): number {
    return (this.isSpot ? SPOT_CODES : LINEAR_CODES)[reason] ?? (this.isSpot ? 170_210 : 10_001)
  }
}

function done({ orderId, clientId }: FakeOrder): Answer {
  return { code: 0, text: 'OK', orderId, orderLinkId: clientId }
}

function nameOf({ side }: Pick<FakeOrder, 'side'>): string {
  return side === 'buy' ? 'Buy' : 'Sell'
}

const TIMES: Readonly<Record<string, number>> = { GTC, PostOnly: GTC, IOC, FOK }

/** Bybit's codes of why a request was refused. */
const LINEAR_CODES: Partial<Record<Reason, number>> = {
  'insufficient-balance': 110_004,
  'insufficient-margin': 110_007,
  'notional-too-small': 110_094,
  'reduce-only': 110_017,
  'price-band': 110_003,
}

const SPOT_CODES: Partial<Record<Reason, number>> = {
  'insufficient-balance': 170_131,
  'order-too-small': 170_136,
  'order-too-large': 170_135,
  'notional-too-small': 170_140,
}
