import { type Reason, reasonCode } from '../../trading/messages/reasons.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { fillEvent, type OrderContext, orderEvent } from '../order-events.js'
import type { OkxFill, OkxOrder } from './order-messages.js'

/** What is known of an order that a message is about, and who hears of it. */
export interface OkxOrderContext extends OrderContext {
  readonly report: (event: VenueEvent) => void
}

/** Reports all that a description of an order says: its last fill, the answer to an amend, and its state. */
export function reportOrder(order: OkxOrder, context: OkxOrderContext): void {
  if (order.fill !== undefined && order.fill.fee !== '') reportFill(order, order.fill, context)
  const { amend, state } = order
  const request = amend === undefined ? undefined : amendNumberIn(amend.requestId)
  if (amend !== undefined && request !== undefined) {
    const said = orderEvent(amend.isDone ? 'amended' : 'amend-rejected', order, context)
    said.request = request
    if (!amend.isDone) said.reason = VENUE_REJECTED
    context.report(said)
  }
  if (state === 'live' && amend === undefined) context.report(orderEvent('accepted', order, context))
  if (state === 'filled') context.report(orderEvent('filled', order, context))
  else if (state === 'canceled' || state === 'mmp_canceled') {
    const said = orderEvent('cancelled', order, context)
    said.reason = cancelReason(order)
    context.report(said)
  } else if (state === 'partially_filled') context.report(orderEvent('open', order, context))
}

/** Reports that an order works with these terms: the answer to a question about it. */
export function reportOpen(order: OkxOrder, context: OkxOrderContext): void {
  context.report(orderEvent('open', order, context))
}

/** @throws {VenueMessageError} when its price or quantity is no whole number of ticks and steps: it is not booked. */
export function reportFill(
  order: Pick<OkxOrder, 'symbol' | 'orderId' | 'side'>,
  fill: OkxFill,
  context: OkxOrderContext,
): void {
  context.report(fillEvent(order, fill, fill.atMs, context))
}

/** The request id that is sent with an amend, so that its answer can be told. */
export function amendId(request: number): string {
  return `a${request}`
}

function amendNumberIn(requestId: string): number | undefined {
  const match = /^a(\d{1,9})$/.exec(requestId)
  return match === null ? undefined : Number(match[1])
}

function cancelReason({ cancelSource }: OkxOrder): number {
  return CANCEL_REASONS.get(cancelSource) ?? VENUE_REJECTED
}

const VENUE_REJECTED = reasonCode('venue-rejected')

/** OKX's numbers of why an order was cancelled, as far as we have a word for them. */
const CANCEL_REASONS: ReadonlyMap<string, number> = new Map(
  (
    [
      ['', 'requested'],
      ['1', 'requested'],
      ['2', 'reduce-only'],
      ['3', 'liquidated'],
      ['9', 'insufficient-balance'],
      ['13', 'time-in-force'],
      ['14', 'time-in-force'],
      ['20', 'dead-man-switch'],
      ['31', 'post-only-would-trade'],
      ['32', 'self-trade-prevented'],
    ] as const satisfies readonly (readonly [string, Reason])[]
  ).map(([source, reason]) => [source, reasonCode(reason)]),
)
