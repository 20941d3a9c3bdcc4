import { nearestName } from '../../base/nearest.js'
import type { Names } from '../../trading/inspect/names.js'
import { UsageError } from '../output/failure.js'

/** What `orders` and `positions` can be limited to. */
export interface HomeFilters {
  readonly strategy?: string
  readonly instrument?: string
}

/** An empty answer must mean that there is none, not that a name was misspelt. @throws {UsageError} */
export function checkFilters(names: Names, { strategy, instrument }: HomeFilters): void {
  if (strategy !== undefined && !names.strategyIds.includes(strategy))
    throw new UsageError(`the home has no strategy '${strategy}'${advice(strategy, names.strategyIds)}`)
  const all = names.instruments.all
  if (instrument !== undefined && !all.some(({ number }) => names.isInstrument(number, instrument)))
    throw new UsageError(
      `the home has no instrument '${instrument}'${advice(
        instrument,
        all.flatMap(({ symbol, name }) => [symbol, name]),
      )}`,
    )
}

/** Names that are listed in a message at most. */
const MOST_LISTED = 12

function advice(wrong: string, known: readonly string[]): string {
  const near = nearestName(wrong, known)
  if (near !== undefined) return `; did you mean '${near}'?`
  return `; it has ${known.slice(0, MOST_LISTED).join(', ') || 'none'}${known.length > MOST_LISTED ? ', ...' : ''}`
}
