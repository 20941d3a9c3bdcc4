import { InvalidOptionError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { WriteView } from '../../frames/view.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Order } from '../messages/order-frames.js'
import {
  ORDER_TYPES,
  type OrderType,
  SIDES,
  type Side,
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
  // Most orders are sound: a few comparisons decide that. What they do not accept gets the error that names it.
  if (!looksSound(request)) checkOptions('order', request, REQUEST)
  const { price, stopPrice, expireAt, postOnly, timeInForce } = request
  if (request.symbol === undefined && request.instrument === undefined)
    throw new InvalidOptionError("order needs a 'symbol' or an 'instrument'")
  if (request.side === undefined) throw new InvalidOptionError("order needs a 'side'")
  if (request.quantity === undefined) throw new InvalidOptionError("order needs a 'quantity'")
  const type = typeOf(request)
  const takes = (name: string, wanted: boolean, given: boolean): void => {
    if (wanted === given) return
    throw new InvalidOptionError(
      wanted ? `a ${type} order needs a '${name}'` : `a ${type} order takes no '${name}'; leave it out`,
    )
  }
  takes('price', type === 'limit' || type === 'stop-limit', price !== undefined)
  takes('stopPrice', type === 'stop' || type === 'stop-limit', stopPrice !== undefined)
  if ((timeInForce === 'gtd') !== (expireAt !== undefined))
    throw new InvalidOptionError("'expireAt' and the time in force 'gtd' belong together: give both, or none")
  if (postOnly === true && (type !== 'limit' || timeInForce === 'ioc' || timeInForce === 'fok'))
    throw new InvalidOptionError("'postOnly' is for limit orders that may rest: 'gtc' or 'gtd'")
}

/** Whether a request has only known keys, and values of their kinds in those that most orders have. Allocates nothing. */
function looksSound(request: OrderRequest): boolean {
  if (typeof request !== 'object' || request === null) return false
  for (const name in request) if (!QUICK.has(name)) return false
  const { symbol, instrument, side, quantity, price, orderType, timeInForce, postOnly, reduceOnly } = request
  return (
    (symbol === undefined || (typeof symbol === 'string' && symbol !== '')) &&
    (instrument === undefined || (typeof instrument === 'number' && instrument > 0)) &&
    (side === 'buy' || side === 'sell') &&
    isAmount(quantity) &&
    (price === undefined || isAmount(price)) &&
    (orderType === undefined || orderType === 'limit' || orderType === 'market') &&
    (timeInForce === undefined || timeInForce === 'gtc' || timeInForce === 'ioc' || timeInForce === 'fok') &&
    (postOnly === undefined || typeof postOnly === 'boolean') &&
    (reduceOnly === undefined || typeof reduceOnly === 'boolean')
  )
}

/** The keys that `looksSound` knows. */
const QUICK: ReadonlySet<string> = new Set([
  'symbol',
  'instrument',
  'side',
  'quantity',
  'price',
  'orderType',
  'timeInForce',
  'postOnly',
  'reduceOnly',
])

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
}

/** Sets the fields of a new order, but its id. */
export function fillOrder(
  order: WriteView<typeof Order>,
  request: OrderRequest,
  instrument: Instrument,
  account: number,
): void {
  const type = typeOf(request)
  order.action = 'new'
  order.instrument = instrument.number
  order.account = account
  order.side = request.side
  order.quantity = request.quantity
  order.orderType = type
  order.price = request.price ?? 0
  order.stopPrice = request.stopPrice ?? 0
  order.timeInForce = request.timeInForce ?? (type === 'market' || type === 'stop' ? 'ioc' : 'gtc')
  if (request.expireAt !== undefined) order.expireAt = request.expireAt
  if (request.postOnly !== undefined) order.postOnly = request.postOnly
  if (request.reduceOnly !== undefined) order.reduceOnly = request.reduceOnly
  if (request.clientOrderId !== undefined) order.clientOrderId = request.clientOrderId
}

function typeOf({ orderType, price, stopPrice }: OrderRequest): OrderType {
  if (orderType !== undefined) return orderType
  if (stopPrice !== undefined) return price === undefined ? 'stop' : 'stop-limit'
  return price === undefined ? 'market' : 'limit'
}
