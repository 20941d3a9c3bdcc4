/** The value below which a share of the samples lies. `sorted` ascending, not empty. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The shares that latencies are reported at; 1 is the maximum. bench/baseline/main.cpp has the same. */
export const SHARES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1] as const

/** Index in SHARES. */
export const P50 = 0
export const P99 = 4
export const P999 = 6
export const P9999 = 8

/** Latencies at SHARES. Sorts `samples` in place. */
export function percentiles(samples: Uint32Array | Float64Array): number[] {
  samples.sort()
  return SHARES.map(share => quantile(samples, share))
}
