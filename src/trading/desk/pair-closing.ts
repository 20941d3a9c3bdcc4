import { BUY, IOC, LIMIT, SELL } from '../messages/order-terms.js'
import { type Reason, reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { Word } from '../orders/life/words.js'
import { closingTicks } from '../pairs/closing-price.js'
import type { Pair } from '../pairs/pair.js'
import type { DeskVenue } from './desk-venues.js'
import type { PairDesk } from './pair-desk.js'

/** A closing order: the other side, with a limit price within the band, filled at once as far as possible. */
export function closingOrder(desk: PairDesk, pair: Pair, index: 0 | 1, steps: number): LiveOrder {
  const { orders, venues, risk } = desk
  const { instrument, account, side, paid, filled } = pair.legs[index]
  const venue = venues.of(instrument) as DeskVenue
  const order = orders.create(pair.idHigh, pair.nextClosingId)
  const market = risk.desk.market(instrument)
  order.instrument = instrument
  order.account = account
  order.accountNumber = venue.firstAccount + account
  order.side = side === BUY ? SELL : BUY
  order.type = LIMIT
  order.timeInForce = IOC
  order.ticks = closingTicks(side, paid, filled, side === BUY ? market.bid : market.ask, pair.terms.maxSlippage)
  order.steps = steps
  order.stopTicks = 0
  order.expireAt = 0
  order.postOnly = false
  order.reduceOnly = false
  order.deadline = desk.deadlineAt(venue)
  return order
}

/** Whether closing is tried again after it was refused for this reason, an index into REASONS. */
export function mayPassLater(reason: number): boolean {
  return PASSING.has(reason)
}

/** Why a closing order that has ended was not filled completely. */
export function reasonOfRest({ reason, word }: LiveOrder): number {
  return NOTHING_THERE.has(reason) && word !== Word.REJECTED ? OUTSIDE : reason
}

const OUTSIDE = reasonCode('outside-slippage')
/** Reasons that may be gone later: after one of them closing is tried again. */
const PASSING: ReadonlySet<number> = new Set(
  (
    [
      'stale-market-data',
      'not-reconciled',
      'unknown-outcome',
      'order-rate-limit',
      'open-orders-limit',
      'price-band',
      'self-trade',
      'duplicate-in-flight',
      'not-tradable',
      'outside-slippage',
    ] as const satisfies readonly Reason[]
  ).map(reasonCode),
)
/** The reasons with which an order ends when nothing could be traded at its price. */
const NOTHING_THERE: ReadonlySet<number> = new Set(
  (['none', 'not-marketable', 'no-market', 'time-in-force'] as const satisfies readonly Reason[]).map(reasonCode),
)
