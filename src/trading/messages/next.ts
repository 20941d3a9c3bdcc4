import { frame } from '../../frames/definition.js'
import { ascii, bool, enumOf, f64, i64, u16, u32, u64 } from '../../frames/field.js'
import { ACTIONS, LIQUIDITIES, ORDER_STATES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from './order-terms.js'
import { REASONS } from './reasons.js'

export const Ticker = frame('Ticker', 17, {
  instrument: u32,
  venueTime: i64,
  last: f64,
  bid: f64,
  ask: f64,
  volume: f64,
})
export const Trade = frame('Trade', 18, {
  instrument: u32,
  side: enumOf(SIDES),
  venueTime: i64,
  price: f64,
  quantity: f64,
  tradeId: u64,
})
export const BookTop = frame('BookTop', 19, {
  instrument: u32,
  venueTime: i64,
  bid: f64,
  ask: f64,
  bidSize: f64,
  askSize: f64,
})
export const Order = frame('Order', 20, {
  orderId: u64,
  instrument: u32,
  request: u32,
  account: u16,
  side: enumOf(SIDES),
  orderType: enumOf(ORDER_TYPES),
  timeInForce: enumOf(TIMES_IN_FORCE),
  action: enumOf(ACTIONS),
  postOnly: bool,
  reduceOnly: bool,
  price: f64,
  quantity: f64,
  stopPrice: f64,
  expireAt: i64,
  clientOrderId: ascii(32),
})
export const OrderReport = frame('OrderReport', 21, {
  orderId: u64,
  instrument: u32,
  request: u32,
  side: enumOf(SIDES),
  state: enumOf(ORDER_STATES),
  reason: enumOf(REASONS),
  pendingCancel: bool,
  pendingAmend: bool,
  price: f64,
  quantity: f64,
  filledQuantity: f64,
  averagePrice: f64,
  venueTime: i64,
  clientOrderId: ascii(32),
})
export const Fill = frame('Fill', 22, {
  orderId: u64,
  instrument: u32,
  account: u16,
  side: enumOf(SIDES),
  liquidity: enumOf(LIQUIDITIES),
  price: f64,
  quantity: f64,
  fee: f64,
  venueTime: i64,
  feeCurrency: ascii(12),
  tradeId: ascii(36),
})
export const InstrumentFrame = frame('Instrument', 23, {
  number: u32,
  kind: enumOf('spot', 'perpetual', 'future', 'option', 'index'),
  inverse: bool,
  venue: ascii(16),
  symbol: ascii(48),
  base: ascii(12),
  quote: ascii(12),
  settlement: ascii(12),
  priceTick: ascii(24),
  quantityStep: ascii(24),
  multiplier: ascii(24),
  minQuantity: ascii(24),
  maxQuantity: ascii(24),
  minNotional: ascii(24),
  maxNotional: ascii(24),
  calendar: ascii(32),
})
export const Taken = frame('Taken', 24, { journal: u16, from: f64, to: f64, clock: i64 })
export const Clock = frame('Clock', 25, { clock: i64 })
