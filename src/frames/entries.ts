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

/** The entry of a new or closed writer. No program has its definition, so every `begin` takes its slow path. */
export const NO_ENTRY: Entry = makeEntry(FrameDefinition.create<Fields>('None', 1, [], 1))

/** Types below this are found in an array. */
const DENSE_TYPES = 1024

/** The kinds of frames that one writer of a journal or ring has written, each with its view over the memory it writes. */
export class Entries {
  private readonly byType = new Map<number, Entry>()
  /** The same, as far as types are small: most programs alternate between a few kinds of frames. */
  private readonly dense: (Entry | undefined)[] = []

  constructor(
    private memory: PageMemory,
    /** Makes a definition available to readers before its first frame, or throws. */
    private readonly announce: (definition: FrameDefinition) => void,
  ) {}

  /**
   * The entry of a definition; created by the first call.
   *
   * @throws {InvalidOptionError} when the argument is not a definition; errors of `announce`.
   */
  of(definition: FrameDefinition): Entry {
    // The cheap comparison first: a value that is no definition is not the one of any entry.
    const known = this.entryOf(definition?.id)
    if (known !== undefined && known.definition === definition) return known
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(`begin() takes a definition made by frame(), not ${formatValue(definition)}`)
    }
    return this.add(definition)
  }

  /** The definition of a type that was written. */
  find(type: number): FrameDefinition | undefined {
    return this.entryOf(type)?.definition
  }

  /** Points all views at other memory: the next page. */
  bind(memory: PageMemory): void {
    this.memory = memory
    for (const { pointer } of this.byType.values()) pointer.bind(memory)
  }

  private entryOf(type: number): Entry | undefined {
    return type < DENSE_TYPES ? this.dense[type] : this.byType.get(type)
  }

  private add(definition: FrameDefinition): Entry {
    this.announce(definition)
    const entry = makeEntry(definition)
    entry.pointer.bind(this.memory)
    // May replace the entry of another definition with the same layout: the program uses this one now.
    this.byType.set(definition.id, entry)
    if (definition.id < DENSE_TYPES) this.dense[definition.id] = entry
    return entry
  }
}
