/** The machine's two clocks, as the library reads them in this process. A test can set them; they are right again after it. */
import { onTestFinished } from 'vitest'
import { native } from '../../dist/native/index.js'

const SECOND = 1_000_000_000n
export const HOUR = 3600n * SECOND
export const DAY = 24n * HOUR

export class TestClock {
  /** ns since 1970, which may be set to anything. */
  wall: bigint
  /** ns since boot. Tests cannot set it, only let time pass. */
  tick = 1000n * SECOND

  constructor(wall: bigint) {
    this.wall = wall
    const real = { now: native.now, readTick: native.readTick }
    const ticks = new BigInt64Array(native.clockBuffer)
    const clocks = native as { -readonly [K in 'now' | 'readTick']: (typeof native)[K] }
    clocks.now = () => this.wall
    clocks.readTick = () => {
      ticks[1] = this.tick
    }
    onTestFinished(() => void Object.assign(clocks, real))
  }

  /** Lets time pass on both clocks. */
  pass(time: bigint): void {
    this.wall += time
    this.tick += time
  }

  /** Sets the system clock. */
  jump(time: bigint): void {
    this.wall += time
  }
}
