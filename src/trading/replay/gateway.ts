import { setImmediate as turn } from 'node:timers/promises'
import type { OutcomeDifference } from '../desk/outcome-comparison.js'
import { Player } from '../desk/player.js'
import { PagesGoneError } from '../errors.js'
import { Replica } from '../replica/replica.js'
import { HomeDirectory } from '../sequence/home.js'
import { livesOf } from '../sequence/lives.js'
import { deskIn, firstKnown, readSnapshot, type SnapshotPlace, snapshotsOf } from '../snapshots/find.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { checkPages } from './damage.js'

export interface GatewayReplayOptions {
  readonly home: string
  /**
   * The deterministic venues of the home that this program cannot build from what is on record: new objects, with the same
   * options. Simulated exchanges are built; what other venues said is on record.
   */
  readonly venues?: readonly AsyncVenue[]
  readonly signal?: AbortSignal
  /** Called from time to time with the completed part, 0 to 1. */
  readonly onProgress?: (part: number) => void
}

export interface GatewayReplayResult {
  /** From where on everything was compared: 0, or the position of the first complete snapshot when earlier pages are gone. */
  readonly from: number
  /** Market events played. */
  readonly events: number
  /** Intents, reports, fills and timers that are the same as the recorded ones. */
  readonly outcomes: number
  /** Snapshots that say what is known there. */
  readonly snapshots: number
  /** Undefined when everything was the same. */
  readonly difference: OutcomeDifference | undefined
}

/**
 * Decides again everything that a gateway decided, from its sequence, and compares; also each snapshot with what is known
 * where it was made.
 *
 * @throws {HomeError} for a home that does not exist; {PagesGoneError} when a page is gone, or the first pages are and it has no snapshot to
 *   start from; {VenueMissingError}, what Reader.open throws, and the signal's reason.
 */
export async function replayGateway(options: GatewayReplayOptions): Promise<GatewayReplayResult> {
  const home = HomeDirectory.openExisting(options.home)
  const { sequence } = home
  checkPages(sequence)
  const first = firstKnown(sequence)
  const start = first?.snapshot === undefined ? undefined : deskIn(first.snapshot)
  if (first === undefined || (start !== undefined && !Player.canLoad(start)))
    throw new PagesGoneError(
      `${sequence} does not begin with its first frame: its first pages are gone, and no snapshot of this version says what was known where it begins`,
      { path: sequence },
    )
  const config = start?.config ?? livesOf(home).config
  const replica = new Replica(home.path, config ?? { risk: {}, venues: [], expiryMs: 0 }, options.venues)
  if (first.snapshot !== undefined) replica.load(first.snapshot.bytes)
  const { player } = replica
  const before = player.events
  const pause = async (part: number): Promise<void> => {
    options.onProgress?.(part)
    await turn()
    options.signal?.throwIfAborted()
  }
  let snapshots = 0
  let difference: OutcomeDifference | undefined
  for (const place of [...snapshotsOf(sequence)].reverse()) {
    if (place.at < first.position) continue
    await player.playInSlices(sequence, pause, place.at)
    if (player.difference !== undefined) break
    difference = snapshotDifference(replica, sequence, place)
    if (difference !== undefined) break
    snapshots++
  }
  if (difference === undefined) await player.playInSlices(sequence, pause)
  return {
    from: first.position,
    events: player.events - before,
    outcomes: player.compared,
    snapshots,
    difference: player.difference ?? difference,
  }
}

/** What is wrong with a snapshot, if anything is. @param replica has played everything before the snapshot's position. */
function snapshotDifference(replica: Replica, sequence: string, place: SnapshotPlace): OutcomeDifference | undefined {
  const bytes = readSnapshot(sequence, place)
  const about = (problem: string): string => JSON.stringify({ type: 'SnapshotEnd', snapshot: place.number, problem })
  if (typeof bytes === 'string') return { position: place.end, found: about(bytes), expected: undefined }
  if (replica.save().equals(bytes)) return undefined
  return { position: place.end, found: about('it is not what was known there'), expected: undefined }
}
