import type { FrameSink } from '../../frames/frame-recorder.js'
import { Halves } from '../../frames/halves.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { BUY, SIDES } from '../messages/order-terms.js'
import { REASONS } from '../messages/reasons.js'
import { VenueEvent } from '../venues/venue-event.js'
import { VenueReport } from './frames.js'

const ID = new Halves(VenueReport, 'orderId')

/** Writes what a venue said. */
export function writeVenueReport(sink: FrameSink, venue: number, event: VenueEvent): number {
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
  return sink.commit()
}

/** The event in a VenueReport. The object is filled again by the next call. */
export function readVenueReport(report: FrameView<typeof VenueReport>): VenueEvent {
  const pointer = pointerOf(report) as FramePointer
  event.kind = report.kind
  event.reason = REASONS.indexOf(report.reason)
  event.side = report.side === SIDES[BUY] ? 0 : 1
  event.maker = report.maker
  event.instrument = report.instrument
  event.idLow = ID.low(pointer)
  event.idHigh = ID.high(pointer)
  event.request = report.request
  event.account = report.account
  event.ticks = report.ticks
  event.steps = report.steps
  event.filledSteps = report.filledSteps
  event.fee = report.fee
  event.venueTime = report.venueTime
  event.feeCurrency = report.feeCurrency
  event.venueOrderId = report.venueOrderId
  event.tradeId = report.tradeId
  return event
}

const event = new VenueEvent()
