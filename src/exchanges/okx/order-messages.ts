import { formatValue } from '../../base/format-value.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, optionalField, textField, timeField } from '../fields.js'
import type { FillText, OrderText } from '../order-events.js'

export const ORDER_STATES = ['live', 'partially_filled', 'filled', 'canceled', 'mmp_canceled'] as const

/**
 * An order as OKX describes it: in the channel `orders`, and in the answers to `orders-pending`, `orders-history` and `order`.
 */
export interface OkxOrder extends OrderText {
  /** Of an order that came from a trigger: the client id of that. */
  readonly triggerId: string
  readonly state: (typeof ORDER_STATES)[number]
  /** Why it was cancelled: OKX's number; '' when it was not. */
  readonly cancelSource: string
  /** The last fill; undefined when this message has none. */
  readonly fill: OkxFill | undefined
  /** The answer to an amend; undefined when this message is none. */
  readonly amend: { readonly requestId: string; readonly isDone: boolean } | undefined
}

/** One fill: a part of a message of `orders`, or of the answer to `fills`. */
export interface OkxFill extends FillText {
  /** The venue's time, ms since 1970. */
  readonly atMs: number
}

/** A fill of the answer to `fills`, with the order that it is of. */
export interface OkxOrderFill extends Pick<OrderText, 'symbol' | 'orderId' | 'clientOrderId' | 'side'> {
  readonly fill: OkxFill
  /** Names it among the pages of the answer. */
  readonly billId: string
}

/** @throws {VenueMessageError} */
export function readOrder(fields: Fields): OkxOrder {
  const state = textField(fields, 'state')
  if (!isState(state)) throw new VenueMessageError(`an order has the state ${formatValue(state)}, which is not known`)
  const result = optionalField(fields, 'amendResult')
  const requestId = optionalField(fields, 'reqId')
  return {
    symbol: filledField(fields, 'instId'),
    orderId: filledField(fields, 'ordId'),
    clientOrderId: optionalField(fields, 'clOrdId'),
    triggerId: optionalField(fields, 'algoClOrdId'),
    side: sideOf(fields),
    state,
    price: limitOf(optionalField(fields, 'px')),
    quantity: filledField(fields, 'sz'),
    filled: optionalField(fields, 'accFillSz') || '0',
    atMs: timeField(fields, 'uTime'),
    cancelSource: optionalField(fields, 'cancelSource'),
    fill: lastFillOf(fields),
    amend: result === '' || requestId === '' ? undefined : { requestId, isDone: result === '0' },
  }
}

/** @throws {VenueMessageError} */
export function readOrderFill(fields: Fields): OkxOrderFill {
  return {
    symbol: filledField(fields, 'instId'),
    orderId: filledField(fields, 'ordId'),
    clientOrderId: optionalField(fields, 'clOrdId'),
    side: sideOf(fields),
    billId: filledField(fields, 'billId'),
    fill: {
      tradeId: filledField(fields, 'tradeId'),
      price: filledField(fields, 'fillPx'),
      quantity: filledField(fields, 'fillSz'),
      isMaker: textField(fields, 'execType') === 'M',
      fee: opposite(optionalField(fields, 'fee') || '0'),
      feeCurrency: optionalField(fields, 'feeCcy'),
      atMs: timeField(fields, fields['fillTime'] === undefined ? 'ts' : 'fillTime'),
    },
  }
}

function lastFillOf(fields: Fields): OkxFill | undefined {
  const quantity = optionalField(fields, 'fillSz')
  const tradeId = optionalField(fields, 'tradeId')
  if (tradeId === '' || quantity === '' || Number(quantity) === 0) return undefined
  // `fee` is the sum over all fills: it is that of this one only if there is no other.
  const isOnly = quantity === optionalField(fields, 'accFillSz')
  return {
    tradeId,
    price: filledField(fields, 'fillPx'),
    quantity,
    isMaker: optionalField(fields, 'execType') === 'M',
    fee: opposite(optionalField(fields, 'fillFee') || (isOnly ? optionalField(fields, 'fee') : '')),
    feeCurrency: optionalField(fields, 'fillFeeCcy') || optionalField(fields, 'feeCcy'),
    atMs: timeField(fields, 'fillTime'),
  }
}

/** A market order has no price, or -1. */
function limitOf(price: string): string {
  return price === '-1' ? '' : price
}

/** OKX counts what is paid as below 0. */
function opposite(fee: string): string {
  if (fee === '') return ''
  return fee.startsWith('-') ? fee.slice(1) : `-${fee}`
}

function sideOf(fields: Fields): 'buy' | 'sell' {
  const side = textField(fields, 'side')
  if (side === 'buy' || side === 'sell') return side
  throw new VenueMessageError(`an order has the side ${formatValue(side)}`)
}

function isState(state: string): state is OkxOrder['state'] {
  return (ORDER_STATES as readonly string[]).includes(state)
}
