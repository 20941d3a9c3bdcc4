import type { Instrument } from '../../trading/instruments/instrument.js'
import { BUY, FOK, GTC, GTD, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../trading/messages/order-terms.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import { textOf } from '../decimals.js'
import type { Fields } from '../fields.js'
import { amendId } from './order-events.js'

/** How an instrument is named and traded in requests. */
export interface Traded {
  readonly instrument: Instrument
  /** OKX's number of it; requests over sockets may need it. */
  readonly code: number | undefined
  readonly isSpot: boolean
  readonly marginMode: 'cross' | 'isolated'
}

export function isStop({ type }: VenueOrder): boolean {
  return type === STOP || type === STOP_LIMIT
}

/** The argument of `order`. Undefined for terms that OKX does not have. */
export function orderArgument(order: VenueOrder, traded: Traded, clientOrderId: string): Fields | undefined {
  const ordType = typeOf(order)
  if (ordType === undefined) return undefined
  const { instrument, isSpot } = traded
  return {
    ...nameOf(traded),
    tdMode: isSpot ? 'cash' : traded.marginMode,
    clOrdId: clientOrderId,
    side: order.side === BUY ? 'buy' : 'sell',
    ordType,
    sz: textOf(instrument.quantity, order.steps),
    ...(order.type === LIMIT ? { px: textOf(instrument.price, order.ticks) } : {}),
    // The quantity of a market order to buy would be in the quote currency.
    ...(order.type === MARKET && isSpot ? { tgtCcy: 'base_ccy' } : {}),
    ...(order.reduceOnly && !isSpot ? { reduceOnly: true } : {}),
  }
}

/** The body of `order-algo` for a stop. Undefined for terms that OKX does not have. */
export function triggerArgument(order: VenueOrder, traded: Traded, clientOrderId: string): Fields | undefined {
  if (order.timeInForce !== GTC || order.postOnly) return undefined
  const { instrument, isSpot } = traded
  return {
    instId: instrument.symbol,
    tdMode: isSpot ? 'cash' : traded.marginMode,
    algoClOrdId: clientOrderId,
    side: order.side === BUY ? 'buy' : 'sell',
    ordType: 'trigger',
    sz: textOf(instrument.quantity, order.steps),
    triggerPx: textOf(instrument.price, order.stopTicks),
    triggerPxType: 'last',
    // -1: a market order.
    orderPx: order.type === STOP ? '-1' : textOf(instrument.price, order.ticks),
    ...(isSpot ? { tgtCcy: 'base_ccy' } : {}),
    ...(order.reduceOnly && !isSpot ? { reduceOnly: true } : {}),
  }
}

/** The argument of `amend-order`. @param ticks 0: the order has no price. */
export function amendArgument(
  traded: Traded,
  clientOrderId: string,
  request: number,
  ticks: number,
  steps: number,
): Fields {
  const { price, quantity } = traded.instrument
  return {
    ...nameOf(traded),
    clOrdId: clientOrderId,
    reqId: amendId(request),
    newSz: textOf(quantity, steps),
    ...(ticks === 0 ? {} : { newPx: textOf(price, ticks) }),
  }
}

export function cancelArgument(traded: Traded, clientOrderId: string): Fields {
  return { ...nameOf(traded), clOrdId: clientOrderId }
}

function nameOf({ instrument, code }: Traded): Fields {
  return { instId: instrument.symbol, ...(code === undefined ? {} : { instIdCode: code }) }
}

/** OKX's word for type and time in force together. */
function typeOf({ type, timeInForce, postOnly }: VenueOrder): string | undefined {
  if (timeInForce === GTD) return undefined
  if (type === MARKET) return 'market'
  if (type !== LIMIT) return undefined
  if (postOnly) return 'post_only'
  if (timeInForce === IOC) return 'ioc'
  return timeInForce === FOK ? 'fok' : 'limit'
}
