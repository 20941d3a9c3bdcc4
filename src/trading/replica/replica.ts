import { FrameRecorder } from '../../frames/frame-recorder.js'
import { makeDesk } from '../desk/make-desk.js'
import { Player } from '../desk/player.js'
import { SequenceMismatchError } from '../errors.js'
import type { DeskConfig } from '../sequence/config.js'
import { HomeDirectory } from '../sequence/home.js'
import { findSnapshot } from '../snapshots/find.js'
import { joined, pack, parted, unpack } from '../snapshots/pack.js'
import { StrategyViews, type ViewsData } from '../strategies/views.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { buildVenues } from './build-venues.js'

/**
 * A second desk: it plays the sequence, and so knows what the gateway knows. Snapshots are made of it, so that the gateway
 * never stops for one; and since it compares what it decides with what the sequence has, none is made of a desk that has
 * decided otherwise.
 */
export class Replica {
  readonly player: Player
  private readonly sequence: string
  private readonly views: StrategyViews

  /**
   * @param home its directory.
   * @param config any configuration of the home: its venues are always the same.
   * @param given deterministic venues that cannot be built from what is on record.
   * @throws {VenueMissingError}
   */
  constructor(home: string, config: DeskConfig, given: readonly AsyncVenue[] = []) {
    this.sequence = HomeDirectory.openExisting(home).sequence
    const venues = buildVenues(home, config, given)
    const recorder = new FrameRecorder()
    this.player = new Player(identity => makeDesk(identity, venues, config.expiryMs, recorder), recorder)
    this.player.onConfig = recorded => this.player.played.configure(recorded)
    this.views = new StrategyViews(() => this.player.played.instruments)
    this.player.observer = this.views
  }

  /** Begins with the last snapshot that can be used, if there is one. To be called before anything is played. */
  loadLast(): void {
    const { found } = findSnapshot(this.sequence)
    if (found !== undefined) this.load(found.bytes)
  }

  /** Begins with a snapshot. One of another version is not loaded. */
  load(bytes: Uint8Array): void {
    const [views, desk] = parted(bytes)
    const data = unpack(desk)
    if (!Player.canLoad(data)) return
    this.player.load(data)
    this.views.load(unpack(views) as ViewsData)
  }

  /** Plays up to a position at which a burst ends. @throws {SequenceMismatchError} when the sequence has other outcomes. */
  playTo(position: number): void {
    const { player, sequence } = this
    player.play(sequence, position)
    const { difference } = player
    if (difference === undefined) return
    throw new SequenceMismatchError(
      `${sequence} has at position ${difference.position} ${difference.found}, where a second desk decides ${difference.expected ?? 'nothing'}`,
      { path: sequence, position: difference.position },
    )
  }

  /** A snapshot of what it knows. */
  save(): Buffer {
    return joined(pack(this.views.save()), pack(this.player.save()))
  }
}
