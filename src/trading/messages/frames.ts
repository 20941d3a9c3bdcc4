import { frame, type Values } from '../../frames/definition.js'
import { ascii, enumOf, f64, u64 } from '../../frames/field.js'

/** The frames that a gateway and its strategies exchange. Prices and quantities are in units of the instrument. */

/** Bytes of a symbol in these frames. */
const SYMBOL_BYTES = 16

/** Which symbols these frames can hold, for messages. */
export const SYMBOLS = `symbols of 1 to ${SYMBOL_BYTES} printable ASCII characters`

/** Whether these frames can hold the symbol. */
export function isSymbol(symbol: unknown): symbol is string {
  return typeof symbol === 'string' && symbol.length <= SYMBOL_BYTES && /^[\x21-\x7e]+$/.test(symbol)
}

/** Best prices, last trade and the quantity traded so far. 64 bytes. */
export const Ticker = frame('Ticker', 1, { symbol: ascii(SYMBOL_BYTES), last: f64, bid: f64, ask: f64, volume: f64 })

/** One trade of the market. `side` is the aggressor's. 64 bytes. */
export const Trade = frame('Trade', 2, {
  symbol: ascii(SYMBOL_BYTES),
  price: f64,
  quantity: f64,
  tradeId: u64,
  side: enumOf('buy', 'sell'),
})

/** Best bid and ask with their sizes. 64 bytes. */
export const BookTop = frame('BookTop', 3, {
  symbol: ascii(SYMBOL_BYTES),
  bid: f64,
  ask: f64,
  bidSize: f64,
  askSize: f64,
})

const orderFields = {
  symbol: ascii(SYMBOL_BYTES),
  /** The strategy's number × 2^48 + the order frame's position in the strategy's journal: never the same twice. */
  orderId: u64,
  /** The limit; 0 in market orders. */
  price: f64,
  quantity: f64,
  filledQuantity: f64,
  /** The average price of the filled quantity; 0 before the first fill. */
  averagePrice: f64,
  /** The strategy's own name for the order, or ''. */
  clientOrderId: ascii(32),
  side: enumOf('buy', 'sell'),
  orderType: enumOf('limit', 'market'),
  state: enumOf('new', 'accepted', 'partially-filled', 'filled', 'cancelled', 'rejected'),
  /** 'gtc' rests until cancelled; 'ioc' fills at once or is cancelled. */
  timeInForce: enumOf('gtc', 'ioc'),
} as const

/** A request of a strategy: a new order, or the cancel of the order with this `orderId`. 128 bytes. */
export const Order = frame('Order', 4, { ...orderFields, action: enumOf('new', 'cancel') })

/**
 * The complete state of an order after a change. `cause` is the order or cancel that it answers, or the quote that
 * filled it. 128 bytes.
 */
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

/** The number of the strategy that sent an order. */
export function strategyOf(orderId: bigint): number {
  return Number(orderId >> 48n)
}

/** The id of the order that a strategy writes at a position of its journal. */
export function orderIdOf(strategy: number, position: number): bigint {
  return (BigInt(strategy) << 48n) | BigInt(position)
}
