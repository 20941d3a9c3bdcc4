import type { Instrument } from '../../../trading/instruments/instrument.js'
import { FOK, GTC, IOC, LIMIT, MARKET } from '../../../trading/messages/order-terms.js'
import type { Reason } from '../../../trading/messages/reasons.js'
import { unitsIn } from '../../decimals.js'
import { FakeExchange } from '../../fake/fake-exchange.js'
import { type FakeFill, type FakeOrder, isOpen } from '../../fake/fake-order.js'
import { type Fields, optionalField } from '../../fields.js'
import { okxInstruments } from '../instruments.js'
import { FAKE_INSTRUMENTS } from './fake-instruments.js'
import { FIRST_ORDER } from './ids.js'
import { orderRow } from './order-rows.js'

/** What OKX answers to a request about one order. */
export interface Answer {
  readonly ordId: string
  readonly clOrdId: string
  readonly sCode: string
  readonly sMsg: string
}

/** Requests about orders in OKX's words, on a simulated exchange. */
export class OkxOrders {
  readonly exchange: FakeExchange
  /** Called with each row of the channel `orders`. */
  onOrder: (row: Fields) => void = () => {}
  private readonly types = new Map<string, string>()
  private amendId = ''

  constructor(seed: number) {
    const { instruments } = okxInstruments({ data: FAKE_INSTRUMENTS })
    for (const { spec, type } of instruments) this.types.set(spec.symbol, type)
    this.exchange = new FakeExchange({
      instruments: instruments.map(({ spec }) => spec),
      seed,
      firstId: FIRST_ORDER,
      acceptsFirst: ['post-only-would-trade'],
    })
    this.exchange.onChange = ({ order, what, fill }) =>
      this.onOrder(this.row(order, fill, what === 'amended' ? { reqId: this.amendId, amendResult: '0' } : {}))
  }

  get instruments(): ReadonlyMap<string, Instrument> {
    return this.exchange.instruments
  }

  find(fields: Fields): FakeOrder | undefined {
    return this.exchange.find(optionalField(fields, 'ordId'), optionalField(fields, 'clOrdId'))
  }

  /** The row of an order. @param more fields of this message alone. */
  row(order: FakeOrder, fill: FakeFill | undefined, more: Fields = {}): Fields {
    return orderRow(order, fill, { cancelSource: CANCEL_SOURCES[order.reason] ?? '', ...more })
  }

  /** @param algo of an order that a trigger sends. */
  place(fields: Fields, algo?: { readonly algoId: string; readonly algoClOrdId: string }): Answer {
    const { instId, clOrdId = '', side, ordType, px = '', sz, tdMode, reduceOnly } = fields as Record<string, string>
    const instrument = this.instruments.get(instId)
    if (instrument === undefined) return refusal('', clOrdId, '51001', 'Instrument ID does not exist.')
    const type = TYPES[ordType]
    if (type === undefined || (side !== 'buy' && side !== 'sell'))
      return refusal('', clOrdId, '51000', 'Parameter ordType or side error.')
    const instType = this.types.get(instId)
    if (tdMode !== (instType === 'SPOT' ? 'cash' : 'cross')) return refusal('', clOrdId, '51010', 'Account mode error.')
    const ticks = type.order === MARKET ? 0 : unitsIn(instrument.price, px)
    const steps = unitsIn(instrument.quantity, sz)
    if (Number.isNaN(ticks)) return refusal('', clOrdId, '51006', 'Order price is not a multiple of the tick size.')
    if (Number.isNaN(steps)) return refusal('', clOrdId, '51121', 'Order quantity must be a multiple of the lot size.')
    const order = this.exchange.place({
      clientId: clOrdId,
      instrument,
      side,
      type: type.order,
      timeInForce: type.time,
      postOnly: type.post,
      reduceOnly: String(reduceOnly) === 'true',
      ticks,
      steps,
      stopTicks: 0,
      details: { instType, ordType, tdMode, algoId: algo?.algoId ?? '', algoClOrdId: algo?.algoClOrdId ?? '' },
    })
    if (order === undefined) return refusal('', clOrdId, '51016', 'Client order ID already exists.')
    return order.state === 'rejected' ? refusal('', clOrdId, codeOf(order.reason), 'Order refused.') : done(order)
  }

  amend(fields: Fields): Answer {
    const { newPx, newSz, reqId = '' } = fields as Record<string, string>
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    const { instrument, orderId, clientId } = order
    const ticks = newPx === undefined ? order.ticks : unitsIn(instrument.price, newPx)
    const steps = newSz === undefined ? order.steps : unitsIn(instrument.quantity, newSz)
    if (Number.isNaN(ticks) || Number.isNaN(steps)) return refusal(orderId, clientId, '51006', 'Bad price or size.')
    this.amendId = reqId
    const refused = this.exchange.amend(order, ticks, steps)
    return refused === undefined ? done(order) : refusal(orderId, clientId, codeOf(refused), 'Amend refused.')
  }

  cancel(fields: Fields): Answer {
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    this.exchange.cancel(order)
    return done(order)
  }

  private gone(fields: Fields, order: FakeOrder | undefined): Answer {
    if (order === undefined) return refusal('', optionalField(fields, 'clOrdId'), '51603', 'Order does not exist.')
    return refusal(order.orderId, order.clientId, order.state === 'filled' ? '51402' : '51401', 'Order is final.')
  }
}

function done({ orderId, clientId }: FakeOrder): Answer {
  return { ordId: orderId, clOrdId: clientId, sCode: '0', sMsg: '' }
}

export function refusal(ordId: string, clOrdId: string, sCode: string, sMsg: string): Answer {
  return { ordId, clOrdId, sCode, sMsg }
}

const TYPES: Readonly<Record<string, { readonly order: number; readonly time: number; readonly post: boolean }>> = {
  limit: { order: LIMIT, time: GTC, post: false },
  market: { order: MARKET, time: IOC, post: false },
  post_only: { order: LIMIT, time: GTC, post: true },
  ioc: { order: LIMIT, time: IOC, post: false },
  fok: { order: LIMIT, time: FOK, post: false },
}

/** OKX's numbers of why an order was cancelled. */
const CANCEL_SOURCES: Partial<Record<Reason, string>> = {
  requested: '1',
  'reduce-only': '2',
  liquidated: '3',
  'time-in-force': '14',
  'not-marketable': '14',
  'no-market': '14',
  'dead-man-switch': '20',
  'post-only-would-trade': '31',
  'self-trade-prevented': '32',
}

/** OKX's codes of why an order was refused. */
const CODES: Partial<Record<Reason, string>> = {
  'insufficient-balance': '51008',
  'insufficient-margin': '51008',
  'order-too-small': '51020',
  'order-too-large': '51202',
  'reduce-only': '51169',
  'no-market': '51117',
}

function codeOf(reason: Reason): string {
  return CODES[reason] ?? '51000'
}
