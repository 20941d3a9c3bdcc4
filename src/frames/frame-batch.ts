import { Frame, Page, SLOT_SIZE } from './format.js'
import { PageMemory } from './memory.js'
import { FramePointer } from './pointer.js'
import { type FrameView, pointerOf } from './view.js'

/**
 * Copies of some frames, byte for byte, in memory of the process: the frames of one burst, read before they are acted on.
 * Filled and emptied again and again; nothing is allocated after its creation.
 */
export class FrameBatch {
  /** How many frames it holds. */
  count = 0
  /** Slots of all its frames. */
  slots = 0
  /** Points at one of the frames after `select`. Its position is the one that the frame has in its journal. */
  readonly pointer = new FramePointer()
  private readonly memory: PageMemory
  private readonly offsets: Int32Array
  private readonly positions: Float64Array

  /** @param capacity slots that it can hold. */
  constructor(readonly capacity: number) {
    this.memory = new PageMemory(new ArrayBuffer(Page.HEADER_SIZE + capacity * SLOT_SIZE), 0, '', 0)
    this.offsets = new Int32Array(capacity)
    this.positions = new Float64Array(capacity)
    this.pointer.bind(this.memory)
  }

  /** Adds a copy of a frame, which must fit: see `capacity`. */
  add(view: FrameView): void {
    const from = pointerOf(view)
    if (from === undefined) return
    const size = from.u8[from.at + Frame.SLOTS]
    const at = Page.HEADER_SIZE + this.slots * SLOT_SIZE
    copyWords(from, 0, this.memory.i32, at, size * SLOT_SIZE)
    this.offsets[this.count] = at
    this.positions[this.count++] = from.position
    this.slots += size
  }

  /** Points `pointer` at the frame with this index. */
  select(index: number): FramePointer {
    this.pointer.at = this.offsets[index]
    return this.pointer
  }

  /** The position that a frame has in its journal. */
  positionOf(index: number): number {
    return this.positions[index]
  }

  clear(): void {
    this.count = 0
    this.slots = 0
    this.pointer.at = -1
  }
}

/**
 * Copies bytes `first` to `end` of a frame to another page. By words of 32 bits: a copy of doubles might change the bits of
 * a NaN.
 */
export function copyWords(from: FramePointer, first: number, to: Int32Array, toAt: number, end: number): void {
  const { i32 } = from
  const source = from.at >> 2
  const target = toAt >> 2
  for (let word = first >> 2; word < end >> 2; word++) to[target + word] = i32[source + word]
}
