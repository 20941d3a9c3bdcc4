import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { TimerRequest } from '../sequence/frames.js'

const AT = offsetsOf(TimerRequest)
const NAME_BYTES = 32

/** The fields of a TimerRequest frame; times in ns. */
export function readTimerRequest(p: FramePointer): {
  readonly id: number
  readonly name: string
  readonly after: number
  readonly every: number
} {
  const { at } = p
  const start = at + AT.name
  let end = start
  while (end < start + NAME_BYTES && p.u8[end] !== 0) end++
  return {
    id: p.u32[(at + AT.timer) >> 2],
    name: Buffer.from(p.u8.buffer, p.u8.byteOffset + start, end - start).toString('latin1'),
    after: Number(p.i64[(at + AT.after) >> 3]),
    every: Number(p.i64[(at + AT.every) >> 3]),
  }
}
