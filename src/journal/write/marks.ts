import type { PageMemory } from '../../frames/memory.js'
import { markStride } from '../pages/header.js'
import { Word } from '../pages/page.js'

/**
 * The marks of the page being written. Mark i is the slot of the first frame that begins at or after slot i × stride, so a seek walks one
 * stride at most. (Mark 0 is slot 0, and is never stored.)
 */
export class Marks {
  /** The next frame that begins at or after this slot gets a mark. */
  due = 0
  private readonly stride: number
  private words: Uint32Array

  /** @param slot where the next frame begins. */
  constructor(pageSize: number, memory: PageMemory, slot: number) {
    this.stride = markStride(pageSize)
    this.words = memory.u32
    this.find(slot)
  }

  /** Continues with a new page. */
  enter(memory: PageMemory): void {
    this.words = memory.u32
    this.find(0)
  }

  /** Sets the mark that is due: a frame is about to begin at `slot`. */
  set(slot: number): void {
    this.words[Word.MARKS + Math.floor(slot / this.stride)] = slot
    this.find(slot)
  }

  /** Clears the marks of discarded frames: those from slot `from`, where the next frame begins, up to slot `to`, exclusive. */
  clear(from: number, to: number): void {
    const { words, stride } = this
    // At the end of a page with as many marks as there can be, the word after the last mark is the first frame's.
    for (let i = Math.floor(from / stride); i * stride < to; i++) {
      if (words[Word.MARKS + i] >= from) words[Word.MARKS + i] = 0
    }
    this.find(from)
  }

  private find(slot: number): void {
    const index = Math.floor(slot / this.stride)
    // A writer that opens the journal may begin in a stride that has no frame yet: its first frame there needs the mark.
    const isDue = index > 0 && this.words[Word.MARKS + index] === 0
    this.due = (isDue ? index : index + 1) * this.stride
  }
}
