/**
 * Whole numbers of up to 2^103 as the sum of two doubles, so that sums of money are exact without a bigint, which would
 * allocate. `high` is the double nearest to the number, and `low` the rest.
 *
 * The sums and products without an error are those of T. J. Dekker, "A floating-point technique for extending the
 * available precision", Numerische Mathematik 18 (1971), and of D. E. Knuth, The Art of Computer Programming, volume 2,
 * 4.2.2. All parts are whole numbers, so nothing is rounded while a number is at most 2^103.
 */
export class Wide {
  high = 0
  low = 0

  add(other: Wide): void {
    const sum = this.high + other.high
    // While all fits one double, which is nearly always, the rest is 0.
    if (this.low === 0 && other.low === 0 && sum <= MAX && sum >= -MAX) this.high = sum
    else this.addParts(other.high, other.low)
  }

  subtract(other: Wide): void {
    const sum = this.high - other.high
    if (this.low === 0 && other.low === 0 && sum <= MAX && sum >= -MAX) this.high = sum
    else this.addParts(-other.high, -other.low)
  }

  /** Adds a whole number of at most 2^53. */
  addNumber(value: number): void {
    const sum = this.high + value
    if (this.low === 0 && sum <= MAX && sum >= -MAX) this.high = sum
    else this.addParts(value, 0)
  }

  /** Adds a number that is given by its two parts. */
  private addParts(high: number, low: number): void {
    const sum = this.high + high
    const part = sum - this.high
    const rest = this.high - (sum - part) + (high - part) + (this.low + low)
    this.high = sum + rest
    this.low = rest - (this.high - sum)
  }

  /** Adds `a * b`, for whole numbers of at most 2^53. */
  addProduct(a: number, b: number): void {
    const product = a * b
    const sum = this.high + product
    if (this.low === 0 && sum <= MAX && sum >= -MAX && product <= MAX && product >= -MAX) this.high = sum
    else this.addParts(product, productError(a, b, product))
  }

  /**
   * Subtracts the whole number nearest to `a * b / c`, halves away from 0, for whole numbers of at most 2^53; `c` is above 0.
   * A quotient above 2^52 allocates.
   */
  subtractQuotient(a: number, b: number, c: number): void {
    if (Math.abs((a * b) / c) < 2 ** 52) {
      this.addNumber(-nearestQuotient(a, b, c))
      return
    }
    const twice = 2n * BigInt(a) * BigInt(b)
    const divisor = BigInt(c)
    const quotient = (twice < 0n ? twice - divisor : twice + divisor) / (2n * divisor)
    this.setBigInt(this.toBigInt() - quotient)
  }

  /** Sets it to `a * b`, for whole numbers of at most 2^53. */
  setProduct(a: number, b: number): void {
    const product = a * b
    this.high = product
    this.low = product <= MAX && product >= -MAX ? 0 : productError(a, b, product)
  }

  /** Sets it to a whole number of at most 2^53. */
  set(value: number): void {
    this.high = value
    this.low = 0
  }

  negate(): void {
    this.high = -this.high
    this.low = -this.low
  }

  copy(other: Wide): void {
    this.high = other.high
    this.low = other.low
  }

  isAbove(other: Wide): boolean {
    return this.high > other.high || (this.high === other.high && this.low > other.low)
  }

  isBelow(other: Wide): boolean {
    return this.high < other.high || (this.high === other.high && this.low < other.low)
  }

  toBigInt(): bigint {
    return BigInt(this.high) + BigInt(this.low)
  }

  setBigInt(value: bigint): void {
    this.high = Number(value)
    this.low = Number(value - BigInt(this.high))
  }
}

const MAX = Number.MAX_SAFE_INTEGER

/** 2^27 + 1: splits a double into two halves of 26 bits. */
const SPLIT = 134217729

/** What `product`, the double nearest to `a * b`, lacks. */
function productError(a: number, b: number, product: number): number {
  const aBig = SPLIT * a
  const aHigh = aBig - (aBig - a)
  const aLow = a - aHigh
  const bBig = SPLIT * b
  const bHigh = bBig - (bBig - b)
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

/** Whether `a * b > c * d`, exactly, for whole numbers of at most 2^53. */
export function isProductLarger(a: number, b: number, c: number, d: number): boolean {
  const left = a * b
  const right = c * d
  if (left !== right) return left > right
  if (Math.abs(left) <= Number.MAX_SAFE_INTEGER) return false
  return productError(a, b, left) > productError(c, d, right)
}

/**
 * The whole number nearest to `a * b / c`, halves away from 0, exactly. `a`, `b` and `c` are whole numbers of at most 2^53, `c` is above 0,
 * and so is the result at most 2^53.
 */
export function nearestQuotient(a: number, b: number, c: number): number {
  const product = a * b
  const error = Math.abs(product) <= Number.MAX_SAFE_INTEGER ? 0 : productError(a, b, product)
  let quotient = Math.round(product / c)
  for (let i = 0; i < 4; i++) {
    const back = quotient * c
    const backError = Math.abs(back) <= Number.MAX_SAFE_INTEGER ? 0 : productError(quotient, c, back)
    // Both are near each other, so their difference is exact.
    const rest = product - back + (error - backError)
    const twice = 2 * rest
    if (twice > c || (twice === c && quotient >= 0)) quotient += Math.max(1, Math.floor(rest / c))
    else if (twice < -c || (twice === -c && quotient <= 0)) quotient -= Math.max(1, Math.floor(-rest / c))
    else break
  }
  return quotient
}
