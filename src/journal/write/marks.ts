import type { PageMemory } from '../../frames/memory.js'
import { markStride } from '../pages/header.js'
import { Word } from '../pages/page.js'

/**
 * The marks of the page being written, which bound a seek to a walk of one stride: mark i is the slot of the first frame that begins at or
 * after slot i × stride. (Mark 0 is slot 0, and is never stored.)
 */
export class Marks {
  /** The slot from which on the next frame gets a mark. */
  due = 0
  private readonly stride: number
  private words: Uint32Array

  /** @param slot where the next frame begins. */
  constructor(pageSize: number, memory: PageMemory, slot: number) {
    this.stride = markStride(pageSize)
    this.words = memory.u32
    this.find(slot)
  }

  /** Goes on with a new page. */
  enter(memory: PageMemory): void {
    this.words = memory.u32
    this.find(0)
  }

  /** Sets the mark that is due: a frame is about to begin at `slot`. */
  set(slot: number): void {
    this.words[Word.MARKS + Math.floor(slot / this.stride)] = slot
    this.find(slot)
  }

  /** Takes back the marks of frames that were given up: those from the slot `from` on, where the next frame begins, up to and without the slot `to`. */
  takeBack(from: number, to: number): void {
    const { words, stride } = this
    // At the end of a page with as many marks as there can be, the word after the last mark is the first frame's.
    for (let i = Math.floor(from / stride); i * stride < to; i++) {
      if (words[Word.MARKS + i] >= from) words[Word.MARKS + i] = 0
    }
    this.find(from)
  }

  private find(slot: number): void {
    const index = Math.floor(slot / this.stride)
    // A writer that opens the journal may begin in a stride whose first frame will be its own.
    const isDue = index > 0 && this.words[Word.MARKS + index] === 0
    this.due = (isDue ? index : index + 1) * this.stride
  }
}
