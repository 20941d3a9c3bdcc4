import { LatencyHistogram } from 'ticktape/runtime'
import { expect, test } from 'vitest'

test('quantiles are within a sixteenth of the sorted samples, from ns to days', () => {
  const histogram = new LatencyHistogram()
  // Up to 78 hours.
  const samples = Array.from({ length: 10_000 }, (_, i) => Math.floor(1.00331 ** i))
  expect(samples.at(-1)).toBeGreaterThan(2 ** 47)
  for (const sample of samples) histogram.record(sample)
  expect(histogram.count).toBe(samples.length)
  for (const part of [0.01, 0.1, 0.5, 0.6, 0.7, 0.9, 0.99, 0.999, 1]) {
    const exact = samples[Math.ceil(part * samples.length) - 1]
    expect(histogram.quantile(part)).toBeGreaterThanOrEqual(exact)
    expect(histogram.quantile(part)).toBeLessThanOrEqual(exact * (1 + 1 / 16))
  }
})

test('values below 0 count as 0, an empty histogram has no quantiles, and what is beyond every bucket is said to be', () => {
  const histogram = new LatencyHistogram()
  expect(histogram.quantile(0.5)).toBe(0)
  for (const sample of [-5, Number.NaN, 1e15, Number.POSITIVE_INFINITY]) histogram.record(sample)
  expect(histogram.count).toBe(4)
  expect([histogram.quantile(0.5), histogram.quantile(1)]).toEqual([0, Number.POSITIVE_INFINITY])
})

test('a wait of 8 s is 8 s, not the 4.29 s that 32 bits of ns can hold', () => {
  const histogram = new LatencyHistogram()
  histogram.record(8e9)
  expect(histogram.quantile(1)).toBeGreaterThanOrEqual(8e9)
  expect(histogram.quantile(1)).toBeLessThanOrEqual(8.5e9)
})

test('histograms can be added, stored as bytes and read again; of long latencies the bytes only say that they were long', () => {
  const [a, b] = [new LatencyHistogram(), new LatencyHistogram()]
  for (let i = 0; i < 100; i++) (i % 3 === 0 ? a : b).record(i * i)
  const sum = LatencyHistogram.from(a.bytes)
  sum.add(LatencyHistogram.from(b.bytes))
  const all = new LatencyHistogram()
  for (let i = 0; i < 100; i++) all.record(i * i)
  expect([...sum.counts]).toEqual([...all.counts])
  expect(all.bytes.length).toBe(LatencyHistogram.SIZE)

  for (const long of [LatencyHistogram.STORED_NS, 8e9, 1e15]) all.record(long)
  const read = LatencyHistogram.from(all.bytes)
  expect(read.count).toBe(103)
  expect([read.quantile(0.5), read.quantile(1)]).toEqual([all.quantile(0.5), Number.POSITIVE_INFINITY])
  expect(Buffer.from(read.bytes).equals(all.bytes)).toBe(true)
  const longest = new LatencyHistogram()
  longest.record(LatencyHistogram.STORED_NS - 1)
  expect(LatencyHistogram.from(longest.bytes).quantile(1)).toBeLessThanOrEqual(LatencyHistogram.STORED_NS)
})
