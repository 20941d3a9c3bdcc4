import { Halves } from '../../frames/halves.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import type { Instruments } from '../instruments/instruments.js'
import { OrderReport } from '../messages/order-frames.js'
import { idHalves, orderIdFrom } from '../messages/order-id.js'
import { BUY, ORDER_STATES, type OrderState, SELL, SIDES, type Side } from '../messages/order-terms.js'
import { IdTable } from '../orders/life/id-table.js'
import type { OrderRequest } from './order-request.js'

/** An order of the strategy that is not final. */
export interface OpenOrder {
  readonly orderId: bigint
  readonly instrument: number
  readonly symbol: string
  readonly side: Side
  /** The limit; 0 in market and stop orders. */
  readonly price: number
  readonly quantity: number
  readonly filledQuantity: number
  /** 'submitted' until the first report. */
  readonly state: OrderState
  readonly pendingCancel: boolean
  readonly pendingAmend: boolean
  readonly clientOrderId: string
}

/** What is saved of an order, in this order. */
const SAVED = [
  'idHigh',
  'idLow',
  'instrument',
  'side',
  'state',
  'price',
  'quantity',
  'filledQuantity',
  'pendingCancel',
  'pendingAmend',
  'label',
] as const

/** An open order as plain data: the values of `SAVED`, without names, because there may be many. */
export type SavedOrder = readonly unknown[]

const FINAL: ReadonlySet<OrderState> = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

/** One order in numbers, in a list of all, oldest first. Its object is used for another order once it is final. */
class OwnOrder {
  older: OwnOrder | undefined = undefined
  newer: OwnOrder | undefined = undefined
  idHigh = 0
  idLow = 0
  instrument = 0
  /** Indexes into SIDES and ORDER_STATES. */
  side = 0
  state = 0
  price = 0
  quantity = 0
  filledQuantity = 0
  pendingCancel = false
  pendingAmend = false
  label = ''
}

/**
 * The strategy's orders that are not final: what it sent, and what the reports say about it. Nothing is allocated for an order once
 * as many were open at the same time.
 */
export class OwnOrders {
  // Not a map: with orders added and deleted all the time, its table is built again and again.
  private readonly byId = new IdTable<OwnOrder>()
  private oldest: OwnOrder | undefined = undefined
  private newest: OwnOrder | undefined = undefined
  private readonly spare: OwnOrder[] = []

  /** @param high the high half of the ids of what is sent. */
  constructor(
    private readonly instruments: Instruments,
    public high: number,
  ) {}

  sent(idLow: number, instrument: number, request: OrderRequest): void {
    const order = this.add(this.high, idLow)
    order.instrument = instrument
    order.side = request.side === 'buy' ? BUY : SELL
    order.state = SUBMITTED
    order.price = request.price ?? 0
    order.quantity = request.quantity
    order.filledQuantity = 0
    order.pendingCancel = false
    order.pendingAmend = false
    order.label = request.clientOrderId ?? ''
  }

  cancelSent(orderId: bigint): void {
    const order = this.findId(orderId)
    if (order !== undefined) order.pendingCancel = true
  }

  amendSent(orderId: bigint): void {
    const order = this.findId(orderId)
    if (order !== undefined) order.pendingAmend = true
  }

  reported(report: FrameView<typeof OrderReport>): void {
    const p = pointerOf(report) as FramePointer
    const { at, u8, f64 } = p
    const idHigh = ID.high(p)
    const idLow = ID.low(p)
    const state = u8[at + AT.state]
    if (IS_FINAL[state] === 1) return this.remove(idHigh, idLow)
    let order = this.byId.get(idHigh, idLow)
    if (order === undefined) {
      order = this.add(idHigh, idLow)
      order.instrument = p.u32[(at + AT.instrument) >> 2]
      order.side = u8[at + AT.side]
      order.label = report.clientOrderId
    }
    order.state = state
    order.price = f64[(at + AT.price) >> 3]
    order.quantity = f64[(at + AT.quantity) >> 3]
    order.filledQuantity = f64[(at + AT.filledQuantity) >> 3]
    order.pendingCancel = u8[at + AT.pendingCancel] !== 0
    order.pendingAmend = u8[at + AT.pendingAmend] !== 0
  }

  has(orderId: bigint): boolean {
    return this.findId(orderId) !== undefined
  }

  /** Oldest first. */
  save(): SavedOrder[] {
    const saved: SavedOrder[] = []
    for (let order = this.oldest; order !== undefined; order = order.newer) saved.push(valuesOf(order))
    return saved
  }

  /** Restores what `save` returned, and discards what was known. */
  replace(orders: readonly SavedOrder[]): void {
    for (let order = this.oldest; order !== undefined; order = this.oldest) this.remove(order.idHigh, order.idLow)
    this.load(orders)
  }

  load(orders: readonly SavedOrder[]): void {
    for (const values of orders) {
      const order = this.add(values[0] as number, values[1] as number)
      for (const [i, name] of SAVED.entries()) (order[name] as unknown) = values[i]
    }
  }

  /** Oldest first. @param instrument of this instrument only. */
  list(instrument?: number): OpenOrder[] {
    const orders: OpenOrder[] = []
    for (let order = this.oldest; order !== undefined; order = order.newer)
      if (instrument === undefined || order.instrument === instrument) orders.push(this.show(order))
    return orders
  }

  private show(order: OwnOrder): OpenOrder {
    const { instrument, price, quantity, filledQuantity, pendingCancel, pendingAmend } = order
    return {
      orderId: orderIdFrom(order.idHigh, order.idLow),
      instrument,
      symbol: this.instruments.get(instrument)?.symbol ?? `#${instrument}`,
      side: SIDES[order.side],
      price,
      quantity,
      filledQuantity,
      state: ORDER_STATES[order.state],
      pendingCancel,
      pendingAmend,
      clientOrderId: order.label,
    }
  }

  private findId(orderId: bigint): OwnOrder | undefined {
    const { high, low } = idHalves(orderId)
    return this.byId.get(high, low)
  }

  private add(idHigh: number, idLow: number): OwnOrder {
    const order = this.spare.pop() ?? new OwnOrder()
    const { newest } = this
    order.idHigh = idHigh
    order.idLow = idLow
    order.older = newest
    if (newest === undefined) this.oldest = order
    else newest.newer = order
    this.newest = order
    this.byId.set(idHigh, idLow, order)
    return order
  }

  private remove(idHigh: number, idLow: number): void {
    const order = this.byId.get(idHigh, idLow)
    if (order === undefined) return
    const { older, newer } = order
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.newest = older
    else newer.older = older
    order.older = undefined
    order.newer = undefined
    this.byId.delete(idHigh, idLow)
    this.spare.push(order)
  }
}

function valuesOf(order: OwnOrder): SavedOrder {
  return SAVED.map(name => order[name])
}

const AT = offsetsOf(OrderReport)
const ID = new Halves(OrderReport, 'orderId')
const SUBMITTED = ORDER_STATES.indexOf('submitted')
/** By the index of the state. */
const IS_FINAL = Uint8Array.from(ORDER_STATES, state => (FINAL.has(state) ? 1 : 0))
