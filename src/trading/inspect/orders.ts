import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { Order, OrderReport } from '../messages/order-frames.js'
import { epochOfHigh, idHalves, orderIdFrom, strategyOfOrder } from '../messages/order-id.js'
import {
  ORDER_STATES,
  ORDER_TYPES,
  type OrderState,
  type OrderType,
  SIDES,
  type Side,
  TIMES_IN_FORCE,
  type TimeInForce,
} from '../messages/order-terms.js'
import { REASONS, type Reason } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { Orders } from '../orders/life/orders.js'
import { loadOrders } from '../orders/life/snapshot.js'
import { stateOf } from '../orders/life/state.js'
import { Intent } from '../sequence/frames.js'
import type { KnownBefore } from './known-before.js'
import { Names } from './names.js'

/** An order as the sequence says it is. Prices and quantities are in units of the instrument. */
export interface OrderLine {
  readonly orderId: bigint
  readonly strategy: string
  /** The epoch of the strategy's process that sent it. */
  readonly epoch: number
  readonly instrument: string
  readonly account: string
  readonly side: Side
  /** Undefined when the frame that says it is no longer there. */
  readonly orderType: OrderType | undefined
  readonly timeInForce: TimeInForce | undefined
  /** The limit; 0 in market and stop orders. */
  readonly price: number
  readonly stopPrice: number
  readonly quantity: number
  readonly filledQuantity: number
  readonly averagePrice: number
  readonly state: OrderState
  readonly reason: Reason
  readonly pendingCancel: boolean
  readonly pendingAmend: boolean
  /** The venue has shown it, and no journal of the home knows it. It blocks its instrument until it is final. */
  readonly orphan: boolean
  /** The strategy's own label. */
  readonly clientOrderId: string
  /** ns since 1970: when the gateway took it, and when its state changed last; 0 when the frame that says it is no longer there. */
  readonly takenAt: bigint
  readonly changedAt: bigint
  /** Of the last frame in the sequence that changed it. */
  readonly position: number
}

export const FINAL_STATES: ReadonlySet<OrderState> = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

export interface OrderTableOptions {
  /** Whether an order is wanted, by what cannot change: its strategy and its instrument. Default: all. */
  readonly wants?: (strategy: string, instrument: number) => boolean
  /** Which final orders are kept, and at most how many: the last ones. Default: none. */
  readonly keeps?: (order: OrderLine) => boolean
  readonly mostFinal?: number
  /** Called after each change of a wanted order. */
  readonly onChange?: (order: OrderLine) => void
}

/**
 * The orders of a home, from its sequence alone, read forward once. It holds what is open, and as many final orders as it
 * is asked for: its size does not depend on the history.
 */
export class OrderTable {
  readonly names = new Names()
  readonly handlers: Handlers
  private readonly open = new Map<bigint, OrderLine>()
  private readonly final = new Map<bigint, OrderLine>()
  /** By the high half of an id, that is by strategy and epoch: the highest low half that was asked for. */
  private readonly highest = new Map<number, number>()

  constructor(private readonly options: OrderTableOptions = {}) {
    this.handlers = this.names
      .learnBy(on(Order, frame => this.asked(frame)))
      .on(Intent, frame => this.intended(frame))
      .on(OrderReport, frame => this.reported(frame))
  }

  /** Begins with the orders that were known where the sequence's first pages end. */
  begin(known: KnownBefore): void {
    const { names } = this
    names.begin(known)
    const orders = new Orders(names.instruments)
    loadOrders(orders, known.desk.desk.orders, names.instruments)
    const origin = BigInt(known.desk.identity.origin)
    for (const [high, low] of known.desk.desk.orders.highest) this.highest.set(high, low)
    for (const order of orders) {
      const orderId = orderIdFrom(order.idHigh, order.idLow)
      if (this.wants(orderId, order.instrument.number)) this.put(this.lineOf(order, orderId, origin, known.position))
    }
  }

  /** Oldest first: the final ones that are kept, then the open ones. */
  get orders(): OrderLine[] {
    return [...this.final.values(), ...this.open.values()]
  }

  /** Those that are not final. */
  get openOrders(): OrderLine[] {
    return [...this.open.values()]
  }

  private asked(frame: FrameView<typeof Order>): void {
    if (frame.action === 'new') this.use(frame.orderId)
    if (frame.action !== 'new' || this.find(frame.orderId) !== undefined) return
    const { instrument, price, stopPrice, quantity, clientOrderId } = frame
    if (!this.wants(frame.orderId, instrument)) return
    this.put({
      ...this.identityOf(frame.orderId, instrument, frame),
      account: this.names.account(instrument, frame.account),
      side: frame.side,
      orderType: frame.orderType,
      timeInForce: frame.timeInForce,
      price,
      stopPrice,
      quantity,
      clientOrderId,
    })
  }

