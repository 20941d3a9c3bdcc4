import { frame, type Values } from '../../frames/definition.js'
import { bool, enumOf, f64, i64, instrument, text, u16, u32, u64 } from '../../frames/field.js'
import { ACTIONS, LIQUIDITIES, ORDER_STATES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from './order-terms.js'
import { REASONS } from './reasons.js'

/**
 * Orders, what became of them, and their fills. Prices and quantities are in units of the instrument. `orderId` is made by
 * order-id.ts. `venueTime` is the venue's time of the event, ns since 1970, 0 when it gave none.
 *
 * The names of an enum are part of the definition: with one name more, a frame is a changed frame and needs a new id once it is
 * released.
 */

/** A request of a strategy: a new order, or to amend or cancel the order with this `orderId`. 128 bytes. */
export const Order = frame('Order', 20, {
  orderId: u64,
  instrument,
  /** The number of this amend or cancel within its order, from 1; 0 in a new order. */
  request: u32,
  account: u16,
  side: enumOf(SIDES),
  orderType: enumOf(ORDER_TYPES),
  timeInForce: enumOf(TIMES_IN_FORCE),
  action: enumOf(ACTIONS),
  postOnly: bool,
  reduceOnly: bool,
  /** The limit; 0 where the order has none. In an amend the new one. */
  price: f64,
  /** In an amend the new total, filled quantity included. */
  quantity: f64,
  /** Where a stop order becomes active; 0 in other orders. */
  stopPrice: f64,
  /** When a 'gtd' order expires: ns since 1970; 0 in other orders. */
  expireAt: i64,
  /** The strategy's own label, or ''. It is never sent to a venue. */
  clientOrderId: text(32),
})

/** The complete state of an order after a change. `cause` is the frame that led to it. 128 bytes. */
export const OrderReport = frame('OrderReport', 21, {
  orderId: u64,
  instrument,
  /** The request that this answers; 0 for none. */
  request: u32,
  side: enumOf(SIDES),
  state: enumOf(ORDER_STATES),
  reason: enumOf(REASONS),
  /** Whether a cancel is asked for and not answered. */
  pendingCancel: bool,
  /** Whether an amend is asked for and not answered. */
  pendingAmend: bool,
  price: f64,
  quantity: f64,
  filledQuantity: f64,
  /** The average price of the filled quantity; 0 before the first fill. */
  averagePrice: f64,
  venueTime: i64,
  clientOrderId: text(32),
})

/** One fill of an order. The account, the instrument, the order and the trade id together name it. 128 bytes. */
export const Fill = frame('Fill', 22, {
  orderId: u64,
  instrument,
  account: u16,
  side: enumOf(SIDES),
  liquidity: enumOf(LIQUIDITIES),
  price: f64,
  quantity: f64,
  /** In `feeCurrency`; below 0 when the venue pays it. */
  fee: f64,
  venueTime: i64,
  feeCurrency: text(12),
  /** The venue's id of the trade. A UUID is 36 characters long. */
  tradeId: text(36),
})

export type OrderValues = Values<typeof Order>
export type OrderReportValues = Values<typeof OrderReport>
export type FillValues = Values<typeof Fill>
