import { listDirectory } from '../../journal/files/directory.js'
import type { HomeDirectory } from '../sequence/home.js'
import { firstKnown } from '../snapshots/find.js'
import { type StrategyRun, strategyRuns } from './strategy-runs.js'

export interface KnownRuns {
  /** Those that the strategy's journal has from their start on. */
  readonly all: readonly StrategyRun[]
  /** Those of them that can be replayed: they begin where it is known what was before. */
  readonly known: readonly StrategyRun[]
  /** Whether there were others, on pages that are gone. */
  readonly isShort: boolean
}

/** The runs of a strategy. Pages of the home may have been retired. */
export function knownRuns(home: HomeDirectory, id: string): KnownRuns {
  const journal = home.strategy(id)
  const all = strategyRuns(journal, home.sequence, id)
  const first = firstKnown(home.sequence)?.position ?? Number.POSITIVE_INFINITY
  const known = all.filter(run => run.from >= first)
  return { all, known, isShort: known.length < all.length || (listDirectory(journal).pages[0] ?? 0) > 0 }
}
