import { PLAYER_DATA_VERSION, type PlayerData } from '../desk/player-data.js'
import { deskIn, type FoundSnapshot, findSnapshot, firstKnown, snapshotBefore, viewsIn } from '../snapshots/find.js'
import type { ViewsData } from '../strategies/views.js'

/** What a snapshot says of everything before the first page that a sequence still has. */
export interface KnownBefore {
  readonly sequence: string
  /** It is true before this position. */
  readonly position: number
  readonly views: ViewsData
  readonly desk: PlayerData
}

/** Where to begin reading a sequence: 'start', with what was before it when its first pages were retired. */
export function knownBefore(sequence: string): KnownBefore | undefined {
  const first = firstKnown(sequence)
  return first?.snapshot === undefined ? undefined : knownIn(sequence, first.position, first.snapshot)
}

/** What the last snapshot says that can be used; undefined without one, or when another version of this program has made it. */
export function lastKnown(sequence: string): KnownBefore | undefined {
  const { found } = findSnapshot(sequence)
  if (found === undefined) return undefined
  const known = knownIn(sequence, found.place.at, found)
  return known.desk.version === PLAYER_DATA_VERSION ? known : undefined
}

/**
 * What the nearest snapshot before a position says: who reads on from there knows what was true at the position, and has read
 * little. What an order's first frames said is not in it. As `knownBefore` where there is no snapshot before the position.
 */
export function knownNear(sequence: string, position: number): KnownBefore | undefined {
  const snapshot = snapshotBefore(sequence, position)
  const known = snapshot === undefined ? undefined : knownIn(sequence, snapshot.place.at, snapshot)
  return known?.desk.version === PLAYER_DATA_VERSION ? known : knownBefore(sequence)
}

function knownIn(sequence: string, position: number, snapshot: FoundSnapshot): KnownBefore {
  return { sequence, position, views: viewsIn(snapshot) as ViewsData, desk: deskIn(snapshot) as PlayerData }
}
