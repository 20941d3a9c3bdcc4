import { frame, type Values } from '../../frames/definition.js'
import { ascii, enumOf, f64, u64 } from '../../frames/field.js'

/** What a gateway and its strategies say to each other. Prices and quantities are in units of the instrument. */

/** Best prices, last trade and the quantity traded so far. 64 bytes. */
export const Ticker = frame('Ticker', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })

/** One trade of the market. `side` is the aggressor's. 64 bytes. */
export const Trade = frame('Trade', 2, {
  symbol: ascii(16),
  price: f64,
  quantity: f64,
  tradeId: u64,
  side: enumOf('buy', 'sell'),
})

/** Best bid and ask with their sizes. 64 bytes. */
export const BookTop = frame('BookTop', 3, { symbol: ascii(16), bid: f64, ask: f64, bidSize: f64, askSize: f64 })

const orderFields = {
  symbol: ascii(16),
  /** The strategy's number × 2^48 + the order frame's position in the strategy's journal: never the same twice. */
  orderId: u64,
  /** The limit; 0 in market orders. */
  price: f64,
  quantity: f64,
  filledQuantity: f64,
  /** Of what is filled; 0 while nothing is. */
  averagePrice: f64,
  /** The strategy's own name for the order, or ''. */
  clientOrderId: ascii(32),
  side: enumOf('buy', 'sell'),
  orderType: enumOf('limit', 'market'),
  state: enumOf('new', 'accepted', 'partially-filled', 'filled', 'cancelled', 'rejected'),
  /** 'gtc' rests until cancelled; 'ioc' fills at once or is cancelled. */
  timeInForce: enumOf('gtc', 'ioc'),
} as const

/** What a strategy asks for: a new order, or that the one with this `orderId` be cancelled. 128 bytes. */
export const Order = frame('Order', 4, { ...orderFields, action: enumOf('new', 'cancel') })

/** What became of an order: all of it, as it is now. `cause` is the order or cancel answered, or the quote that filled it. 128 bytes. */
export const OrderReport = frame('OrderReport', 5, {
  ...orderFields,
  reason: enumOf(
    'none',
    'bad symbol',
    'bad quantity',
    'bad price',
    'bad order id',
    'no market',
    'not marketable',
    'asked for',
    'unknown order',
  ),
})

export type OrderValues = Values<typeof Order>
export type OrderReportValues = Values<typeof OrderReport>
export type Side = OrderValues['side']
export type Reason = OrderReportValues['reason']

/** Which strategy's an order is. */
export function strategyOf(orderId: bigint): number {
  return Number(orderId >> 48n)
}

/** The id of the order that a strategy writes at a position of its journal. */
export function orderIdOf(strategy: number, position: number): bigint {
  return (BigInt(strategy) << 48n) | BigInt(position)
}
