import type { FrameView } from '../../frames/view.js'
import type { Instruments } from '../instruments/instruments.js'
import type { OrderReport } from '../messages/order-frames.js'
import type { OrderState, Side } from '../messages/order-terms.js'
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

/** An open order as JSON has it. */
export type SavedOrder = Omit<OpenOrder, 'orderId'> & { readonly orderId: string }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const FINAL: ReadonlySet<OrderState> = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

/** The strategy's orders that are not final: what it sent, and what the reports say about it. */
export class OwnOrders {
  private readonly open = new Map<bigint, Mutable<OpenOrder>>()

  constructor(private readonly instruments: Instruments) {}

  sent(orderId: bigint, instrument: number, request: OrderRequest): void {
    this.open.set(orderId, {
      orderId,
      instrument,
      symbol: this.symbolOf(instrument),
      side: request.side,
      price: request.price ?? 0,
      quantity: request.quantity,
      filledQuantity: 0,
      state: 'submitted',
      pendingCancel: false,
      pendingAmend: false,
      clientOrderId: request.clientOrderId ?? '',
    })
  }

  cancelSent(orderId: bigint): void {
    const order = this.open.get(orderId)
    if (order !== undefined) order.pendingCancel = true
  }

  amendSent(orderId: bigint): void {
    const order = this.open.get(orderId)
    if (order !== undefined) order.pendingAmend = true
  }

  reported(report: FrameView<typeof OrderReport>): void {
    const { orderId, state } = report
    if (FINAL.has(state)) {
      this.open.delete(orderId)
      return
    }
    const { instrument } = report
    this.open.set(orderId, {
      orderId,
      instrument,
      symbol: this.symbolOf(instrument),
      side: report.side,
      price: report.price,
      quantity: report.quantity,
      filledQuantity: report.filledQuantity,
      state,
      pendingCancel: report.pendingCancel,
      pendingAmend: report.pendingAmend,
      clientOrderId: report.clientOrderId,
    })
  }

  has(orderId: bigint): boolean {
    return this.open.has(orderId)
  }

  save(): SavedOrder[] {
    return [...this.open.values()].map(order => ({ ...order, orderId: String(order.orderId) }))
  }

  load(orders: readonly SavedOrder[]): void {
    for (const order of orders) {
      const orderId = BigInt(order.orderId)
      this.open.set(orderId, { ...order, orderId })
    }
  }

  /** Copies, oldest first. @param instrument of this instrument only. */
  list(instrument?: number): OpenOrder[] {
    const orders: OpenOrder[] = []
    for (const order of this.open.values())
      if (instrument === undefined || order.instrument === instrument) orders.push({ ...order })
    return orders
  }

  private symbolOf(instrument: number): string {
    return this.instruments.get(instrument)?.symbol ?? `#${instrument}`
  }
}
