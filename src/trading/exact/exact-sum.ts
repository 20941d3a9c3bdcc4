/**
 * A sum of whole numbers and of products of whole numbers, exact at any size.
 *
 * While the sum and each summand are at most 2^53 it is a number, and nothing is allocated. A larger summand or sum makes
 * it a bigint, until it fits a number again.
 */
export class ExactSum {
  private small = 0
  private large: bigint | undefined = undefined

  add(value: number): void {
    const sum = this.small + value
    if (this.large === undefined && isExact(value) && isExact(sum)) this.small = sum
    else this.addLarge(BigInt(value))
  }

  /** Adds `a * b`. Both must be whole numbers of at most 2^53. */
  addProduct(a: number, b: number): void {
    const product = a * b
    const sum = this.small + product
    if (this.large === undefined && isExact(product) && isExact(sum)) this.small = sum
    else this.addLarge(BigInt(a) * BigInt(b))
  }

  addBig(value: bigint): void {
    this.addLarge(value)
  }

  set(value: bigint): void {
    this.small = 0
    this.large = undefined
    this.addLarge(value)
  }

  clear(): void {
    this.small = 0
    this.large = undefined
  }

  /** Whether the sum is above a whole number of at most 2^53. */
  isAbove(limit: number): boolean {
    return this.large === undefined ? this.small > limit : this.large > BigInt(limit)
  }

  isBelow(limit: number): boolean {
    return this.large === undefined ? this.small < limit : this.large < BigInt(limit)
  }

  /** Whether the sum is a number, at most 2^53. */
  get isSmall(): boolean {
    return this.large === undefined
  }

  /** The sum as a number: exact up to 2^53, else the nearest double. */
  toNumber(): number {
    return this.large === undefined ? this.small : Number(this.large)
  }

  toBigInt(): bigint {
    return this.large ?? BigInt(this.small)
  }

  private addLarge(value: bigint): void {
    const sum = this.toBigInt() + value
    const isSmall = sum <= MAX && sum >= -MAX
    this.small = isSmall ? Number(sum) : 0
    this.large = isSmall ? undefined : sum
  }
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** At most 2^53 - 1: a double that holds it was not rounded. */
function isExact(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER
}

/** Whether `a * b > limit`, exactly, for whole numbers of at most 2^53. */
export function isProductAbove(a: number, b: number, limit: number): boolean {
  const product = a * b
  return isExact(product) ? product > limit : BigInt(a) * BigInt(b) > BigInt(limit)
}
