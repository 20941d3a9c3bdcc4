import { Frame, SLOT_SIZE } from '../../frames/format.js'
import type { FramePointer } from '../../frames/pointer.js'

/**
 * Whether two frames are the same except for when they were written: the time, the checksum, and the time since the first
 * cause are not compared.
 */
export function isSameFrame(a: FramePointer, b: FramePointer): boolean {
  const slots = a.u8[a.at + Frame.SLOTS]
  const words = (slots * SLOT_SIZE) >> 2
  const first = a.at >> 2
  const second = b.at >> 2
  if (a.i32[first] !== b.i32[second]) return false
  for (let i = (Frame.TIME + 8) >> 2; i < words; i++) {
    if (a.i32[first + i] !== b.i32[second + i] && !(slots > 1 && i === Frame.SINCE_ROOT >> 2)) return false
  }
  return true
}
