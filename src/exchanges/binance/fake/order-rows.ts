import { textOf } from '../../decimals.js'
import type { FakeChange } from '../../fake/fake-exchange.js'
import { averageOf, type FakeFill, type FakeOrder } from '../../fake/fake-order.js'
import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'

/** Binance's word for the state of an order. */
function statusOf({ state, filledSteps, reason }: FakeOrder): string {
  if (state === 'filled') return 'FILLED'
  if (state === 'rejected') return 'REJECTED'
  if (state === 'cancelled') {
    if (reason === 'self-trade-prevented') return 'EXPIRED_IN_MATCH'
    return reason === 'requested' || reason === 'dead-man-switch' ? 'CANCELED' : 'EXPIRED'
  }
  return filledSteps === 0 ? 'NEW' : 'PARTIALLY_FILLED'
}

/** What Binance says has happened. */
function eventOf({ order, what }: FakeChange): string {
  if (what === 'fill') return 'TRADE'
  if (what === 'amended') return 'AMENDMENT'
  return what === 'accepted' ? 'NEW' : statusOf(order)
}

/** An order in the answers to requests and questions. */
export function orderRow(order: FakeOrder, market: TradedMarket): Fields {
  const { instrument, createdAt, changedAt, reduceOnly } = order
  const { price, quantity } = instrument
  const common = {
    symbol: instrument.symbol,
    orderId: Number(order.orderId),
    clientOrderId: order.clientId,
    price: textOf(price, order.ticks),
    origQty: textOf(quantity, order.steps),
    executedQty: textOf(quantity, order.filledSteps),
    status: statusOf(order),
    ...order.details,
    side: order.side.toUpperCase(),
    stopPrice: textOf(price, order.stopTicks),
    updateTime: changedAt,
    time: createdAt,
  }
  if (market === 'spot') return { ...common, orderListId: -1, isWorking: true }
  return { ...common, avgPrice: averageOf(order) || '0.00', reduceOnly, positionSide: 'BOTH', closePosition: false }
}

/** The message about a change of an order: `executionReport`, or the object `o` of ORDER_TRADE_UPDATE. */
export function reportRow(change: FakeChange): Fields {
  const { order, fill } = change
  const { instrument } = order
  const { price, quantity } = instrument
  return {
    s: instrument.symbol,
    S: order.side.toUpperCase(),
    o: order.details['type'],
    f: order.details['timeInForce'],
    q: textOf(quantity, order.steps),
    p: textOf(price, order.ticks),
    x: eventOf(change),
    X: statusOf(order),
    i: Number(order.orderId),
    l: fill === undefined ? '0' : textOf(quantity, fill.steps),
    z: textOf(quantity, order.filledSteps),
    L: fill === undefined ? '0' : textOf(price, fill.ticks),
    n: fill === undefined ? '0' : String(fill.fee),
    N: fill === undefined ? null : order.feeCurrency,
    T: order.changedAt,
    t: fill === undefined ? -1 : Number(fill.tradeId),
    m: fill?.maker ?? false,
  }
}

/** A fill in the answer to `myTrades` or `userTrades`. */
export function tradeRow({ order, tradeId, ticks, steps, fee, maker, at }: FakeFill, market: TradedMarket): Fields {
  const { price, quantity, symbol } = order.instrument
  const isBuyer = order.side === 'buy'
  return {
    symbol,
    id: Number(tradeId),
    orderId: Number(order.orderId),
    price: textOf(price, ticks),
    qty: textOf(quantity, steps),
    commission: String(fee),
    commissionAsset: order.feeCurrency,
    time: at,
    side: isBuyer ? 'BUY' : 'SELL',
    ...(market === 'spot' ? { isBuyer, isMaker: maker } : { buyer: isBuyer, maker }),
  }
}

export const SIDES: Readonly<Record<string, 'buy' | 'sell'>> = { BUY: 'buy', SELL: 'sell' }
