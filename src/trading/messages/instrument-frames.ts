import type { FrameSink } from '../../frames/frame-recorder.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import type { FrameView } from '../../frames/view.js'
import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import { InstrumentTerms } from './sequence-frames.js'

/** Writes an instrument into the sequence: the only place where a number is assigned. */
export function writeInstrument(sink: FrameSink, { number, spec }: Instrument): number {
  const frame = sink.begin(InstrumentTerms)
  frame.number = number
  frame.kind = spec.kind
  frame.inverse = spec.inverse ?? false
  frame.venue = spec.venue
  frame.symbol = spec.symbol
  frame.base = spec.base
  frame.quote = spec.quote
  frame.settlement = spec.settlement ?? ''
  frame.priceTick = spec.priceTick
  frame.quantityStep = spec.quantityStep
  frame.multiplier = spec.multiplier ?? ''
  frame.minQuantity = spec.minQuantity ?? ''
  frame.maxQuantity = spec.maxQuantity ?? ''
  frame.minNotional = spec.minNotional ?? ''
  frame.maxNotional = spec.maxNotional ?? ''
  frame.calendar = spec.calendar ?? ''
  return sink.commit()
}

/** The terms in a frame. What is empty was not given. */
export function specOf(frame: FrameView<typeof InstrumentTerms>): InstrumentSpec {
  const { venue, symbol, kind, base, quote, priceTick, quantityStep, inverse } = frame
  const optional = {
    settlement: frame.settlement,
    multiplier: frame.multiplier,
    minQuantity: frame.minQuantity,
    maxQuantity: frame.maxQuantity,
    minNotional: frame.minNotional,
    maxNotional: frame.maxNotional,
    calendar: frame.calendar,
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== ''))
  return { venue, symbol, kind, base, quote, priceTick, quantityStep, ...(inverse ? { inverse } : {}), ...given }
}

/** The entry of an instrument in a journal's instruments.json. */
export function entryOf({ number, spec }: Instrument): InstrumentEntry {
  return { number, ...spec }
}
