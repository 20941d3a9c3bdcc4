import { setImmediate as turn } from 'node:timers/promises'
import { FrameRecorder } from '../../frames/frame-recorder.js'
import { Desk } from '../desk/desk.js'
import { makeDesk } from '../desk/make-desk.js'
import { type OutcomeDifference, Player } from '../desk/player.js'
import { HomeError, VenueMissingError } from '../errors.js'
import type { SimulatedExchangeOptions } from '../exchange/options/options.js'
import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import type { DeskConfig, VenueConfig } from '../sequence/config.js'
import { HomeDirectory } from '../sequence/home.js'
import { livesOf } from '../sequence/lives.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { RecordedVenue } from '../venues/recorded-venue.js'

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
  /** Market events played. */
  readonly events: number
  /** Intents, reports, fills and timers that are the same as the recorded ones. */
  readonly outcomes: number
  /** Undefined when everything was the same. */
  readonly difference: OutcomeDifference | undefined
}

/**
 * Decides again everything that a gateway decided, from its sequence, and compares.
 *
 * @throws {HomeError} for a home that does not exist, {VenueMissingError}, what Reader.open throws, and the signal's reason.
 */
export async function replayGateway(options: GatewayReplayOptions): Promise<GatewayReplayResult> {
  const home = HomeDirectory.openExisting(options.home)
  const { config } = livesOf(home)
  const recorder = new FrameRecorder()
  const player = new Player(identity => replayDesk(home, identity, config, options, recorder), recorder)
  player.onConfig = recorded => player.played.configure(recorded)
  await player.playInSlices(home.sequence, async part => {
    options.onProgress?.(part)
    await turn()
    options.signal?.throwIfAborted()
  })
  // Then there was no desk, and everything that is recorded looks like a difference.
  if (player.identity === undefined)
    throw new HomeError(`${home.sequence} does not begin with its first frame: its first pages are gone`, {
      path: home.sequence,
    })
  const { events, compared, difference } = player
  return { events, outcomes: compared, difference }
}

function replayDesk(
  home: HomeDirectory,
  identity: Parameters<typeof makeDesk>[0],
  config: DeskConfig | undefined,
  { venues = [] }: GatewayReplayOptions,
  recorder: FrameRecorder,
): Desk {
  const all = (config?.venues ?? []).map(recorded => {
    const given = venues.find(venue => venue.name === recorded.name)
    return { venue: given ?? buildVenue(home, recorded), isRemote: recorded.isRemote }
  })
  return makeDesk(identity, all, config?.expiryMs ?? 0, recorder)
}

function buildVenue(home: HomeDirectory, recorded: VenueConfig): AsyncVenue {
  if (!recorded.deterministic) return new RecordedVenue(recorded.name, recorded.accounts, recorded.canAmend)
  const { kind, options } = (recorded.configuration ?? {}) as { kind?: string; options?: SimulatedExchangeOptions }
  if (kind === 'simulated') return new SimulatedExchange(options)
  throw new VenueMissingError(
    `${home.path} was run with the venue '${recorded.name}', which this program does not have; pass it as one of 'venues'`,
    [recorded.name],
    { path: home.path },
  )
}
