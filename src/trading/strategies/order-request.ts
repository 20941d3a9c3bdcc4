import { InvalidOptionError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Halves } from '../../frames/halves.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { pointerOf, type WriteView } from '../../frames/view.js'
import type { Instrument } from '../instruments/instrument.js'
import { Order } from '../messages/order-frames.js'
import {
  BUY,
  GTC,
  IOC,
  LIMIT,
  MARKET,
  ORDER_TYPES,
  type OrderType,
  SELL,
  SIDES,
  type Side,
  STOP,
  STOP_LIMIT,
  TIMES_IN_FORCE,
  type TimeInForce,
} from '../messages/order-terms.js'

/** An order as a strategy asks for it. Prices and quantities are in units of the instrument. */
export interface OrderRequest {
  /** 'BTCUSDT', or with its venue 'BTCUSDT.binance'. Or give `instrument`. */
  readonly symbol?: string
  /** The instrument's number: `ticker.instrument`. */
  readonly instrument?: number
  readonly side: Side
  /** More than 0. */
  readonly quantity: number
  /** The limit price. Required in limit and stop-limit orders, not allowed in market and stop orders. */
  readonly price?: number
  /** The price that triggers a stop or stop-limit order. Required in these, not allowed in others. */
  readonly stopPrice?: number
  /** Default: 'limit' or 'stop-limit' when there is a price, else 'market' or 'stop'. */
  readonly orderType?: OrderType
  /** Default 'gtc' for orders with a limit, 'ioc' for others. */
  readonly timeInForce?: TimeInForce
  /** ns since 1970. Required in 'gtd' orders, not allowed in others. */
  readonly expireAt?: bigint
  /** Rejected if it would trade at once. Only limit orders. */
  readonly postOnly?: boolean
  /** It may only make the position smaller. */
  readonly reduceOnly?: boolean
  /** A label of the strategy's own, up to 32 bytes. It is not sent to the venue. */
  readonly clientOrderId?: string
  /** The venue's name, if the symbol is without one. */
  readonly venue?: string
  /** The account's name at the venue. Default: the first one. */
  readonly account?: string
}

/** Whether a value is a price or a quantity. */
export const positive = (value: unknown): string | undefined =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? undefined : 'a number above 0'

const REQUEST = {
  symbol: kinds.string,
  instrument: kinds.integer(1, 2 ** 32 - 1),
  side: kinds.oneOf(...SIDES),
  quantity: positive,
  price: positive,
  stopPrice: positive,
  orderType: kinds.oneOf(...ORDER_TYPES),
  timeInForce: kinds.oneOf(...TIMES_IN_FORCE),
  expireAt: (value: unknown) =>
    typeof value === 'bigint' && value > 0n && value < 2n ** 63n ? undefined : 'ns since 1970 as a bigint',
  postOnly: kinds.boolean,
  reduceOnly: kinds.boolean,
  clientOrderId: (value: unknown) =>
    typeof value === 'string' && Buffer.byteLength(value) <= 32 && !value.includes('\0')
      ? undefined
      : 'a text of at most 32 bytes',
  venue: kinds.string,
  account: kinds.string,
}

/**
 * Checks what can be known without the market: the kinds of values, and that they belong together. Ticks, steps, sizes
 * and limits are checked by risk, in the gateway.
 *
 * @throws {InvalidOptionError}
 */
export function checkRequest(request: OrderRequest): void {
  // Most orders are valid, which a few comparisons find. The others go through the checks that name what is wrong.
  if (isPlain(request)) return
  checkOptions('order', request, REQUEST)
  const { price, stopPrice, expireAt, postOnly, timeInForce } = request
  if (request.symbol === undefined && request.instrument === undefined)
    throw new InvalidOptionError("order needs a 'symbol' or an 'instrument'")
  if (request.side === undefined) throw new InvalidOptionError("order needs a 'side'")
  if (request.quantity === undefined) throw new InvalidOptionError("order needs a 'quantity'")
  const type = typeOf(request)
  const name = ORDER_TYPES[type]
  checkTaken(name, 'price', type === LIMIT || type === STOP_LIMIT, price !== undefined)
  checkTaken(name, 'stopPrice', type === STOP || type === STOP_LIMIT, stopPrice !== undefined)
  if ((timeInForce === 'gtd') !== (expireAt !== undefined))
    throw new InvalidOptionError("'expireAt' and the time in force 'gtd' belong together: give both, or none")
  if (postOnly === true && (type !== LIMIT || timeInForce === 'ioc' || timeInForce === 'fok'))
    throw new InvalidOptionError("'postOnly' is for limit orders that may rest: 'gtc' or 'gtd'")
}

