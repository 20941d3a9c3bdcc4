/** A wall clock that a test can set. Import this before anything of the library: its modules keep the function that reads it. */
import { native } from '../../dist/native/index.js'

const time = new BigInt64Array(native.clockBuffer)
const clocks = native as { -readonly [K in 'now' | 'readClock']: (typeof native)[K] }
const real = { now: native.now, readClock: native.readClock }
let offset = 0n

clocks.now = () => real.now() + offset
clocks.readClock = () => {
  real.readClock()
  time[0] += offset
}

/** Sets the clock forward, or back. */
export function jumpClock(seconds: number): void {
  offset += BigInt(Math.round(seconds * 1e9))
}
