import { Page, SLOT_SHIFT } from './format.js'
import { type InstrumentNames, NO_INSTRUMENTS } from './instrument-names.js'
import { NO_MEMORY, type PageMemory } from './memory.js'

/** `at` of a pointer that is at no frame. */
export const NO_FRAME = -1
/** `at` of a pointer whose frame was begun and then discarded, because one of its fields refused a value. */
export const DISCARDED = -2

/** Where the names are that enums have got since a definition was read. */
export interface LaterNames {
  /** The name of a stored value; undefined when there is still none. */
  laterName(type: number, field: string, stored: number): string | undefined
}

/**
 * The frame that a view reads or writes: one page's arrays and a byte offset. A view's pointer is private, so that code outside the library
 * cannot access mapped memory.
 */
export class FramePointer {
  /** Byte offset of the frame within the page. Below 0 there is no frame: `NO_FRAME` or `DISCARDED`. */
  at = NO_FRAME
  memory = NO_MEMORY
  u8: Uint8Array = NO_MEMORY.u8
  i8: Int8Array = NO_MEMORY.i8
  u16: Uint16Array = NO_MEMORY.u16
  i16: Int16Array = NO_MEMORY.i16
  u32: Uint32Array = NO_MEMORY.u32
  i32: Int32Array = NO_MEMORY.i32
  f32: Float32Array = NO_MEMORY.f32
  f64: Float64Array = NO_MEMORY.f64
  u64: BigUint64Array = NO_MEMORY.u64
  i64: BigInt64Array = NO_MEMORY.i64
  /** What the numbers in `instrument` fields mean. */
  instruments: InstrumentNames = NO_INSTRUMENTS
  /** Only for views of definitions that come from the journal: a program's own is what it is. */
  laterNames: LaterNames | undefined = undefined

  bind(memory: PageMemory): void {
    this.memory = memory
    this.u8 = memory.u8
    this.i8 = memory.i8
    this.u16 = memory.u16
    this.i16 = memory.i16
    this.u32 = memory.u32
    this.i32 = memory.i32
    this.f32 = memory.f32
    this.f64 = memory.f64
    this.u64 = memory.u64
    this.i64 = memory.i64
  }

  /** Discards the frame being written: zeroes its bytes, and marks it so that `commit` can report why it is gone. */
  discard(bytes: number): void {
    this.u8.fill(0, this.at, this.at + bytes)
    this.at = DISCARDED
  }

  /** The frame's position. */
  get position(): number {
    return this.memory.firstPosition + ((this.at - Page.HEADER_SIZE) >> SLOT_SHIFT)
  }
}
