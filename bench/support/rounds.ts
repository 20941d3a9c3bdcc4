import { cacheLineNs } from './machine.js'
import type { Comparison, Conditions, Contender, Latencies, Target } from './question.js'
import { median, P50, P99, P999, SHARES } from './statistics.js'

/** One contender: measures once and returns one figure or several. */
export interface Way<T = number> {
  readonly name: string
  measure(): Promise<T>
}

/** The results, by way and round. */
export interface Turns<T> {
  readonly names: readonly string[]
  readonly values: readonly (readonly T[])[]
  /** The time in ns that a cache line took there and back, before each round; empty when that was not measured. */
  readonly lineNs: readonly number[]
  readonly repeated: number
}

/** The virtual cores are assumed not to have moved while the cache line time between them stays within this factor. */
const SAME_PLACE = 1.6

/**
 * Measures all ways in turns, A B A B, so that other load on the machine affects all of them. A round in which the virtual cores
 * moved (the cache line time changed) is measured again, once.
 */
export async function takeTurns<T>(conditions: Conditions, ways: readonly Way<T>[]): Promise<Turns<T>> {
  const values: T[][] = ways.map(() => [])
  const lineNs: number[] = []
  let repeated = 0
  for (let round = 0; round < conditions.rounds; round++) {
    for (let attempt = 0; ; attempt++) {
      const before = cacheLineNs(conditions)
      const figures: T[] = []
      for (const way of ways) figures.push(await way.measure())
      const after = cacheLineNs(conditions)
      const moved =
        before !== undefined && after !== undefined && Math.max(before, after) > SAME_PLACE * Math.min(before, after)
      if (moved && attempt === 0) {
        repeated++
        continue
      }
      figures.forEach((figure, i) => values[i].push(figure))
      if (before !== undefined) lineNs.push(before)
      break
    }
  }
  return { names: ways.map(way => way.name), values, lineNs, repeated }
}

/** A comparison of one figure of each measurement. */
export function comparison<T>(
  turns: Turns<T>,
  label: string,
  unit: string,
  better: 'more' | 'less',
  figure: (value: T) => number,
): Comparison {
  const contenders = turns.names.map((name, i) => ({ name, values: turns.values[i].map(figure) }))
  return { label, unit, better, contenders, lineNs: turns.lineNs, repeated: turns.repeated }
}

/** Measures one figure of all ways in turns. */
export async function inTurns(
  conditions: Conditions,
  label: string,
  unit: string,
  better: 'more' | 'less',
  ways: readonly Way[],
): Promise<Comparison> {
  const result = comparison(await takeTurns(conditions, ways), label, unit, better, value => value)
  conditions.say(
    `  ${label}: ${result.contenders.map(c => `${c.name} ${shortly(median(c.values))}`).join(', ')} ${unit}`,
  )
  return result
}

/** Latencies at SHARES, as medians over the rounds. */
export function latencies(conditions: Conditions, turns: Turns<readonly number[]>, label: string): Latencies {
  const ways = turns.names.map((name, i) => ({
    name,
    percentiles: SHARES.map((_, share) => median(turns.values[i].map(round => round[share]))),
  }))
  for (const { name, percentiles } of ways) {
    conditions.say(
      `  ${label}, ${name}: p50 ${shortly(percentiles[P50])}, p99 ${shortly(percentiles[P99])}, p99.9 ${shortly(percentiles[P999])} ns`,
    )
  }
  return { label, ways }
}

/** The median of the ratios of two contenders, round by round. */
export function ratio(of: Contender, to: Contender): number {
  return median(of.values.map((value, i) => value / to.values[i]))
}

/** A number with three significant digits. */
export function shortly(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return value.toFixed(2)
}

/** A target that is reached from `least` on. */
export function atLeast(what: string, least: number, found: number, limit: string): Target {
  return { what, wanted: `≥ ${least}`, found, reached: found >= least, limit }
}

/** A target that is reached up to `most`. */
export function atMost(what: string, most: number, found: number, limit: string): Target {
  return { what, wanted: `≤ ${most}`, found, reached: found <= most, limit }
}
