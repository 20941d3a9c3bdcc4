import { LatencyHistogram } from '../runtime/consumer/latency.js'
import type { HopName, HopSample } from './types.js'

/** Upper ends of the buckets, ns: 1, 2.5 and 5 of each power of ten from 1 µs to 10 s. */
const AT_MOST: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
  .flatMap(ns => [ns, 2.5 * ns, 5 * ns])
  .concat(1e10)

/** Latencies of one hop: percentiles, and buckets that can be added to those of other desks. */
export class HopHistogram {
  private readonly fine = new LatencyHistogram()
  private readonly counts = new Array<number>(AT_MOST.length + 1).fill(0)
  private count = 0
  private sumNs = 0
  private longestNs = 0

  constructor(private readonly hop: HopName) {}

  /** Clocks of processes may differ by some ns: a hop never took less than nothing. */
  record(ns: number): void {
    const value = Math.max(0, ns)
    this.fine.record(value)
    const bucket = AT_MOST.findIndex(most => value <= most)
    this.counts[bucket < 0 ? AT_MOST.length : bucket]++
    this.count++
    this.sumNs += value
    this.longestNs = Math.max(this.longestNs, value)
  }

  get sample(): HopSample {
    const { hop, count, sumNs, longestNs, fine, counts } = this
    let sum = 0
    const most = (part: number): number => Math.min(fine.quantile(part), longestNs)
    return {
      hop,
      count,
      sumNs,
      p50: most(0.5),
      p99: most(0.99),
      p999: most(0.999),
      longestNs,
      buckets: AT_MOST.map((atMost, i) => [atMost, (sum += counts[i])] as const),
    }
  }
}
