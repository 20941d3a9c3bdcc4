import { textOf } from '../../decimals.js'
import { averageOf, type FakeFill, type FakeOrder } from '../../fake/fake-order.js'
import type { Fields } from '../../fields.js'
import { FIRST_BILL } from './ids.js'

/** The row of an order, as OKX sends it. @param more fields of this message alone. */
export function orderRow(order: FakeOrder, fill: FakeFill | undefined, more: Fields = {}): Fields {
  const { instrument, filledSteps } = order
  const { price, quantity } = instrument
  return {
    // Its kinds, and the ids of its trigger.
    ...order.details,
    instId: instrument.symbol,
    ordId: order.orderId,
    clOrdId: order.clientId,
    tag: '',
    side: order.side,
    posSide: 'net',
    tgtCcy: '',
    reduceOnly: String(order.reduceOnly),
    category: 'normal',
    px: order.ticks === 0 ? '' : textOf(price, order.ticks),
    sz: textOf(quantity, order.steps),
    accFillSz: textOf(quantity, filledSteps),
    avgPx: averageOf(order),
    state: stateOf(order),
    fee: String(-order.fee),
    feeCcy: order.feeCurrency,
    cancelSource: '',
    cancelSourceReason: '',
    cTime: String(order.createdAt),
    uTime: String(order.changedAt),
    reqId: '',
    amendResult: '',
    code: '0',
    msg: '',
    ...(fill === undefined
      ? { fillPx: '', fillSz: '0', fillTime: '', fillFee: '0', fillFeeCcy: '', tradeId: '', execType: '' }
      : {
          fillPx: textOf(price, fill.ticks),
          fillSz: textOf(quantity, fill.steps),
          fillTime: String(fill.at),
          fillFee: String(-fill.fee),
          fillFeeCcy: order.feeCurrency,
          tradeId: fill.tradeId,
          execType: fill.maker ? 'M' : 'T',
        }),
    ...more,
  }
}

/** The row of a fill in the answer to `fills`. */
export function fillRow({ order, index, tradeId, ticks, steps, fee, maker, at }: FakeFill): Fields {
  const { price, quantity, symbol } = order.instrument
  return {
    instType: order.details['instType'],
    instId: symbol,
    tradeId,
    ordId: order.orderId,
    clOrdId: order.clientId,
    billId: String(FIRST_BILL + BigInt(index)),
    tag: '',
    fillPx: textOf(price, ticks),
    fillSz: textOf(quantity, steps),
    side: order.side,
    posSide: 'net',
    execType: maker ? 'M' : 'T',
    feeCcy: order.feeCurrency,
    fee: String(-fee),
    ts: String(at),
    fillTime: String(at),
  }
}

function stateOf({ state, filledSteps }: FakeOrder): string {
  if (state === 'open') return filledSteps === 0 ? 'live' : 'partially_filled'
  return state === 'cancelled' ? 'canceled' : state
}
