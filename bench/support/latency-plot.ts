import type { Latencies, Panel } from './question.js'
import { SHARES } from './statistics.js'

/** The shares that a plot shows: every second one, for labels need room. */
const SHOWN: readonly number[] = [0.5, 0.9, 0.99, 0.999, 0.9999, 1]

/** The labels of a plot of latencies. */
export const SHARE_NAMES = SHOWN.map(share => (share === 1 ? 'max' : `p${+(share * 100).toFixed(2)}`))

/**
 * The picture of a table of latencies.
 *
 * @param names of the ways to show, as the picture calls them; all ways without it.
 */
export function latencyPanel({ label, ways }: Latencies, names?: ReadonlyMap<string, string>): Panel {
  const shown = names === undefined ? ways : ways.filter(({ name }) => names.has(name))
  return {
    title: label,
    ways: shown.map(({ name, percentiles }) => ({
      name: names?.get(name) ?? name,
      values: percentiles.filter((_, i) => SHOWN.includes(SHARES[i])),
    })),
  }
}
