import { clockWords } from '../base/clock.js'
import { native } from '../native/index.js'
import { ViewExpiredError } from './errors.js'
import { Frame } from './format.js'
import { type FrameHeader, pointerOf } from './view.js'

/**
 * ns since a frame was written, by this machine's clock; negative when the clock was set back since. Allocates nothing.
 *
 * @throws {ViewExpiredError} for a frame whose handler has returned.
 */
export function ageOf(frame: FrameHeader): number {
  const pointer = pointerOf(frame)
  if (pointer === undefined || pointer.at < 0) {
    throw new ViewExpiredError("the frame's view has expired; call ageOf() in the frame's handler")
  }
  native.readClock()
  const word = (pointer.at + Frame.TIME) >> 2
  return (clockWords[1] - pointer.u32[word + 1]) * 2 ** 32 + (clockWords[0] - pointer.u32[word])
}
