/**
 * Counts latencies in buckets that are 1/16 of their value wide, up to 78 hours. Recording allocates nothing, the counts are
 * stored as plain bytes, and the counts of several processes and runs can be added. (The histogram of `perf_hooks` is finer,
 * but cannot leave its process.)
 */
export class LatencyHistogram {
  /** The size of its stored form in bytes. */
  static readonly SIZE = 4 * 464
  /** From this latency on, in ns, the stored form only says that there were such: 4.16 s. */
  static readonly STORED_NS = 31 * 2 ** 27
  readonly counts: Uint32Array = new Uint32Array(BUCKETS + 1)

  /** Records a latency in ns. One below 0 counts as 0. */
  record(ns: number): void {
    this.counts[bucketOf(ns)]++
  }

  add(other: LatencyHistogram): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i]
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /**
   * The latency in ns that this part of the samples (0 to 1) did not exceed, to 1/16; 0 when there are none. Infinity when it is only known
   * to be long: 78 hours or more, or read from a stored form and `STORED_NS` or more.
   */
  quantile(part: number): number {
    const wanted = Math.ceil(this.count * part)
    let seen = 0
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i]
      if (seen >= wanted && seen > 0) return i === BEYOND ? Number.POSITIVE_INFINITY : upperEnd(i)
    }
    return 0
  }

  /** Its stored form: little-endian counts. */
  get bytes(): Uint8Array {
    const stored = this.counts.slice(0, STORED)
    for (let i = STORED; i < this.counts.length; i++) stored[STORED - 1] += this.counts[i]
    return new Uint8Array(stored.buffer)
  }

  static from(bytes: Uint8Array): LatencyHistogram {
    const histogram = new LatencyHistogram()
    const { counts } = histogram
    new Uint8Array(counts.buffer).set(bytes)
    counts[BEYOND] = counts[STORED - 1]
    counts[STORED - 1] = 0
    return histogram
  }
}

/** Buckets of the stored form: up to 2^32 ns, and in the last one all that is longer. */
const STORED = LatencyHistogram.SIZE / 4
/** What is longer counts as beyond. */
const MAX_NS = 2 ** 48
const BUCKETS = bucketOf(MAX_NS - 1) + 1
/** The last count: of latencies that no bucket is for, or whose bucket is not known. */
const BEYOND = BUCKETS

/** Values below 16 have one bucket each; above that, every power of two has 16 buckets. */
function bucketOf(ns: number): number {
  if (!(ns > 0)) return 0
  if (ns >= 2 ** 32) return ns < MAX_NS ? longBucketOf(ns) : BEYOND
  const value = ns >>> 0
  if (value < 16) return value
  const exponent = 31 - Math.clz32(value)
  return (exponent - 3) * 16 + ((value >>> (exponent - 4)) & 15)
}

/** The same for 2^32 and above, where operators on bits see only a part: such a value has the bucket of its upper bits, and 16 more. */
function longBucketOf(ns: number): number {
  return bucketOf(ns / 2 ** 16) + 16 * 16
}

function upperEnd(bucket: number): number {
  if (bucket < 16) return bucket
  const exponent = (bucket >> 4) + 3
  return (16 + (bucket & 15) + 1) * 2 ** (exponent - 4) - 1
}
