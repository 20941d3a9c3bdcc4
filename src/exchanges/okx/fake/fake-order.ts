import type { Instrument } from '../../../trading/instruments/instrument.js'
import { textOf } from '../../decimals.js'
import type { Fields } from '../../fields.js'

/** An order of a fake OKX. Prices in ticks, quantities in steps. */
export interface FakeOrder {
  /** Its number in the simulated exchange. */
  readonly number: number
  readonly ordId: string
  readonly clOrdId: string
  readonly algoId: string
  readonly algoClOrdId: string
  readonly instrument: Instrument
  readonly instType: string
  readonly side: 'buy' | 'sell'
  readonly ordType: string
  readonly tdMode: string
  readonly reduceOnly: boolean
  readonly createdAt: number
  ticks: number
  steps: number
  filledSteps: number
  /** Sum of ticks times steps, and of fees. */
  paid: number
  fee: number
  feeCurrency: string
  state: 'new' | 'live' | 'partially_filled' | 'filled' | 'canceled' | 'rejected'
  /** Why it was rejected: OKX's code. */
  rejection: string
  cancelSource: string
  changedAt: number
}

/** A fill of a fake OKX. */
export interface FakeFill {
  readonly order: FakeOrder
  readonly billId: string
  readonly tradeId: string
  readonly ticks: number
  readonly steps: number
  readonly fee: number
  readonly maker: boolean
  readonly at: number
}

/** The row of an order, as OKX sends it. @param more fields of this message alone. */
export function orderRow(order: FakeOrder, fill: FakeFill | undefined, more: Fields = {}): Fields {
  const { instrument, paid, filledSteps } = order
  const { price, quantity } = instrument
  const average = filledSteps === 0 ? '' : String(price.valueOf(paid / filledSteps))
  return {
    instType: order.instType,
    instId: instrument.symbol,
    ordId: order.ordId,
    clOrdId: order.clOrdId,
    algoId: order.algoId,
    algoClOrdId: order.algoClOrdId,
    tag: '',
    side: order.side,
    posSide: 'net',
    ordType: order.ordType,
    tdMode: order.tdMode,
    tgtCcy: '',
    reduceOnly: String(order.reduceOnly),
    category: 'normal',
    px: order.ticks === 0 ? '' : textOf(price, order.ticks),
    sz: textOf(quantity, order.steps),
    accFillSz: textOf(quantity, filledSteps),
    avgPx: average,
    state: order.state,
    fee: String(-order.fee),
    feeCcy: order.feeCurrency,
    cancelSource: order.cancelSource,
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
export function fillRow({ order, billId, tradeId, ticks, steps, fee, maker, at }: FakeFill): Fields {
  const { price, quantity, symbol } = order.instrument
  return {
    instType: order.instType,
    instId: symbol,
    tradeId,
    ordId: order.ordId,
    clOrdId: order.clOrdId,
    billId,
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
