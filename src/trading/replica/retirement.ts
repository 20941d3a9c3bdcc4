import type { Player } from '../desk/player.js'
import { HomeDirectory } from '../sequence/home.js'
import { readSnapshot, snapshotsOf } from '../snapshots/find.js'
import { type RetainOptions, retire } from './retire.js'

/** Retires pages of a home each time a snapshot is complete: as many snapshots as are wanted stay usable. */
export class Retirement {
  /** The positions of this process's complete snapshots that are still kept, oldest first. */
  private readonly kept: number[] = []
  private last: number | undefined = undefined

  constructor(
    private readonly home: string,
    private readonly options: RetainOptions,
    private readonly player: Player,
  ) {}

  /** A snapshot was made of what the player now knows. */
  saved(): void {
    this.last = this.player.position
  }

  /** The snapshot that was made last is in the sequence. Returns how many pages were retired. */
  async complete(): Promise<number> {
    const { last, kept, options, player } = this
    if (last === undefined) return 0
    const { sequence } = HomeDirectory.openExisting(this.home)
    const place = snapshotsOf(sequence).next().value
    // What cannot be read again, no start can use.
    if (place?.at !== last || typeof readSnapshot(sequence, place) === 'string') return 0
    kept.push(last)
    if (kept.length > options.snapshots) kept.shift()
    if (kept.length < options.snapshots) return 0
    const remoteVenues = new Map(
      player.played.venues.all.flatMap(({ number, name, isRemote }) => (isRemote ? [[number, name] as const] : [])),
    )
    const { strategies, taken } = player
    return retire(this.home, kept[0], { strategies, remoteVenues, taken }, options)
  }
}
