import type { FaultDraw } from '../../fake/fake-faults.js'
import { isOpen } from '../../fake/fake-order.js'
import { RequestCount } from '../../fake/request-count.js'
import { type Fields, isFields, optionalField } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import type { Answer, BybitOrders } from './bybit-orders.js'

/** The requests about orders, by their names on the socket. */
const OPERATIONS: Readonly<Record<string, 'place' | 'amend' | 'cancel'>> = {
  'order.create': 'place',
  'order.create-batch': 'place',
  'order.amend': 'amend',
  'order.amend-batch': 'amend',
  'order.cancel': 'cancel',
  'order.cancel-batch': 'cancel',
}

/** The most orders of one request, and requests of a kind in a second. */
const MOST = { linear: 20, spot: 10 } as const
const LIMITS = { linear: 10, spot: 20 } as const
/** What must be text where it is there. */
const TEXTS = ['symbol', 'side', 'orderType', 'qty', 'price', 'timeInForce', 'orderLinkId', 'orderId', 'triggerPrice']
/** How much a client's clock may be ahead, ms. */
const AHEAD_MS = 1000
const WINDOW_MS = 5000

/** What Bybit answers to a request about orders, without what belongs to the way that it came. */
export interface OperationAnswer {
  readonly retCode: number
  readonly retMsg: string
  readonly data: Fields
  readonly retExtInfo: Fields
}

/** Acts on requests about orders, with the limits of Bybit: so many orders of each kind in a second. */
export class FakeOperations {
  private readonly counts: Readonly<Record<BybitTraded, RequestCount>>

  /** @param limit of each kind in a second; undefined: as many as Bybit. */
  constructor(
    private readonly orders: Readonly<Record<BybitTraded, BybitOrders>>,
    private readonly draw: FaultDraw,
    limit: number | undefined,
  ) {
    this.counts = {
      linear: new RequestCount(limit ?? LIMITS.linear, 1000),
      spot: new RequestCount(limit ?? LIMITS.spot, 1000),
    }
  }

  act(op: string, argument: Fields): OperationAnswer {
    const kind = OPERATIONS[op]
    const { category } = argument
    if (kind === undefined || (category !== 'linear' && category !== 'spot'))
      return failed(10_404, 'op type is not found, or category is not supported')
    if (!op.endsWith('-batch')) {
      const answer = this.one(kind, op, category, argument)
      return { ...failed(answer.code, answer.text), data: idsOf(answer) }
    }
    const { request } = argument
    if (!Array.isArray(request) || request.length === 0 || request.length > MOST[category] || !request.every(isFields))
      return failed(10_001, 'request params err')
    const answers = request.map((fields: Fields) => this.one(kind, op, category, fields))
    return {
      retCode: 0,
      retMsg: 'OK',
      data: { list: answers.map((answer, i) => ({ category, symbol: request[i]['symbol'], ...idsOf(answer) })) },
      retExtInfo: { list: answers.map(({ code, text }) => ({ code, msg: text })) },
    }
  }

  private one(kind: 'place' | 'amend' | 'cancel', op: string, category: BybitTraded, fields: Fields): Answer {
    const orders = this.orders[category]
    const wrong = TEXTS.find(name => fields[name] !== undefined && typeof fields[name] !== 'string')
    if (wrong !== undefined) return { code: 10_001, text: `${wrong} is no text`, orderId: '', orderLinkId: '' }
    const orderLinkId = optionalField(fields, 'orderLinkId')
    if (!this.counts[category].allows(op))
      return { code: 10_006, text: 'Too many visits. Exceeded the API Rate Limit.', orderId: '', orderLinkId }
    if (kind === 'cancel' && this.draw.happens('fillDuringCancel')) {
      const order = orders.find(fields)
      if (order !== undefined && isOpen(order) && order.stopTicks === 0) orders.exchange.fillPart(order)
    }
    return orders[kind](fields)
  }
}

/** Why a request is too late or too early; undefined when it is not. @param time, window as the request has them. */
export function windowRefusal(time: unknown, window: unknown): OperationAnswer | undefined {
  const [at, ms] = [Number(time), window === undefined ? WINDOW_MS : Number(window)]
  const now = Date.now()
  if (now - ms <= at && at < now + AHEAD_MS) return undefined
  return failed(10_002, `invalid request, please check your server timestamp or recv_window param. now ${now}`)
}

export function failed(retCode: number, retMsg: string): OperationAnswer {
  return { retCode, retMsg, data: {}, retExtInfo: {} }
}

function idsOf({ orderId, orderLinkId }: Answer): Fields {
  return { orderId, orderLinkId }
}
