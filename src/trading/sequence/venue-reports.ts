import type { FrameSink } from '../../frames/frame-recorder.js'
import { Halves } from '../../frames/halves.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, makeReadView, pointerOf } from '../../frames/view.js'
import { BUY, SIDES } from '../messages/order-terms.js'
import { REASONS } from '../messages/reasons.js'
import { VenueEvent } from '../venues/venue-event.js'
import { VenueReport } from './frames.js'

const ID = new Halves(VenueReport, 'orderId')

/** Writes what a venue said. */
export function writeVenueReport(
  sink: FrameSink,
  venue: number,
  event: VenueEvent,
  cause?: { readonly journal: number; readonly position: number },
): number {
  const report = sink.begin(VenueReport)
  report.kind = event.kind
  report.reason = REASONS[event.reason]
  report.side = SIDES[event.side]
  report.maker = event.maker
  report.instrument = event.instrument
  ID.set(report, event.idLow, event.idHigh)
  report.request = event.request
  report.account = event.account
  report.venue = venue
  report.ticks = event.ticks
  report.steps = event.steps
  report.filledSteps = event.filledSteps
  report.fee = event.fee
  report.venueTime = event.venueTime
  report.feeCurrency = event.feeCurrency
  report.venueOrderId = event.venueOrderId
  report.tradeId = event.tradeId
  return sink.commit(cause === undefined ? undefined : { cause })
}

/** The event in a VenueReport. The object is filled again by the next call. */
export function readVenueReport(report: FrameView<typeof VenueReport>): VenueEvent {
  return venueReportAt(pointerOf(report) as FramePointer)
}

/** The same for a copy in memory of the process. */
export function venueReportAt(pointer: FramePointer): VenueEvent {
  const { view, pointer: own } = bound
  own.bind(pointer.memory)
  own.at = pointer.at
  event.kind = view.kind
  event.reason = REASONS.indexOf(view.reason)
  event.side = view.side === SIDES[BUY] ? 0 : 1
  event.maker = view.maker
  event.instrument = view.instrument
  event.idLow = ID.low(pointer)
  event.idHigh = ID.high(pointer)
  event.request = view.request
  event.account = view.account
  event.ticks = view.ticks
  event.steps = view.steps
  event.filledSteps = view.filledSteps
  event.fee = view.fee
  event.venueTime = view.venueTime
  event.feeCurrency = view.feeCurrency
  event.venueOrderId = view.venueOrderId
  event.tradeId = view.tradeId
  return event
}

const event = new VenueEvent()
/** A view of its own, so that it can be pointed at any memory. */
const bound = makeReadView(VenueReport)
