import type { Reason } from '../../../trading/messages/reasons.js'
import type { TradedMarket } from '../endpoints.js'

/** Why Binance refuses a request, in its words. */
export interface Refusal {
  readonly code: number
  readonly msg: string
}

export function refusal(code: number, msg: string): Refusal {
  return { code, msg }
}

export function isRefusal(answer: object): answer is Refusal {
  return 'code' in answer && 'msg' in answer
}

export const UNKNOWN_ORDER = refusal(-2013, 'Order does not exist.')
export const CANCEL_REJECTED = refusal(-2011, 'Unknown order sent.')
export const TOO_MANY_ORDERS = refusal(-1015, 'Too many new orders; please use the websocket for live updates.')
export const TOO_MANY_REQUESTS = refusal(-1003, 'Too many requests; please use the websocket for live updates.')
export const OUTSIDE_WINDOW = refusal(-1021, 'Timestamp for this request is outside of the recvWindow.')
export const BAD_SIGNATURE = refusal(-1022, 'Signature for this request is not valid.')
export const BAD_KEY = refusal(-2014, 'API-key format invalid.')
export const DUPLICATE: Readonly<Record<TradedMarket, Refusal>> = {
  spot: refusal(-2010, 'Duplicate order sent.'),
  'usd-m': refusal(-4116, 'ClientOrderId is duplicated.'),
  'coin-m': refusal(-4116, 'ClientOrderId is duplicated.'),
}

const SPOT: Partial<Record<Reason, Refusal>> = {
  'insufficient-balance': refusal(-2010, 'Account has insufficient balance for requested action.'),
  'post-only-would-trade': refusal(-2010, 'Order would immediately match and take.'),
  'order-too-small': refusal(-1013, 'Filter failure: LOT_SIZE'),
  'order-too-large': refusal(-1013, 'Filter failure: LOT_SIZE'),
  'notional-too-small': refusal(-1013, 'Filter failure: NOTIONAL'),
}

const FUTURES: Partial<Record<Reason, Refusal>> = {
  'insufficient-margin': refusal(-2019, 'Margin is insufficient.'),
  'post-only-would-trade': refusal(
    -5022,
    'Due to the order could not be executed as maker, the Post Only order will be rejected.',
  ),
  'order-too-small': refusal(-4003, 'Quantity less than or equal to zero.'),
  'order-too-large': refusal(-4005, 'Quantity greater than max quantity.'),
  'notional-too-small': refusal(-4164, "Order's notional must be no smaller than 100 (unless you choose reduce only)."),
  'reduce-only': refusal(-2022, 'ReduceOnly Order is rejected.'),
}

/** Binance's words for a reason of the simulated exchange. */
export function refusalOf(reason: Reason, market: TradedMarket): Refusal {
  return (market === 'spot' ? SPOT : FUTURES)[reason] ?? refusal(-2010, `Order was refused: ${reason}`)
}
