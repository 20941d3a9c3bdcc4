import { native } from '../native/index.js'

/** The clock's two halves, low first, as `readClock` leaves them. Reading them allocates nothing; a bigint would. */
export const clockWords: Uint32Array = new Uint32Array(native.clockBuffer)

/** The same halves as signed numbers: V8 keeps those in a field as they are. */
export const clockHalves = new Int32Array(native.clockBuffer)

/** ns since 1970. Allocates a bigint; use `ageOf` for differences on a hot path. */
export function now(): bigint {
  return native.now()
}
