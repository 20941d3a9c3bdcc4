import { type Fields, FrameDefinition } from './definition.js'
import { Frame } from './format.js'
import { type BoundWriteView, makeWriteView } from './view.js'

/** One kind of frame, ready to be written. */
export interface Entry extends BoundWriteView<Fields> {
  readonly definition: FrameDefinition
  /** The frame's first word: type and slots. */
  readonly word: number
  /** Bytes. */
  readonly size: number
}

export function makeEntry(definition: FrameDefinition): Entry {
  return {
    definition,
    ...makeWriteView<Fields>(definition),
    word: definition.id | (definition.slots << (8 * Frame.SLOTS)),
    size: definition.size,
  }
}

/** What a writer begins and ends with: nobody has its definition, so every `begin` goes its slow way. */
export const NO_ENTRY: Entry = makeEntry(FrameDefinition.create<Fields>('None', 1, [], 1))