  /** An order that the gateway made itself has no copy of a strategy's Order: its Intent is the first that is known. */
  private intended(frame: FrameView<typeof Intent>): void {
    if (frame.action === 'submit') this.use(frame.orderId)
    if (frame.action !== 'submit' || this.find(frame.orderId) !== undefined) return
    if (!this.wants(frame.orderId, frame.instrument)) return
    const instrument = this.names.instruments.get(frame.instrument)
    this.put({
      ...this.identityOf(frame.orderId, frame.instrument, frame),
      account: this.names.account(frame.instrument, frame.account),
      side: frame.side,
      orderType: frame.orderType,
      timeInForce: frame.timeInForce,
      price: instrument?.price.valueOf(frame.ticks) ?? 0,
      stopPrice: instrument?.price.valueOf(frame.stopTicks) ?? 0,
      quantity: instrument?.quantity.valueOf(frame.steps) ?? 0,
    })
  }

  private reported(frame: FrameView<typeof OrderReport>): void {
    const { orderId, instrument, state } = frame
    const known = this.find(orderId)
    // A request about an order that the gateway does not know, or a second order with an id that was used: not this order's state.
    if (state === 'denied' && (frame.request !== 0 || (known !== undefined && known.state !== 'submitted'))) return
    if (known === undefined && !this.wants(orderId, instrument)) return
    this.put({
      ...(known ?? { ...this.identityOf(orderId, instrument, frame), orphan: !this.wasUsed(orderId) }),
      side: frame.side,
      price: frame.price,
      quantity: frame.quantity,
      filledQuantity: frame.filledQuantity,
      averagePrice: frame.averagePrice,
      state,
      reason: frame.reason,
      pendingCancel: frame.pendingCancel,
      pendingAmend: frame.pendingAmend,
      changedAt: frame.time,
      position: frame.position,
    })
  }

  /** An order of a snapshot. @param origin ns since 1970 of the desk's time 0. */
  private lineOf(order: LiveOrder, orderId: bigint, origin: bigint, position: number): OrderLine {
    const { instrument, isFinal, endedAt, ticks, stopTicks, steps, filledSteps } = order
    const changedAt = isFinal ? origin + BigInt(Math.round(endedAt)) : 0n
    return {
      ...this.identityOf(orderId, instrument.number, { time: 0n, position }),
      account: this.names.account(instrument.number, order.account),
      side: SIDES[order.side],
      orderType: ORDER_TYPES[order.type],
      timeInForce: TIMES_IN_FORCE[order.timeInForce],
      price: instrument.price.valueOf(ticks),
      stopPrice: instrument.price.valueOf(stopTicks),
      quantity: instrument.quantity.valueOf(steps),
      filledQuantity: instrument.quantity.valueOf(filledSteps),
      averagePrice: order.averagePrice,
      state: ORDER_STATES[stateOf(order)],
      reason: REASONS[order.reason],
      pendingCancel: order.pendingCancel,
      pendingAmend: order.pendingAmend,
      orphan: order.orphan,
      clientOrderId: order.label,
      changedAt,
    }
  }

  /** What an order is before anything is known of it but its id. */
  private identityOf(
    orderId: bigint,
    instrument: number,
    { time, position }: { readonly time: bigint; readonly position: number },
  ): OrderLine {
    return {
      orderId,
      strategy: this.names.strategy(strategyOfOrder(orderId)),
      epoch: epochOfHigh(idHalves(orderId).high),
      instrument: this.names.instrument(instrument),
      account: '',
      side: 'buy',
      orderType: undefined,
      timeInForce: undefined,
      price: 0,
      stopPrice: 0,
      quantity: 0,
      filledQuantity: 0,
      averagePrice: 0,
      state: 'submitted',
      reason: 'none',
      pendingCancel: false,
      pendingAmend: false,
      orphan: false,
      clientOrderId: '',
      takenAt: time,
      changedAt: time,
      position,
    }
  }

  private use(orderId: bigint): void {
    const { high, low } = idHalves(orderId)
    if (low > (this.highest.get(high) ?? 0)) this.highest.set(high, low)
  }

  /** Whether a strategy or the gateway has asked for an order with this id. */
  private wasUsed(orderId: bigint): boolean {
    const { high, low } = idHalves(orderId)
    return low <= (this.highest.get(high) ?? 0)
  }

  private find(orderId: bigint): OrderLine | undefined {
    return this.open.get(orderId) ?? this.final.get(orderId)
  }

  private wants(orderId: bigint, instrument: number): boolean {
    return this.options.wants?.(this.names.strategy(strategyOfOrder(orderId)), instrument) ?? true
  }

  private put(order: OrderLine): void {
    const { orderId } = order
    const { keeps, mostFinal = Number.POSITIVE_INFINITY, onChange } = this.options
    if (!FINAL_STATES.has(order.state)) this.open.set(orderId, order)
    else {
      this.open.delete(orderId)
      // Again at the end: the ones that changed last are kept.
      this.final.delete(orderId)
      if (keeps?.(order) === true) this.final.set(orderId, order)
      if (this.final.size > mostFinal) this.final.delete(this.final.keys().next().value as bigint)
    }
    onChange?.(order)
  }
}
