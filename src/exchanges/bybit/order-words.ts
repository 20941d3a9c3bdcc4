import { formatValue } from '../../base/format-value.js'
import type { Reason } from '../../trading/messages/reasons.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, optionalField, textField, timeField } from '../fields.js'
import type { OrderText } from '../order-events.js'
import type { PrivateContext } from '../private-context.js'
import { ownIdOf, reportOrder } from '../private-events.js'

/**
 * Reports an order as Bybit describes it: in the topic `order`, and in answers to questions about orders.
 *
 * @param working what a working order is reported as: 'accepted' in the topic, 'open' as the answer to a question.
 * @throws {VenueMessageError}
 */
export function reportBybitOrder(fields: Fields, context: PrivateContext, working: 'accepted' | 'open'): void {
  const order = orderOf(fields)
  const status = textField(fields, 'orderStatus')
  const isAmended = !NO_TERMS.has(status) && reportAmend(order, context)
  switch (status) {
    case 'New':
    case 'Untriggered':
      // That it works, the amend says too.
      if (!isAmended || working === 'open') reportOrder(working, order, context)
      return
    case 'PartiallyFilled':
      return reportOrder('open', order, context)
    case 'Created':
    case 'Triggered':
      return context.passOver(`status ${status}: says nothing yet`)
    case 'Filled':
      return reportOrder('filled', order, context)
    case 'Cancelled':
    case 'PartiallyFilledCanceled':
    case 'Deactivated':
      return reportOrder('cancelled', order, context, cancelReason(fields))
    case 'Rejected':
      return reportRejected(order, fields, context)
    default:
      throw new VenueMessageError(
        `order ${order.orderId} of ${order.symbol} has the status ${formatValue(status)}, which is not known`,
      )
  }
}

/** Of these a message says nothing about an amend. */
const NO_TERMS = new Set(['Rejected', 'Created', 'Triggered'])

/** Amends have no word of their own: an order that waits for one, and has its terms, was amended. */
function reportAmend(order: OrderText, context: PrivateContext): boolean {
  const isAmended = context.amendOf(ownIdOf(order, context), order) !== 0
  if (isAmended) reportOrder('amended', order, context)
  return isAmended
}

/** Bybit also calls an order rejected that was filled in part before. For us a rejected order has no fill. */
function reportRejected(order: OrderText, fields: Fields, context: PrivateContext): void {
  const reason = REJECTIONS[optionalField(fields, 'rejectReason')] ?? 'venue-rejected'
  reportOrder(Number(order.filled) > 0 ? 'cancelled' : 'rejected', order, context, reason)
}

export function orderOf(fields: Fields): OrderText {
  return {
    symbol: filledField(fields, 'symbol'),
    orderId: filledField(fields, 'orderId'),
    clientOrderId: optionalField(fields, 'orderLinkId'),
    side: sideOf(fields),
    // Of a market order it is the worst price that Bybit lets it have.
    price: optionalField(fields, 'orderType') === 'Market' ? '' : optionalField(fields, 'price'),
    quantity: filledField(fields, 'qty'),
    filled: optionalField(fields, 'cumExecQty') || '0',
    atMs: timeField(fields, 'updatedTime'),
  }
}

/** @throws {VenueMessageError} */
export function sideOf(fields: Fields): 'buy' | 'sell' {
  const side = textField(fields, 'side')
  if (side === 'Buy') return 'buy'
  if (side === 'Sell') return 'sell'
  throw new VenueMessageError(`a message of Bybit has the side ${formatValue(side)}`)
}

function cancelReason(fields: Fields): Reason {
  const rejected = REJECTIONS[optionalField(fields, 'rejectReason')]
  return rejected ?? CANCELS[optionalField(fields, 'cancelType')] ?? 'requested'
}

/** Bybit's words of who cancelled an order, as far as it was not a request. */
const CANCELS: Readonly<Record<string, Reason>> = {
  CancelByReduceOnly: 'reduce-only',
  CancelByPrepareLiq: 'liquidated',
  CancelAllBeforeLiq: 'liquidated',
  CancelByPrepareAdl: 'liquidated',
  CancelAllBeforeAdl: 'liquidated',
  CancelBySettle: 'instrument-settled',
  CancelByDelivery: 'instrument-settled',
  CancelByTpSlTsClear: 'venue-rejected',
  CancelByPzSideCh: 'venue-rejected',
  CancelBySmp: 'self-trade-prevented',
  CancelByDCP: 'dead-man-switch',
  CancelByCannotAffordOrderCost: 'insufficient-balance',
  CancelByNoLiquidity: 'not-marketable',
}

const REJECTIONS: Readonly<Record<string, Reason>> = {
  EC_PostOnlyWillTakeLiquidity: 'post-only-would-trade',
  EC_NoImmediateQtyToFill: 'not-marketable',
  EC_NoEnoughQtyToFill: 'not-marketable',
  EC_CancelForNoFullFill: 'not-marketable',
  EC_ReduceOnlyRejected: 'reduce-only',
  EC_SelfMatch: 'self-trade-prevented',
  INSUFFICIENT_MARGIN: 'insufficient-margin',
  INSUFFICIENT_BALANCE: 'insufficient-balance',
}
