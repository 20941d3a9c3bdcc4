import type { Reason } from '../../../trading/messages/reasons.js'
import { textOf } from '../../decimals.js'
import { averageOf, type FakeFill, type FakeOrder } from '../../fake/fake-order.js'
import type { Fields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'

/** What an order's row has that is no part of the exchange: `details` of the order. */
export interface BybitDetails {
  readonly category: BybitTraded
  readonly orderType: string
  readonly timeInForce: string
}

/** The row of an order, as Bybit sends it. @param waits whether its trigger was not reached. */
export function orderRow(order: FakeOrder, waits: boolean): Fields {
  const { instrument, filledSteps, steps, stopTicks, reason } = order
  const { price, quantity } = instrument
  const { category, orderType, timeInForce } = order.details as unknown as BybitDetails
  const isCancelled = order.state === 'cancelled'
  return {
    category,
    symbol: instrument.symbol,
    orderId: order.orderId,
    orderLinkId: order.clientId,
    blockTradeId: '',
    side: order.side === 'buy' ? 'Buy' : 'Sell',
    positionIdx: 0,
    orderStatus: statusOf(order, category, waits),
    cancelType: isCancelled ? (CANCEL_TYPES[reason] ?? 'UNKNOWN') : 'UNKNOWN',
    rejectReason: isCancelled ? (REJECT_REASONS[reason] ?? 'EC_PerCancelRequest') : 'EC_NoError',
    timeInForce,
    orderType,
    price: order.ticks === 0 ? '0' : textOf(price, order.ticks),
    qty: textOf(quantity, steps),
    avgPrice: averageOf(order),
    leavesQty: textOf(quantity, isCancelled ? 0 : steps - filledSteps),
    cumExecQty: textOf(quantity, filledSteps),
    cumExecFee: String(order.fee),
    stopOrderType: stopTicks === 0 ? '' : 'Stop',
    triggerPrice: stopTicks === 0 ? '' : textOf(price, stopTicks),
    triggerDirection: stopTicks === 0 ? 0 : order.side === 'buy' ? 1 : 2,
    triggerBy: stopTicks === 0 ? '' : 'LastPrice',
    reduceOnly: order.reduceOnly,
    closeOnTrigger: false,
    isLeverage: '0',
    smpType: 'None',
    feeCurrency: order.feeCurrency,
    createType: 'CreateByUser',
    createdTime: String(order.createdAt),
    updatedTime: String(order.changedAt),
  }
}

/** The row of a fill, in the topic `execution` and in the answer to `execution/list`. */
export function executionRow({ order, tradeId, ticks, steps, fee, maker, at, index }: FakeFill): Fields {
  const { price, quantity, symbol } = order.instrument
  const { category, orderType } = order.details as unknown as BybitDetails
  return {
    category,
    symbol,
    orderId: order.orderId,
    orderLinkId: order.clientId,
    side: order.side === 'buy' ? 'Buy' : 'Sell',
    orderPrice: order.ticks === 0 ? '0' : textOf(price, order.ticks),
    orderQty: textOf(quantity, order.steps),
    orderType,
    stopOrderType: order.stopTicks === 0 ? 'UNKNOWN' : 'Stop',
    execId: tradeId,
    execType: 'Trade',
    execPrice: textOf(price, ticks),
    execQty: textOf(quantity, steps),
    execFee: String(fee),
    feeCurrency: order.feeCurrency,
    execTime: String(at),
    isMaker: maker,
    blockTradeId: '',
    seq: index,
  }
}

function statusOf({ state, filledSteps }: FakeOrder, category: BybitTraded, waits: boolean): string {
  if (state === 'filled') return 'Filled'
  if (state === 'cancelled') return category === 'spot' && filledSteps > 0 ? 'PartiallyFilledCanceled' : 'Cancelled'
  if (waits) return 'Untriggered'
  return filledSteps > 0 ? 'PartiallyFilled' : 'New'
}

/** Bybit's words of why an order was cancelled. */
const CANCEL_TYPES: Partial<Record<Reason, string>> = {
  requested: 'CancelByUser',
  'reduce-only': 'CancelByReduceOnly',
  'dead-man-switch': 'CancelByDCP',
  'self-trade-prevented': 'CancelBySmp',
  'insufficient-margin': 'CancelByCannotAffordOrderCost',
}

const REJECT_REASONS: Partial<Record<Reason, string>> = {
  'post-only-would-trade': 'EC_PostOnlyWillTakeLiquidity',
  'time-in-force': 'EC_NoImmediateQtyToFill',
  'not-marketable': 'EC_NoImmediateQtyToFill',
  'no-market': 'EC_NoImmediateQtyToFill',
}
