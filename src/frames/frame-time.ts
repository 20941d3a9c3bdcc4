import { clockHalves } from '../base/clock.js'
import { native } from '../native/index.js'

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const clock = clockHalves
const readClock = native.readClock

/** Is called about times that are not the clock's. */
export interface TimeWatch {
  /** A program set the last frame's time. It may be later than the clock. */
  given(time: FrameTime): void
  /** The clock says `high, low`, which is before the last frame's time: it was set back. Called for each frame, so it must not allocate each time. */
  behind(high: number, low: number, time: FrameTime): void
}

/**
 * The time of the frame written last, in ns since 1970, as two halves.
 *
 * Both are signed: V8 allocates a new object each time a field is set to a number of 2^31 or more; see docs/decisions/0011-hot-path.md.
 */
export class FrameTime {
  low: number
  high: number

  constructor(
    last: bigint,
    private readonly watch?: TimeWatch,
  ) {
    this.low = Number(BigInt.asIntN(32, last)) | 0
    this.high = Number(last >> 32n) | 0
  }

  /** Sets the clock's time, unless it is before the last frame's: times never decrease. */
  advance(): void {
    readClock()
    const low = clock[0]
    const high = clock[1]
    if (high > this.high || (high === this.high && low >>> 0 > this.low >>> 0)) {
      this.high = high
      this.low = low
    } else if (low !== this.low || high !== this.high) {
      this.watch?.behind(high, low, this)
    }
  }

  /** Sets the clock's time, even if it is before the last frame's. */
  read(): void {
    readClock()
    this.low = clock[0]
    this.high = clock[1]
  }

  /** Sets a time that the program gave. */
  set(time: bigint): void {
    // Without `| 0` V8 may allocate an object for the number.
    this.low = Number(BigInt.asIntN(32, time)) | 0
    this.high = Number(time >> 32n) | 0
    this.watch?.given(this)
  }
}
