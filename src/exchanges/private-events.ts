import { type Reason, reasonCode } from '../trading/messages/reasons.js'
import { CURRENCY_BYTES } from '../trading/venues/check-event.js'
import { VenueEvent, type VenueEventKind } from '../trading/venues/venue-event.js'
import { unitsIn } from './decimals.js'
import { VenueMessageError } from './errors.js'
import { type FillText, fillEvent, type OrderContext, type OrderText, type OwnId, orderEvent } from './order-events.js'
import type { PrivateContext } from './private-context.js'

const NONE: OwnId = { high: 0, low: 0 }
const event = new VenueEvent()

/** Whether an order is one of ours. */
export function ownIdOf({ clientOrderId, orderId }: OrderText, { ids, orderOf }: PrivateContext): OwnId {
  return ids.read(clientOrderId) ?? orderOf(orderId) ?? NONE
}

/**
 * Reports what a venue says about an order.
 *
 * @throws {VenueMessageError} when its numbers are no whole ticks and steps.
 */
export function reportOrder(
  kind: VenueEventKind,
  order: OrderText,
  context: PrivateContext,
  reason: Reason = 'none',
): void {
  const about = contextOf(order, context)
  if (about === undefined) return
  const said = orderEvent(kind, order, about)
  said.reason = reasonCode(reason)
  if (kind === 'amended') said.request = context.amendOf(about.id, order)
  context.report(said)
}

/**
 * Reports one fill of an order.
 *
 * @throws {VenueMessageError} when its numbers are no whole ticks and steps: it is not booked.
 */
export function reportFill(order: OrderText, fill: FillText, context: PrivateContext): void {
  const about = contextOf(order, context)
  if (about !== undefined) context.report(fillEvent(order, fill, order.atMs, about))
}

/** @param quantity below 0 when short. @throws {VenueMessageError} */
export function reportPosition(symbol: string, quantity: string, atMs: number, context: PrivateContext): void {
  const instrument = context.instrumentOf(symbol)
  if (instrument === undefined) return context.passOver(unknownSymbol(symbol))
  const steps = unitsIn(instrument.quantity, quantity)
  if (Number.isNaN(steps))
    throw new VenueMessageError(`the position of ${symbol} is '${quantity}', which are no whole steps`)
  event.clear()
  event.kind = 'position'
  event.instrument = instrument.number
  event.account = context.account
  event.steps = steps
  event.venueTime = context.timeOf(atMs)
  context.report(event)
}

/** The balance of a currency whose name is too long for a frame is only in the record. @throws {VenueMessageError} */
export function reportBalance(currency: string, amount: string, atMs: number, context: PrivateContext): void {
  if (!/^-?\d+(\.\d+)?$/.test(amount))
    throw new VenueMessageError(`the balance of ${currency} is '${amount}', which is no decimal`)
  if (Buffer.byteLength(currency) > CURRENCY_BYTES) return
  event.clear()
  event.kind = 'balance'
  event.account = context.account
  event.fee = Number(amount) + 0
  event.feeCurrency = currency
  event.venueTime = context.timeOf(atMs)
  context.report(event)
}

/** The venue will say nothing more on this connection. */
export function reportDisconnected(atMs: number, context: PrivateContext): void {
  event.clear()
  event.kind = 'disconnected'
  event.account = context.account
  event.venueTime = context.timeOf(atMs)
  context.report(event)
}

/** Runs a parser on one message or on one part of it: what is wrong with that part leaves the others alone. */
export function guarded(context: PrivateContext, parse: () => void): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof VenueMessageError)) throw error
    context.problem(error)
  }
}

/** Undefined for an order that is not ours, in an instrument that this desk does not have. */
function contextOf(order: OrderText, context: PrivateContext): OrderContext | undefined {
  const id = ownIdOf(order, context)
  const instrument = context.instrumentOf(order.symbol, order.clientOrderId)
  if (instrument !== undefined) return { id, instrument, account: context.account, timeOf: context.timeOf }
  if (id.high !== 0 || id.low !== 0)
    throw new VenueMessageError(`order ${order.orderId} is ours, and its symbol ${order.symbol} is not known`)
  context.passOver(unknownSymbol(order.symbol))
  return undefined
}

function unknownSymbol(symbol: string): string {
  return `${symbol}: no instrument of this desk`
}
