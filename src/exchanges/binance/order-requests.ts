import type { Instrument } from '../../trading/instruments/instrument.js'
import { BUY, FOK, GTD, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../trading/messages/order-terms.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import { textOf } from '../decimals.js'
import type { TradedMarket } from './endpoints.js'
import type { Parameters } from './signing.js'

/** The names of requests over the socket. */
export const METHODS = { submit: 'order.place', amend: 'order.modify', cancel: 'order.cancel' } as const

/** The parameters of `order.place`. Undefined for terms that this market of Binance does not have. */
export function orderParameters(
  order: VenueOrder,
  market: TradedMarket,
  clientOrderId: string,
): Parameters | undefined {
  const terms = market === 'spot' ? spotTerms(order) : futuresTerms(order)
  if (terms === undefined) return undefined
  const { instrument, steps } = order
  return {
    symbol: instrument.symbol,
    side: sideWord(order.side),
    quantity: textOf(instrument.quantity, steps),
    newClientOrderId: clientOrderId,
    // What becomes of it is in the account's stream.
    newOrderRespType: 'ACK',
    ...terms,
  }
}

/** The parameters of `order.modify`: USD-M wants all terms. @param side 0 or 1, as in SIDES. */
export function amendParameters(
  { symbol, price, quantity }: Instrument,
  side: number,
  clientOrderId: string,
  ticks: number,
  steps: number,
): Parameters {
  return {
    symbol,
    side: sideWord(side),
    origClientOrderId: clientOrderId,
    price: textOf(price, ticks),
    quantity: textOf(quantity, steps),
  }
}

export function cancelParameters({ symbol }: Instrument, clientOrderId: string): Parameters {
  return { symbol, origClientOrderId: clientOrderId }
}

function sideWord(side: number): string {
  return side === BUY ? 'BUY' : 'SELL'
}

function spotTerms(order: VenueOrder): Parameters | undefined {
  const { type, timeInForce, postOnly, ticks, stopTicks } = order
  const { price } = order.instrument
  if (timeInForce === GTD) return undefined
  if (type === MARKET) return { type: 'MARKET' }
  if (type === STOP) return { type: 'STOP_LOSS', stopPrice: textOf(price, stopTicks) }
  const limit = { price: textOf(price, ticks) }
  if (type === STOP_LIMIT) {
    if (postOnly) return undefined
    return { ...limit, type: 'STOP_LOSS_LIMIT', timeInForce: timeWord(order), stopPrice: textOf(price, stopTicks) }
  }
  if (type !== LIMIT) return undefined
  return postOnly ? { ...limit, type: 'LIMIT_MAKER' } : { ...limit, type: 'LIMIT', timeInForce: timeWord(order) }
}

/** Stops of USD-M are requests of another kind, which this adapter does not have. */
function futuresTerms(order: VenueOrder): Parameters | undefined {
  const { type, timeInForce, postOnly, ticks, reduceOnly } = order
  if (timeInForce === GTD) return undefined
  const reduce: Parameters = reduceOnly ? { reduceOnly: 'true' } : {}
  if (type === MARKET) return { type: 'MARKET', ...reduce }
  if (type !== LIMIT) return undefined
  const time = postOnly ? 'GTX' : timeWord(order)
  return { type: 'LIMIT', timeInForce: time, price: textOf(order.instrument.price, ticks), ...reduce }
}

function timeWord({ timeInForce }: VenueOrder): string {
  if (timeInForce === IOC) return 'IOC'
  return timeInForce === FOK ? 'FOK' : 'GTC'
}
