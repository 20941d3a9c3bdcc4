import { clockHalves } from '../base/clock.js'
import { native } from '../native/index.js'

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const clock = clockHalves
const readClock = native.readClock

/** Hears of times that are not what the clock gives. */
export interface TimeWatch {
  /** A program gave the last frame's time: the clock need not have reached it. */
  given(time: FrameTime): void
  /** The clock says `high, low`, which is before the last frame's time: it was set back. Nothing may be allocated here but once. */
  behind(high: number, low: number, time: FrameTime): void
}

/**
 * The time of the frame written last, in ns since 1970, as two halves.
 *
 * Both are signed: a field that holds a number of 2^31 and more is a new object on the heap each time; see docs/decisions/0011-hot-path.md.
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

  /** Takes the clock's time, unless that is before the last one: times never decrease, whatever the clock does. */
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

  /** Takes the clock's time as it is. */
  read(): void {
    readClock()
    this.low = clock[0]
    this.high = clock[1]
  }

  /** Takes a time that was given. */
  set(time: bigint): void {
    // `Number` alone may make an object on the heap.
    this.low = Number(BigInt.asIntN(32, time)) | 0
    this.high = Number(time >> 32n) | 0
    this.watch?.given(this)
  }
}
