import { InvalidOptionError } from '../../base/errors.js'

/** The most instruments that are followed without being named. */
const MOST_UNNAMED = 300

/**
 * The symbols whose market data is followed: those that are chosen and that the venue has, or all.
 *
 * @param venue its name, for people.
 * @throws {InvalidOptionError} when it has none of those that are chosen, or too many to follow all.
 */
export function followedSymbols(
  venue: string,
  all: readonly string[],
  chosen: readonly string[] | undefined,
): readonly string[] {
  if (chosen === undefined) {
    if (all.length <= MOST_UNNAMED) return all
    throw new InvalidOptionError(
      `${venue} has ${all.length} instruments, which are too many to follow all: name them with 'symbols' of a strategy, or with --symbols`,
    )
  }
  const known = new Set(all)
  const found = chosen.filter(symbol => known.has(symbol))
  if (found.length > 0) return found
  throw new InvalidOptionError(
    `${venue} has none of the symbols ${chosen.join(', ')}; it writes them as ${all.slice(0, 3).join(', ')}`,
  )
}
