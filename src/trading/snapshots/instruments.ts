import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import { specOf } from '../messages/instrument-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { findSnapshot, viewsIn } from './find.js'

/** Passes on the instruments that the sequence has before a position: those of the last snapshot, then those after it. */
export function readInstruments(
  sequence: string,
  position: number,
  learn: (number: number, spec: InstrumentSpec) => void,
): void {
  const { found } = findSnapshot(sequence, position)
  const known = found === undefined ? undefined : (viewsIn(found) as WithInstruments)
  for (const [number, spec] of known?.instruments ?? []) learn(number, spec)
  const learning = on(InstrumentTerms, frame => learn(frame.number, specOf(frame)))
  const reader = Reader.open(sequence, { from: found === undefined ? 'start' : { position: found.place.at } })
  try {
    while (reader.position < position && reader.poll(learning, 1) > 0);
  } finally {
    reader.close()
  }
}

interface WithInstruments {
  readonly instruments: readonly (readonly [number: number, spec: InstrumentSpec])[]
}
