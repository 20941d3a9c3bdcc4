import { LatencyHistogram } from 'ticktape/runtime'
import { expect, test } from 'vitest'

test('quantiles are within a sixteenth of the sorted samples', () => {
  const histogram = new LatencyHistogram()
  const samples = Array.from({ length: 10_000 }, (_, i) => Math.floor(1.0021 ** i))
  for (const sample of samples) histogram.record(sample)
  expect(histogram.count).toBe(samples.length)
  for (const part of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = samples[Math.ceil(part * samples.length) - 1]
    expect(histogram.quantile(part)).toBeGreaterThanOrEqual(exact)
    expect(histogram.quantile(part)).toBeLessThanOrEqual(exact * (1 + 1 / 16))
  }
})

test('values below 0 count as 0, values above 4.29 s as 4.29 s, and an empty histogram has no quantiles', () => {
  const histogram = new LatencyHistogram()
  expect(histogram.quantile(0.5)).toBe(0)
  for (const sample of [-5, Number.NaN, 1e12, Number.POSITIVE_INFINITY]) histogram.record(sample)
  expect(histogram.count).toBe(4)
  expect([histogram.quantile(0.5), histogram.quantile(1)]).toEqual([0, 2 ** 32 - 1])
})

test('histograms can be added, stored as bytes and read again', () => {
  const [a, b] = [new LatencyHistogram(), new LatencyHistogram()]
  for (let i = 0; i < 100; i++) (i % 3 === 0 ? a : b).record(i * i)
  const sum = LatencyHistogram.from(a.bytes)
  sum.add(LatencyHistogram.from(b.bytes))
  const all = new LatencyHistogram()
  for (let i = 0; i < 100; i++) all.record(i * i)
  expect([...sum.counts]).toEqual([...all.counts])
  expect(all.bytes.length).toBe(LatencyHistogram.SIZE)
})
