import { isJournal, readersOf } from '../../journal/inspect/inspect.js'
import { type Keep, pruneBefore } from '../../journal/retain/prune-before.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import { Home } from '../sequence/frames.js'
import { HomeDirectory, STRATEGY_JOURNALS, VENUE_JOURNALS } from '../sequence/home.js'
import { snapshotsOf } from '../snapshots/find.js'
import { findState } from '../strategies/saved-state.js'

/** Which snapshots of a home, and what else, is kept. */
export interface RetainOptions extends Keep {
  /** The last ones from which a start is possible. */
  readonly snapshots: number
}

/** A snapshot that is complete, and still usable. */
export interface Kept {
  /** What it says is true before this position. */
  readonly at: number
  /** By journal number: up to where the sequence had taken it there. */
  readonly taken: ReadonlyMap<number, number>
}

/** The journals of a home beside its sequence: their numbers. */
export interface HomeJournals {
  readonly strategies: ReadonlyMap<string, { readonly number: number }>
  /** The venues that run in processes of their own, by number. */
  readonly remoteVenues: ReadonlyMap<number, string>
}

/**
 * Retires the pages of a home's journals that no start, no replay from the oldest kept snapshot, no strategy, no venue and no
 * named reader needs. Returns how many.
 */
export async function retire(home: string, kept: Kept, journals: HomeJournals, keep: Keep): Promise<number> {
  const directory = HomeDirectory.openExisting(home)
  let count = (await pruneBefore(directory.sequence, firstNeeded(directory, kept, journals), keep)).length
  const retireIn = async (path: string, journal: number): Promise<void> => {
    if (!isJournal(path)) return
    const state = findState(path, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    const needed = [kept.taken.get(journal) ?? 0, lastOf(path, Home.id), state?.begin ?? Number.POSITIVE_INFINITY]
    const end = Math.min(...needed)
    count += (await pruneBefore(path, end, keep)).length
  }
  for (const [id, { number }] of journals.strategies) await retireIn(directory.strategy(id), STRATEGY_JOURNALS + number)
  for (const [number, name] of journals.remoteVenues) await retireIn(directory.venue(name), VENUE_JOURNALS + number)
  return count
}

/**
 * The first position of the sequence that is needed: for a start of the gateway, and for each strategy from the last snapshot
 * before the place where it continues.
 */
function firstNeeded(directory: HomeDirectory, kept: Kept, { strategies }: HomeJournals): number {
  const { sequence } = directory
  const readers = new Map(readersOf(sequence).map(({ name, position }) => [name, position]))
  let needed = kept.at
  for (const id of strategies.keys()) {
    const path = directory.strategy(id)
    const reader = readers.get(id)
    const state = isJournal(path)
      ? findState(path, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)?.next
      : undefined
    needed = Math.min(needed, reader ?? needed, state ?? needed)
  }
  for (const { at } of snapshotsOf(sequence)) if (at <= needed) return at
  return 0
}

/** The position of the last frame of a type: it is needed. Infinity when there is none. */
function lastOf(path: string, type: number): number {
  for (const position of positionsOf(path, type)) return position
  return Number.POSITIVE_INFINITY
}
