import type { PlayerData } from '../desk/player-data.js'
import { deskIn, firstKnown, viewsIn } from '../snapshots/find.js'
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
  if (first?.snapshot === undefined) return undefined
  return {
    sequence,
    position: first.position,
    views: viewsIn(first.snapshot) as ViewsData,
    desk: deskIn(first.snapshot) as PlayerData,
  }
}
