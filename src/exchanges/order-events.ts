import type { Instrument } from '../trading/instruments/instrument.js'
import { BUY, SELL } from '../trading/messages/order-terms.js'
import { VenueEvent, type VenueEventKind } from '../trading/venues/venue-event.js'
import { unitsIn } from './decimals.js'
import { VenueMessageError } from './errors.js'

/** An order as a venue describes it. Prices and quantities are the venue's texts. */
export interface OrderText {
  readonly symbol: string
  readonly orderId: string
  /** '' when the message has none. */
  readonly clientOrderId: string
  readonly side: 'buy' | 'sell'
  /** '' or '0' without a limit price. */
  readonly price: string
  /** The total quantity. */
  readonly quantity: string
  /** The quantity filled so far, as the venue counts. */
  readonly filled: string
  /** The venue's time, ms since 1970. */
  readonly atMs: number
}

/** One fill of an order. */
export interface FillText {
  readonly tradeId: string
  readonly price: string
  readonly quantity: string
  readonly isMaker: boolean
  /** Below 0 for a rebate. */
  readonly fee: string
  readonly feeCurrency: string
}

/** One of our orders by the two halves of its id; both 0 for an order of another home, or of a person. */
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
}

const event = new VenueEvent()

/**
 * What a venue says about an order, with its terms. The event is used again: what is kept must be copied.
 *
 * @throws {VenueMessageError} when its numbers are no whole ticks and steps.
 */
export function orderEvent(kind: VenueEventKind, order: OrderText, context: OrderContext): VenueEvent {
  const { price, quantity } = context.instrument
  begin(kind, order, order.atMs, context)
  event.ticks = order.price === '' ? 0 : unitsIn(price, order.price)
  event.steps = unitsIn(quantity, order.quantity)
  event.filledSteps = unitsIn(quantity, order.filled)
  if (Number.isNaN(event.ticks) || Number.isNaN(event.steps) || Number.isNaN(event.filledSteps))
    throw new VenueMessageError(
      `order ${order.orderId} of ${order.symbol} has price '${order.price}', quantity '${order.quantity}' and filled '${order.filled}', which are no whole ticks and steps`,
    )
  return event
}

/**
 * One fill of an order. The event is used again.
 *
 * @throws {VenueMessageError} when its numbers are no whole ticks and steps: it must not be booked.
 */
export function fillEvent(
  order: Pick<OrderText, 'symbol' | 'orderId' | 'side'>,
  fill: FillText,
  atMs: number,
  context: OrderContext,
): VenueEvent {
  begin('fill', order, atMs, context)
  event.ticks = unitsIn(context.instrument.price, fill.price)
  event.steps = unitsIn(context.instrument.quantity, fill.quantity)
  const fee = Number(fill.fee)
  if (Number.isNaN(event.ticks) || Number.isNaN(event.steps) || fill.fee === '' || !Number.isFinite(fee))
    throw new VenueMessageError(
      `fill ${fill.tradeId} of ${order.symbol} has price '${fill.price}', quantity '${fill.quantity}' and fee '${fill.fee}': no whole ticks and steps, or no fee`,
    )
  event.maker = fill.isMaker
  // Adding 0 turns -0 into 0.
  event.fee = fee + 0
  event.feeCurrency = fill.feeCurrency
  event.tradeId = fill.tradeId
  return event
}

function begin(
  kind: VenueEventKind,
  { orderId, side }: Pick<OrderText, 'orderId' | 'side'>,
  atMs: number,
  { id, instrument, account, timeOf }: OrderContext,
): void {
  event.clear()
  event.kind = kind
  event.idHigh = id.high
  event.idLow = id.low
  event.instrument = instrument.number
  event.account = account
  event.side = side === 'buy' ? BUY : SELL
  event.venueOrderId = orderId
  event.venueTime = timeOf(atMs)
}
