import type { Instrument } from '../../trading/instruments/instrument.js'
import { BUY, SELL } from '../../trading/messages/order-terms.js'
import { type Reason, reasonCode } from '../../trading/messages/reasons.js'
import { VenueEvent } from '../../trading/venues/venue-event.js'
import { unitsIn } from '../decimals.js'
import { VenueMessageError } from '../errors.js'
import type { OkxFill, OkxOrder } from './order-messages.js'

/** Which of our orders a message is about; both 0 for an order of another home, or of a person. */
export interface OwnId {
  readonly high: number
  readonly low: number
}

/** What the events of an order have in common. */
export interface OrderContext {
  readonly id: OwnId
  readonly instrument: Instrument
  readonly account: number
  /** ns since the home's origin of ms since 1970. */
  readonly timeOf: (ms: number) => number
  readonly report: (event: VenueEvent) => void
}

const event = new VenueEvent()

/** Reports all that a description of an order says: its last fill, the answer to an amend, and its state. */
export function reportOrder(order: OkxOrder, context: OrderContext): void {
  if (order.fill !== undefined && order.fill.fee !== '') reportFill(order, order.fill, context)
  const { amend, state } = order
  const request = amend === undefined ? undefined : amendNumberIn(amend.requestId)
  if (amend !== undefined && request !== undefined) {
    const said = begin(order, context, amend.isDone ? 'amended' : 'amend-rejected')
    said.request = request
    if (!amend.isDone) said.reason = VENUE_REJECTED
    context.report(said)
  }
  if (state === 'live' && amend === undefined) context.report(begin(order, context, 'accepted'))
  if (state === 'filled') context.report(begin(order, context, 'filled'))
  else if (state === 'canceled' || state === 'mmp_canceled') {
    const said = begin(order, context, 'cancelled')
    said.reason = cancelReason(order)
    context.report(said)
  } else if (state === 'partially_filled') context.report(begin(order, context, 'open'))
}

/** Reports that an order works with these terms: the answer to a question about it. */
export function reportOpen(order: OkxOrder, context: OrderContext): void {
  context.report(begin(order, context, 'open'))
}

/** @throws {VenueMessageError} when its price or quantity is no whole number of ticks and steps: it is not booked. */
export function reportFill(
  { symbol, orderId, side }: Pick<OkxOrder, 'symbol' | 'orderId' | 'side'>,
  fill: OkxFill,
  { id, instrument, account, timeOf, report }: OrderContext,
): void {
  event.clear()
  event.kind = 'fill'
  event.idHigh = id.high
  event.idLow = id.low
  event.instrument = instrument.number
  event.account = account
  event.side = side === 'buy' ? BUY : SELL
  event.ticks = unitsIn(instrument.price, fill.price)
  event.steps = unitsIn(instrument.quantity, fill.quantity)
  if (Number.isNaN(event.ticks) || Number.isNaN(event.steps))
    throw new VenueMessageError(
      `fill ${fill.tradeId} of ${symbol} has price ${fill.price} and quantity ${fill.quantity}, which are no whole ticks and lots`,
    )
  event.maker = fill.isMaker
  // OKX counts what is paid as negative. Adding 0 turns -0 into 0.
  event.fee = -Number(fill.fee) + 0
  event.feeCurrency = fill.feeCurrency
  event.tradeId = fill.tradeId
  event.venueOrderId = orderId
  event.venueTime = timeOf(fill.at)
  report(event)
}

/** The request id that is sent with an amend, so that its answer can be told. */
export function amendId(request: number): string {
  return `a${request}`
}

function amendNumberIn(requestId: string): number | undefined {
  const match = /^a(\d{1,9})$/.exec(requestId)
  return match === null ? undefined : Number(match[1])
}

function begin(order: OkxOrder, context: OrderContext, kind: VenueEvent['kind']): VenueEvent {
  const { id, instrument, account, timeOf } = context
  event.clear()
  event.kind = kind
  event.idHigh = id.high
  event.idLow = id.low
  event.instrument = instrument.number
  event.account = account
  event.side = order.side === 'buy' ? BUY : SELL
  // A market order has no price.
  const ticks = order.price === '' || order.price === '-1' ? 0 : unitsIn(instrument.price, order.price)
  const steps = unitsIn(instrument.quantity, order.quantity)
  const filled = unitsIn(instrument.quantity, order.filled)
  if (Number.isNaN(ticks) || Number.isNaN(steps) || Number.isNaN(filled))
    throw new VenueMessageError(
      `order ${order.orderId} of ${order.symbol} has price ${order.price}, quantity ${order.quantity} and filled ${order.filled}, which are no whole ticks and lots`,
    )
  event.ticks = ticks
  event.steps = steps
  event.filledSteps = filled
  event.venueOrderId = order.orderId
  event.venueTime = timeOf(order.changedAt)
  return event
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
