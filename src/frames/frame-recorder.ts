import { applyCommitOptions, type CommitOptions, type OwnCommit } from './commit-options.js'
import type { Fields, FrameDefinition } from './definition.js'
import { Entries, type Entry, NO_ENTRY } from './entries.js'
import { Frame, Page, SLOT_SIZE } from './format.js'
import { FrameTime } from './frame-time.js'
import { PageMemory } from './memory.js'
import { FramePointer } from './pointer.js'
import { type FrameView, makeReadView, type WriteView } from './view.js'

/** What frames are written to: a journal's writer, or a recorder. */
export interface FrameSink {
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F>
  commit(options?: CommitOptions | OwnCommit): number
}

const FIRST_SLOTS = 1024

/**
 * Keeps frames in memory of the process, in the form that a journal has: what would be written, to be compared with what
 * was written. First in, first out.
 */
export class FrameRecorder implements FrameSink {
  private memory: PageMemory
  private readonly entries: Entries
  private entry: Entry = NO_ENTRY
  private readonly time = new FrameTime(0n)
  /** Byte offsets of the oldest frame and of the next one. */
  private head: number = Page.HEADER_SIZE
  private tail: number = Page.HEADER_SIZE
  private readonly first = new FramePointer()

  /** @param timed whether frames get the clock's time, else 0. */
  constructor(private readonly timed = false) {
    this.memory = newMemory(FIRST_SLOTS)
    this.first.bind(this.memory)
    this.entries = new Entries(this.memory, () => {})
  }

  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> {
    const entry = this.entry.definition === definition ? this.entry : this.entries.of(definition)
    if (this.tail + entry.size > this.memory.u8.length) this.makeRoom()
    const { tail, memory } = this
    const { f64 } = memory
    // A loop: for so few words a call of `fill` takes longer.
    for (let word = tail >> 3; word < (tail + entry.size) >> 3; word++) f64[word] = 0
    entry.pointer.at = tail
    this.entry = entry
    return entry.view as WriteView<F>
  }

  /** Returns no position: the frame has none yet. */
  commit(options?: CommitOptions | OwnCommit): number {
    const { entry } = this
    const { at, u32 } = entry.pointer
    let { word } = entry
    if (options !== undefined) word |= applyCommitOptions(options, entry, this.time, this.timed, false)
    u32[at >> 2] = word
    entry.pointer.at = -1
    this.tail = at + entry.size
    return -1
  }

  /** Slots of all its frames. */
  get slots(): number {
    return (this.tail - this.head) / SLOT_SIZE
  }

  get isEmpty(): boolean {
    return this.head === this.tail
  }

  /** The oldest frame; undefined when there is none. Valid until the next call of any function. */
  peek(): FramePointer | undefined {
    if (this.isEmpty) return undefined
    this.first.at = this.head
    return this.first
  }

  /** The oldest frame as text, for messages; '' when there is none. */
  textOfFirst(): string {
    return JSON.stringify(this.viewOfFirst() ?? '')
  }

  /** The values of the oldest frame. */
  objectOfFirst(): object | undefined {
    return this.viewOfFirst()?.toObject()
  }

  /** The definition of the oldest frame. */
  definitionOfFirst(): FrameDefinition | undefined {
    const pointer = this.peek()
    return pointer === undefined ? undefined : this.entries.find(pointer.u16[pointer.at >> 1])
  }

  /** Removes the oldest frame. */
  shift(): void {
    this.head += this.memory.u8[this.head + Frame.SLOTS] * SLOT_SIZE
    if (this.isEmpty) this.head = this.tail = Page.HEADER_SIZE
  }

  private viewOfFirst(): FrameView | undefined {
    const pointer = this.peek()
    const definition = this.definitionOfFirst()
    if (pointer === undefined || definition === undefined) return undefined
    const bound = makeReadView(definition)
    bound.pointer.bind(this.memory)
    bound.pointer.at = pointer.at
    return bound.view
  }

  /** Moves the frames to the beginning, of a larger memory if they fill more than half of this one. */
  private makeRoom(): void {
    const used = this.tail - this.head
    const slots = (this.memory.u8.length - Page.HEADER_SIZE) / SLOT_SIZE
    const memory = newMemory(used * 2 > slots * SLOT_SIZE ? slots * 2 : slots)
    memory.u8.set(this.memory.u8.subarray(this.head, this.tail), Page.HEADER_SIZE)
    this.memory = memory
    this.entries.bind(memory)
    this.first.bind(memory)
    this.head = Page.HEADER_SIZE
    this.tail = Page.HEADER_SIZE + used
  }
}

function newMemory(slots: number): PageMemory {
  return new PageMemory(new ArrayBuffer(Page.HEADER_SIZE + slots * SLOT_SIZE), 0, '', 0)
}
