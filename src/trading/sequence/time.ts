import { clockHalves } from '../../base/clock.js'
import { native } from '../../native/index.js'

const clock = clockHalves
const readClock = native.readClock

/**
 * Times in the runtime: ns since the home's origin, the time of its creation, as a number. Exact for 104 days, within 8 ns
 * for two years. Frames hold ns since 1970 in 64 bits.
 */
export class Time {
  private readonly originLow: number
  private readonly originHigh: number
  /** Halves of the last time that was split. */
  low = 0
  high = 0

  /** @param origin ns since 1970. */
  constructor(readonly origin: bigint) {
    this.originLow = Number(origin & 0xffffffffn)
    this.originHigh = Number(origin >> 32n)
  }

  /** The clock. Allocates nothing. */
  now(): number {
    readClock()
    return this.of(clock[0] >>> 0, clock[1] >>> 0)
  }

  /** The time of two halves of ns since 1970. */
  of(low: number, high: number): number {
    return (high - this.originHigh) * 2 ** 32 + (low - this.originLow)
  }

  /** Splits a time into `low` and `high` of ns since 1970. */
  split(time: number): void {
    const low = this.originLow + time
    const carry = Math.floor(low / 2 ** 32)
    this.low = low - carry * 2 ** 32
    this.high = this.originHigh + carry
  }

  /** Splits ms since 1970. */
  splitMs(ms: number): void {
    const ns = ms * 1e6
    this.high = Math.floor(ns / 2 ** 32)
    this.low = Math.floor(ns - this.high * 2 ** 32)
  }

  fromBigInt(time: bigint): number {
    return Number(time - this.origin)
  }

  toBigInt(time: number): bigint {
    return this.origin + BigInt(Math.round(time))
  }
}