function checkTaken(type: OrderType, name: string, wanted: boolean, given: boolean): void {
  if (wanted === given) return
  throw new InvalidOptionError(
    wanted ? `a ${type} order needs a '${name}'` : `a ${type} order takes no '${name}'; leave it out`,
  )
}

/**
 * Whether it is a sound limit or market order, with no other keys than most of them have. Allocates nothing. The rest may be sound
 * too: `checkRequest` finds out.
 */
function isPlain(request: OrderRequest): boolean {
  if (typeof request !== 'object' || request === null) return false
  for (const name in request) if (!isPlainKey(name)) return false
  const { symbol, instrument, side, quantity, price, orderType, timeInForce, postOnly, reduceOnly } = request
  return (
    (symbol === undefined
      ? typeof instrument === 'number' && instrument > 0
      : typeof symbol === 'string' && symbol !== '' && instrument === undefined) &&
    (side === 'buy' || side === 'sell') &&
    isAmount(quantity) &&
    (price === undefined
      ? orderType === undefined || orderType === 'market'
      : isAmount(price) && (orderType === undefined || orderType === 'limit')) &&
    (timeInForce === undefined || timeInForce === 'gtc' || timeInForce === 'ioc' || timeInForce === 'fok') &&
    (postOnly === undefined || (typeof postOnly === 'boolean' && !postOnly)) &&
    (reduceOnly === undefined || typeof reduceOnly === 'boolean')
  )
}

/** Comparing with constants compares pointers, which is faster than a lookup in a set. */
function isPlainKey(name: string): boolean {
  switch (name) {
    case 'symbol':
    case 'instrument':
    case 'side':
    case 'quantity':
    case 'price':
    case 'orderType':
    case 'timeInForce':
    case 'postOnly':
    case 'reduceOnly':
      return true
    default:
      return false
  }
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
}

/** Sets the fields of a new order. By their offsets: the setters of a view would search for each name, and need the id as a bigint. */
export function fillOrder(
  order: WriteView<typeof Order>,
  idHigh: number,
  idLow: number,
  request: OrderRequest,
  instrument: Instrument,
  account: number,
): void {
  const p = pointerOf(order) as FramePointer
  const { at, u8, u16, u32, f64 } = p
  const { price, stopPrice, postOnly, reduceOnly } = request
  const type = typeOf(request)
  // The action is 'new', which is stored as 0.
  ID.store(p, idLow, idHigh)
  u32[(at + AT.instrument) >> 2] = instrument.number
  u16[(at + AT.account) >> 1] = account
  u8[at + AT.side] = request.side === 'buy' ? BUY : SELL
  u8[at + AT.orderType] = type
  u8[at + AT.timeInForce] = timeInForceOf(request, type)
  if (postOnly === true) u8[at + AT.postOnly] = 1
  if (reduceOnly === true) u8[at + AT.reduceOnly] = 1
  f64[(at + AT.quantity) >> 3] = request.quantity
  if (price !== undefined) f64[(at + AT.price) >> 3] = price
  if (stopPrice !== undefined) f64[(at + AT.stopPrice) >> 3] = stopPrice
  if (request.expireAt !== undefined) order.expireAt = request.expireAt
  if (request.clientOrderId !== undefined) order.clientOrderId = request.clientOrderId
}

const AT = offsetsOf(Order)
const ID = new Halves(Order, 'orderId')

/** An index into ORDER_TYPES. */
function typeOf({ orderType, price, stopPrice }: OrderRequest): number {
  if (orderType !== undefined) return ORDER_TYPES.indexOf(orderType)
  if (stopPrice !== undefined) return price === undefined ? STOP : STOP_LIMIT
  return price === undefined ? MARKET : LIMIT
}

/** An index into TIMES_IN_FORCE. */
function timeInForceOf({ timeInForce }: OrderRequest, type: number): number {
  if (timeInForce !== undefined) return TIMES_IN_FORCE.indexOf(timeInForce)
  return type === MARKET || type === STOP ? IOC : GTC
}
