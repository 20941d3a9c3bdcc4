import { isJournal, readersOf } from '../../journal/inspect/inspect.js'
import { type Keep, pruneBefore } from '../../journal/retain/prune-before.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import type { PlayerData } from '../desk/player-data.js'
import { Home } from '../sequence/frames.js'
import { HomeDirectory, STRATEGY_JOURNALS, VENUE_JOURNALS } from '../sequence/home.js'
import { deskIn, firstKnown, snapshotsOf } from '../snapshots/find.js'
import { findState, type SavedState } from '../strategies/saved-state.js'

/** Which snapshots of a home, and what else, is kept. */
export interface RetainOptions extends Keep {
  /** The last ones from which a start is possible. */
  readonly snapshots: number
}

/** The journals of a home beside its sequence: their numbers. */
export interface HomeJournals {
  readonly strategies: ReadonlyMap<string, { readonly number: number }>
  /** The venues that run in processes of their own, by number. */
  readonly remoteVenues: ReadonlyMap<number, string>
  /** Up to where each is taken now: a journal that was reset begins at 0 again. */
  readonly taken: ReadonlyMap<number, number>
}

/**
 * Retires the pages of a home's journals that no start, no replay, no strategy, no venue and no named reader needs. Returns how
 * many.
 *
 * @param at a snapshot is true there: every start from it, or from a later one, stays possible.
 */
export async function retire(home: string, at: number, journals: HomeJournals, keep: Keep): Promise<number> {
  const directory = HomeDirectory.openExisting(home)
  const { sequence } = directory
  const readers = new Map(readersOf(sequence).map(({ name, position }) => [name, position]))
  const strategies = [...journals.strategies].map(([id, { number }]) => {
    const path = directory.strategy(id)
    const next = readers.get(id)
    const state = isJournal(path) ? findState(path, next ?? Number.POSITIVE_INFINITY) : undefined
    return { path, journal: STRATEGY_JOURNALS + number, next, state }
  })
  let count = (await pruneBefore(sequence, firstNeeded(sequence, at, strategies), keep)).length
  // The first snapshot that is still there may be an earlier one: a replay begins with it.
  const taken = takenAtFirst(sequence)
  const retireIn = async (path: string, journal: number, state: SavedState | undefined): Promise<void> => {
    if (!isJournal(path)) return
    const takenTo = Math.min(taken.get(journal) ?? 0, journals.taken.get(journal) ?? 0)
    const needed = [takenTo, lastOf(path, Home.id), state?.begin ?? Number.POSITIVE_INFINITY]
    count += (await pruneBefore(path, Math.min(...needed), keep)).length
  }
  for (const { path, journal, state } of strategies) await retireIn(path, journal, state)
  for (const [number, name] of journals.remoteVenues)
    await retireIn(directory.venue(name), VENUE_JOURNALS + number, undefined)
  return count
}

/** By journal number: up to where the sequence had taken it where the first pages begin; nothing while they are all there. */
function takenAtFirst(sequence: string): ReadonlyMap<number, number> {
  const snapshot = firstKnown(sequence)?.snapshot
  if (snapshot === undefined) return new Map()
  return new Map((deskIn(snapshot) as Pick<PlayerData, 'taken'>).taken)
}

/**
 * The first position of the sequence that is needed: for a start of the gateway, and for each strategy from the last snapshot
 * before the position where it continues.
 */
function firstNeeded(
  sequence: string,
  at: number,
  strategies: readonly { readonly next: number | undefined; readonly state: SavedState | undefined }[],
): number {
  let needed = at
  for (const { next, state } of strategies) {
    // One that was forgotten keeps nothing, as `ticktape prune --forget` promises.
    if (next !== undefined) needed = Math.min(needed, next, state?.next ?? needed)
  }
  for (const snapshot of snapshotsOf(sequence)) if (snapshot.at <= needed) return snapshot.at
  return 0
}

/** The position of the last frame of a type: it is needed. Infinity when there is none. */
function lastOf(path: string, type: number): number {
  for (const position of positionsOf(path, type)) return position
  return Number.POSITIVE_INFINITY
}
