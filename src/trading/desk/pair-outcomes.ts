import type { WriteView } from '../../frames/view.js'
import { orderIdFrom } from '../messages/order-id.js'
import { EXCESS_LEGS, PAIR_STATES, type PairReport } from '../messages/pair-frames.js'
import { REASONS } from '../messages/reasons.js'
import type { Pair } from '../pairs/pair.js'
import type { PairFields } from './pair-fields.js'

/** Fills the report of a pair: its state, and its amounts in units of the instruments. */
export function fillPairReport(view: WriteView<typeof PairReport>, pair: Pair): void {
  const [first, second] = pair.legs
  const { leg, steps } = pair.excess
  view.pairId = orderIdFrom(pair.idHigh, pair.idLow)
  view.first = first.instrument.number
  view.second = second.instrument.number
  view.state = PAIR_STATES[pair.state]
  view.reason = REASONS[pair.reason]
  view.excessLeg = EXCESS_LEGS[leg + 1]
  view.closings = pair.closings.length
  view.excess = leg < 0 ? 0 : pair.legs[leg === 0 ? 0 : 1].instrument.quantity.valueOf(steps)
  view.firstFilled = first.instrument.quantity.valueOf(first.filled)
  view.secondFilled = second.instrument.quantity.valueOf(second.filled)
  view.firstClosed = first.instrument.quantity.valueOf(first.closed)
  view.secondClosed = second.instrument.quantity.valueOf(second.closed)
}

/** Fills the report of a pair of which nothing was sent. @param reason an index into REASONS. */
export function fillPairDenial(
  view: WriteView<typeof PairReport>,
  { idHigh, idLow, legs }: PairFields,
  reason: number,
): void {
  view.pairId = orderIdFrom(idHigh, idLow)
  view.first = legs[0].instrument
  view.second = legs[1].instrument
  view.state = 'denied'
  view.reason = REASONS[reason]
}
