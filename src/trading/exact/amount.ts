import { decimalText, POWERS } from './decimal.js'

/**
 * A whole number of up to 105 bits that is changed in place, without allocating: amounts of money in the smallest units of
 * a currency do not fit the 53 bits of a double.
 *
 * The value is `high * 2^52 + low`, with `low` between -2^52 and 2^52. Each step below is exact in double arithmetic.
 * A product of two doubles is a sum of two doubles, its rounded value and the error, which Dekker's method finds.
 *
 * Source: T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18
 * (1971).
 */
export class Amount {
  high = 0
  low = 0

  /** Adds a whole number of any size that a double can hold exactly. */
  add(value: number): void {
    const low = this.low + value
    // Both summands are below 2^52 here, so that the sum was not rounded.
    if (value < LIMB && value > -LIMB && low < LIMB && low > -LIMB) this.low = low
    else this.carry(value)
  }

  /** Adds `a * b`, exactly, for whole numbers. */
  addProduct(a: number, b: number): void {
    const product = a * b
    this.add(product)
    if (product > EXACT || product < -EXACT) this.add(errorOfProduct(a, b, product))
  }

  /** Adds `a * b * c`, exactly, for whole numbers. */
  addProducts(a: number, b: number, c: number): void {
    const product = a * b
    this.addProduct(product, c)
    if (product > EXACT || product < -EXACT) this.addProduct(errorOfProduct(a, b, product), c)
  }

  addAmount(other: Amount): void {
    this.high += other.high
    this.add(other.low)
  }

  subtractAmount(other: Amount): void {
    this.high -= other.high
    this.add(-other.low)
  }

  /** Adds `other * factor`. */
  addScaled(other: Amount, factor: number): void {
    if (other.high !== 0) this.addProducts(other.high, LIMB, factor)
    this.addProduct(other.low, factor)
  }

  negate(): void {
    this.high = -this.high
    this.low = -this.low
  }

  /** Divides by 10^decimals, which is also given as a bigint, towards zero. */
  divide(decimals: number, divisor: bigint): void {
    if (decimals === 0) return
    if (this.isSmall && decimals <= 15) {
      // Both are exact, and so is the remainder.
      const value = this.toNumber()
      const below = POWERS[decimals]
      this.clear().add((value - (value % below)) / below)
    } else this.set(this.toBigInt() / divisor)
  }

  clear(): this {
    this.high = 0
    this.low = 0
    return this
  }

  copy(other: Amount): this {
    this.high = other.high
    this.low = other.low
    return this
  }

  /** -1, 0 or 1. */
  get sign(): number {
    return Math.sign(this.high === 0 ? this.low : this.high)
  }

  /** Whether it is a double without rounding: at most 2^53. */
  get isSmall(): boolean {
    return this.high === 0 || Math.abs(this.high * LIMB + this.low) < EXACT
  }

  /** The nearest double. */
  toNumber(): number {
    return this.high * LIMB + this.low
  }

  toBigInt(): bigint {
    return BigInt(this.high) * BIG_LIMB + BigInt(this.low)
  }

  set(value: bigint): this {
    this.high = Number(value / BIG_LIMB)
    this.low = Number(value % BIG_LIMB)
    return this
  }

  /** The nearest double to the value divided by 10^decimals. At most 22 decimals. */
  toDecimalNumber(decimals: number): number {
    if (this.isSmall) return this.toNumber() / POWERS[decimals]
    return Number(this.toText(decimals))
  }

  /** The value divided by 10^decimals as decimal text, without zeros at the end. */
  toText(decimals: number): string {
    return decimalText(this.toBigInt(), decimals)
  }

  private carry(value: number): void {
    const carried = Math.trunc(value / LIMB)
    let low = this.low + (value - carried * LIMB)
    let high = this.high + carried
    if (low >= LIMB) {
      low -= LIMB
      high++
    } else if (low <= -LIMB) {
      low += LIMB
      high--
    }
    this.high = high
    this.low = low
  }
}

const LIMB = 2 ** 52
const BIG_LIMB = 2n ** 52n
const EXACT = 2 ** 53
/** 2^27 + 1 splits a double into two halves. */
const SPLITTER = 134217729

function errorOfProduct(a: number, b: number, product: number): number {
  const ca = SPLITTER * a
  const cb = SPLITTER * b
  const aHigh = ca - (ca - a)
  const bHigh = cb - (cb - b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow
}
