import type { Instrument } from '../trading/instruments/instrument.js'
import { BUY, SELL } from '../trading/messages/order-terms.js'
import { type Reason, reasonCode } from '../trading/messages/reasons.js'
import { VenueEvent, type VenueEventKind } from '../trading/venues/venue-event.js'
import { unitsIn } from './decimals.js'
import { VenueMessageError } from './errors.js'
import type { OwnId, PrivateContext } from './private-context.js'

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
  const instrument = instrumentOf(order, context)
  if (instrument === undefined) return
  const id = begin(kind, order, instrument, context)
  const ticks = order.price === '' ? 0 : unitsIn(instrument.price, order.price)
  const steps = unitsIn(instrument.quantity, order.quantity)
  const filled = unitsIn(instrument.quantity, order.filled)
  if (Number.isNaN(ticks) || Number.isNaN(steps) || Number.isNaN(filled))
    throw new VenueMessageError(
      `order ${order.orderId} of ${order.symbol} has price '${order.price}', quantity '${order.quantity}' and filled '${order.filled}', which are no whole ticks and steps`,
    )
  event.ticks = ticks
  event.steps = steps
  event.filledSteps = filled
  event.reason = reasonCode(reason)
  if (kind === 'amended') event.request = context.amendOf(id)
  context.report(event)
}

/**
 * Reports one fill of an order.
 *
 * @throws {VenueMessageError} when its numbers are no whole ticks and steps: it is not booked.
 */
export function reportFill(order: OrderText, fill: FillText, context: PrivateContext): void {
  const instrument = instrumentOf(order, context)
  if (instrument === undefined) return
  begin('fill', order, instrument, context)
  event.ticks = unitsIn(instrument.price, fill.price)
  event.steps = unitsIn(instrument.quantity, fill.quantity)
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
  context.report(event)
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

/** @throws {VenueMessageError} */
export function reportBalance(currency: string, amount: string, atMs: number, context: PrivateContext): void {
  if (!/^-?\d+(\.\d+)?$/.test(amount))
    throw new VenueMessageError(`the balance of ${currency} is '${amount}', which is no decimal`)
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

function instrumentOf(order: OrderText, context: PrivateContext): Instrument | undefined {
  const instrument = context.instrumentOf(order.symbol)
  if (instrument !== undefined) return instrument
  const { high, low } = ownIdOf(order, context)
  if (high !== 0 || low !== 0)
    throw new VenueMessageError(`order ${order.orderId} is ours, and its symbol ${order.symbol} is not known`)
  context.passOver(unknownSymbol(order.symbol))
  return undefined
}

function unknownSymbol(symbol: string): string {
  return `${symbol}: no instrument of this desk`
}

function begin(kind: VenueEventKind, order: OrderText, instrument: Instrument, context: PrivateContext): OwnId {
  const id = ownIdOf(order, context)
  event.clear()
  event.kind = kind
  event.idHigh = id.high
  event.idLow = id.low
  event.instrument = instrument.number
  event.account = context.account
  event.side = order.side === 'buy' ? BUY : SELL
  event.venueOrderId = order.orderId
  event.venueTime = context.timeOf(order.atMs)
  return id
}
