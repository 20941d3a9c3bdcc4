/**
 * Counts latencies in buckets that are 1/16 of their value wide. Recording allocates nothing, the counts are stored as
 * plain bytes, and the counts of several processes and runs can be added. (The histogram of `perf_hooks` is finer, but
 * cannot leave its process.)
 */
export class LatencyHistogram {
  /** The size of its stored form in bytes. */
  static readonly SIZE = 4 * 464
  readonly counts: Uint32Array = new Uint32Array(LatencyHistogram.SIZE / 4)

  /** Records a latency in ns, from 0 to 2^32 - 1. Larger values count as the maximum, smaller ones as 0. */
  record(ns: number): void {
    this.counts[bucketOf(ns)]++
  }

  add(other: LatencyHistogram): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i]
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** The latency in ns that this part of the samples (0 to 1) did not exceed, to 1/16; 0 when there are none. */
  quantile(part: number): number {
    const wanted = Math.ceil(this.count * part)
    let seen = 0
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i]
      if (seen >= wanted && seen > 0) return upperEnd(i)
    }
    return 0
  }

  /** Its stored form: little-endian counts. A view, not a copy. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.counts.buffer)
  }

  static from(bytes: Uint8Array): LatencyHistogram {
    const histogram = new LatencyHistogram()
    histogram.bytes.set(bytes)
    return histogram
  }
}

const MAX_NS = 2 ** 32 - 1

/** Values below 16 have one bucket each; above that, every power of two has 16 buckets. */
function bucketOf(ns: number): number {
  const value = ns > 0 ? (ns < MAX_NS ? ns >>> 0 : MAX_NS) : 0
  if (value < 16) return value
  const exponent = 31 - Math.clz32(value)
  return (exponent - 3) * 16 + ((value >>> (exponent - 4)) & 15)
}

function upperEnd(bucket: number): number {
  if (bucket < 16) return bucket
  const exponent = (bucket >> 4) + 3
  return (16 + (bucket & 15) + 1) * 2 ** (exponent - 4) - 1
}
