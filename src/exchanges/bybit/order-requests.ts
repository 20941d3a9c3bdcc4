import type { Instrument } from '../../trading/instruments/instrument.js'
import { BUY, FOK, GTC, GTD, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../trading/messages/order-terms.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import { textOf } from '../decimals.js'
import type { Fields } from '../fields.js'
import type { BybitTraded } from './endpoints.js'

/** Bybit's directions of a trigger: the price must rise to it, or fall. */
const RISES = 1
const FALLS = 2

/** The argument of `order.create`, without the category. Undefined for terms that Bybit does not have. */
export function orderArgument(order: VenueOrder, category: BybitTraded, orderLinkId: string): Fields | undefined {
  const timeInForce = timeInForceOf(order)
  if (timeInForce === undefined) return undefined
  const { instrument, side, steps, ticks, type } = order
  const isMarket = type === MARKET || type === STOP
  const isLinear = category === 'linear'
  return {
    symbol: instrument.symbol,
    side: side === BUY ? 'Buy' : 'Sell',
    orderType: isMarket ? 'Market' : 'Limit',
    qty: textOf(instrument.quantity, steps),
    ...(isMarket ? {} : { price: textOf(instrument.price, ticks) }),
    timeInForce,
    orderLinkId,
    // The quantity of a market order to buy would be in the quote currency.
    ...(isMarket && !isLinear ? { marketUnit: 'baseCoin' } : {}),
    ...(isStop(order) ? triggerOf(order, isLinear) : {}),
    ...(isLinear ? { positionIdx: 0, reduceOnly: order.reduceOnly } : {}),
  }
}

/** The argument of `order.amend`. @param ticks 0: the order has no limit price. */
export function amendArgument(
  { symbol, price, quantity }: Instrument,
  category: BybitTraded,
  orderLinkId: string,
  ticks: number,
  steps: number,
): Fields {
  return {
    category,
    symbol,
    orderLinkId,
    qty: textOf(quantity, steps),
    ...(ticks === 0 ? {} : { price: textOf(price, ticks) }),
  }
}

export function cancelArgument({ symbol }: Instrument, category: BybitTraded, orderLinkId: string): Fields {
  return { category, symbol, orderLinkId }
}

function isStop({ type }: VenueOrder): boolean {
  return type === STOP || type === STOP_LIMIT
}

function triggerOf({ side, instrument, stopTicks }: VenueOrder, isLinear: boolean): Fields {
  const triggerPrice = textOf(instrument.price, stopTicks)
  if (!isLinear) return { triggerPrice, orderFilter: 'StopOrder' }
  // A stop to buy is above the market, one to sell below.
  return { triggerPrice, triggerDirection: side === BUY ? RISES : FALLS, triggerBy: 'LastPrice' }
}

/** Undefined for what Bybit does not have, or is not known to do with a stop. */
function timeInForceOf(order: VenueOrder): string | undefined {
  const { type, timeInForce, postOnly } = order
  if (timeInForce === GTD) return undefined
  if (isStop(order) && (timeInForce !== GTC || postOnly)) return undefined
  if (type === MARKET || type === STOP) return 'IOC'
  if (type !== LIMIT && type !== STOP_LIMIT) return undefined
  if (postOnly) return 'PostOnly'
  if (timeInForce === IOC) return 'IOC'
  return timeInForce === FOK ? 'FOK' : 'GTC'
}
