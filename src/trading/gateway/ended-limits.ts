import { isDeepStrictEqual } from 'node:util'
import { HomeError } from '../errors.js'
import type { RiskOptions } from '../risk/limits.js'

/**
 * Limits that people have changed by command hold until the gateway ends. What a start says of them, so that nobody relies on them
 * any more; undefined when there were none.
 *
 * @param inEffect the limits at the end of the sequence, and `configured` those that the last start had.
 */
export function endedLimits(
  home: string,
  inEffect: RiskOptions,
  configured: RiskOptions | undefined,
): HomeError | undefined {
  if (configured === undefined) return undefined
  const now = inEffect as Readonly<Record<string, unknown>>
  const before = configured as Readonly<Record<string, unknown>>
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])]
  const changed = names.filter(name => !isDeepStrictEqual(now[name], before[name]))
  if (changed.length === 0) return undefined
  const list = changed.map(name => `${name} (${now[name] === undefined ? 'none' : JSON.stringify(now[name])})`)
  return new HomeError(
    `the limits of ${home} that were changed by command end with this start: ${list.join(', ')}. In effect are those of its options; 'ticktape limits' shows them, and changes them again`,
    { path: home },
  )
}
