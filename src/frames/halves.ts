import type { FrameDefinition } from './definition.js'
import type { FramePointer } from './pointer.js'
import { pointerOf } from './view.js'

/**
 * A 64-bit field as two numbers of 32 bits. Its accessor has a bigint, which is allocated for each read and each write;
 * the hot paths of the runtime use the halves.
 */
export class Halves {
  private readonly offset: number

  /** @param name a field of kind u64 or i64. */
  constructor(definition: FrameDefinition, name: string) {
    const field = definition.fields.find(other => other.name === name)
    if (field === undefined || field.size !== 8) throw new TypeError(`${definition.name} has no 64-bit field '${name}'`)
    this.offset = field.offset
  }

  low(pointer: FramePointer): number {
    return pointer.u32[(pointer.at + this.offset) >> 2]
  }

  high(pointer: FramePointer): number {
    return pointer.u32[((pointer.at + this.offset) >> 2) + 1]
  }

  /** Sets the field of a frame that is being written. */
  set(view: object, low: number, high: number): void {
    this.store(pointerOf(view) as FramePointer, low, high)
  }

  store(pointer: FramePointer, low: number, high: number): void {
    const word = (pointer.at + this.offset) >> 2
    pointer.u32[word] = low
    pointer.u32[word + 1] = high
  }

  /** The field less `originLow` and `originHigh`, as a number: exact up to 2^53. */
  since(pointer: FramePointer, originLow: number, originHigh: number): number {
    return (this.high(pointer) - originHigh) * 2 ** 32 + (this.low(pointer) - originLow)
  }
}
