import { ViewExpiredError } from '../layout/errors.js'
import { Frame } from '../layout/format.js'
import { type FrameHeader, pointerOf } from '../layout/view.js'
import { native } from '../native/index.js'

/** The clock's two halves, low first, as `readClock` leaves them. Reading them allocates nothing; a bigint would. */
export const clockWords = new Uint32Array(native.clockBuffer)

/** ns since 1970. Allocates a bigint; for differences on a hot path take {@link ageOf}. */
export function now(): bigint {
  return native.now()
}

/**
 * ns since a frame was written, by this machine's clock; negative when the clock was set back since. Allocates nothing.
 *
 * @throws {ViewExpiredError} for a frame whose handler has returned.
 */
export function ageOf(frame: FrameHeader): number {
  const pointer = pointerOf(frame)
  if (pointer === undefined || pointer.at < 0) {
    throw new ViewExpiredError('the frame is gone; take its age in its handler')
  }
  native.readClock()
  const word = (pointer.at + Frame.TIME) >> 2
  return (clockWords[1] - pointer.u32[word + 1]) * 2 ** 32 + (clockWords[0] - pointer.u32[word])
}
