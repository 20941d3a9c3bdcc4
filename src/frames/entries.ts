import { InvalidOptionError } from '../base/errors.js'
import { formatValue } from '../base/format-value.js'
import { type Fields, FrameDefinition, isDefinition } from './definition.js'
import { Frame } from './format.js'
import type { PageMemory } from './memory.js'
import { type BoundWriteView, makeWriteView } from './view.js'

/** One kind of frame, ready to be written. */
export interface Entry extends BoundWriteView<Fields> {
  readonly definition: FrameDefinition
  /** The frame's first word: type and slots. */
  readonly word: number
  readonly slots: number
  /** Bytes. */
  readonly size: number
}

export function makeEntry(definition: FrameDefinition): Entry {
  return {
    definition,
    ...makeWriteView<Fields>(definition),
    word: definition.id | (definition.slots << (8 * Frame.SLOTS)),
    slots: definition.slots,
    size: definition.size,
  }
}

/** What a writer begins and ends with: nobody has its definition, so every `begin` goes its slow way. */
export const NO_ENTRY: Entry = makeEntry(FrameDefinition.create<Fields>('None', 1, [], 1))

/** The kinds of frames that one writer of a journal or ring has written, each with its view over the memory it writes. */
export class Entries {
  private readonly byType = new Map<number, Entry>()

  constructor(
    private memory: PageMemory,
    /** Makes a kind known to its readers before its first frame, or throws. */
    private readonly announce: (definition: FrameDefinition) => void,
  ) {}

  /**
   * The entry of a definition, made the first time.
   *
   * @throws {InvalidOptionError} for what is no definition, and what `announce` throws.
   */
  of(definition: FrameDefinition): Entry {
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(`begin() takes a definition made by frame(), not ${formatValue(definition)}`)
    }
    const known = this.byType.get(definition.id)
    return known?.definition === definition ? known : this.add(definition)
  }

  /** Points all views at other memory: the next page. */
  bind(memory: PageMemory): void {
    this.memory = memory
    for (const { pointer } of this.byType.values()) pointer.bind(memory)
  }

  private add(definition: FrameDefinition): Entry {
    this.announce(definition)
    const entry = makeEntry(definition)
    entry.pointer.bind(this.memory)
    // In place of one whose definition was of the same layout: from here on this one is asked for.
    this.byType.set(definition.id, entry)
    return entry
  }
}
