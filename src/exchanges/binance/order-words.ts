import { formatValue } from '../../base/format-value.js'
import type { Reason } from '../../trading/messages/reasons.js'
import { VenueMessageError } from '../errors.js'
import type { OrderText } from '../order-events.js'
import type { PrivateContext } from '../private-context.js'
import { reportOrder } from '../private-events.js'

/** What Binance needs to be asked besides its status to say why an order ended. */
export interface OrderEnd {
  /** 'IOC', 'FOK', 'GTX', 'GTD', 'GTC'. */
  readonly timeInForce: string
  /** 'LIMIT', 'MARKET', 'LIMIT_MAKER'. */
  readonly type: string
  /** Binance's code of a rejection, '' without one. */
  readonly rejected: string
}

/**
 * Reports the state of an order by Binance's word for it.
 *
 * @param working what a working order is reported as: 'accepted' as the answer to a submit, 'open' as the answer to a question.
 * @throws {VenueMessageError} for a status that is not known.
 */
export function reportStatus(
  status: string,
  order: OrderText,
  end: OrderEnd,
  context: PrivateContext,
  working: 'accepted' | 'open',
): void {
  switch (status) {
    case 'NEW':
      return reportOrder(working, order, context)
    case 'PARTIALLY_FILLED':
      return reportOrder('open', order, context)
    case 'PENDING_NEW':
    case 'PENDING_CANCEL':
      return context.passOver(`status ${status}: says nothing yet`)
    case 'FILLED':
      return reportOrder('filled', order, context)
    case 'CANCELED':
      return reportOrder('cancelled', order, context, 'requested')
    case 'EXPIRED_IN_MATCH':
      return reportOrder('cancelled', order, context, 'self-trade-prevented')
    case 'REJECTED':
      return reportOrder('rejected', order, context, REJECTIONS[end.rejected] ?? 'venue-rejected')
    case 'EXPIRED':
      return reportExpired(order, end, context)
    default:
      throw new VenueMessageError(
        `order ${order.orderId} of ${order.symbol} has the status ${formatValue(status)}, which is not known`,
      )
  }
}

/** Binance calls every end without a request 'expired'; here only the end of a time is. */
function reportExpired(order: OrderText, { timeInForce, type }: OrderEnd, context: PrivateContext): void {
  if (timeInForce === 'GTD') return reportOrder('expired', order, context, 'time-in-force')
  if (timeInForce === 'GTX' || type === 'LIMIT_MAKER')
    return reportOrder('cancelled', order, context, 'post-only-would-trade')
  if (timeInForce === 'IOC' || timeInForce === 'FOK' || type === 'MARKET')
    return reportOrder('cancelled', order, context, 'not-marketable')
  return reportOrder('cancelled', order, context, 'venue-rejected')
}

const REJECTIONS: Readonly<Record<string, Reason>> = {
  INSUFFICIENT_BALANCE: 'insufficient-balance',
  INSUFFICIENT_BALANCES: 'insufficient-balance',
  ACCOUNT_INACTIVE: 'venue-rejected',
  ORDER_WOULD_TRIGGER_IMMEDIATELY: 'bad-terms',
  WOULD_MATCH_IMMEDIATELY: 'post-only-would-trade',
}
