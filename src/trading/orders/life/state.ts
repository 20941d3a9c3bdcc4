import { ORDER_STATES, type OrderState } from '../../messages/order-terms.js'
import type { LiveOrder } from './live-order.js'
import { Word } from './words.js'

const SUBMITTED = ORDER_STATES.indexOf('submitted')
const ACCEPTED = ORDER_STATES.indexOf('accepted')
const PARTIALLY_FILLED = ORDER_STATES.indexOf('partially-filled')
const FILLED = ORDER_STATES.indexOf('filled')
const CANCELLED = ORDER_STATES.indexOf('cancelled')
const REJECTED = ORDER_STATES.indexOf('rejected')
const DENIED = ORDER_STATES.indexOf('denied')
const EXPIRED = ORDER_STATES.indexOf('expired')
const UNKNOWN = ORDER_STATES.indexOf('unknown')

/**
 * The state that a strategy sees, from the four facts: an index into ORDER_STATES.
 *
 * An order whose fills add up to its quantity is filled, whatever else was said: a stale cancel changes nothing. Then
 * comes what the venue last said, then whether that is certain, then the fills.
 */
export function stateOf(order: LiveOrder): number {
  if (order.isFilled) return FILLED
  switch (order.word) {
    case Word.CANCELLED:
      return CANCELLED
    case Word.EXPIRED:
      return EXPIRED
    case Word.REJECTED:
      return REJECTED
    case Word.DENIED:
      return DENIED
    default:
      if (order.unknownSince >= 0) return UNKNOWN
      if (order.filledSteps > 0) return PARTIALLY_FILLED
      return order.word === Word.WORKING ? ACCEPTED : SUBMITTED
  }
}

export function stateName(order: LiveOrder): OrderState {
  return ORDER_STATES[stateOf(order)]
}
