import type { PlacedVenue } from '../desk/make-desk.js'
import { VenueMissingError } from '../errors.js'
import type { SimulatedExchangeOptions } from '../exchange/options/options.js'
import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import type { DeskConfig, VenueConfig } from '../sequence/config.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { RecordedVenue } from '../venues/recorded-venue.js'

/**
 * The venues of a configuration on record, for a desk that only decides again: simulated exchanges are built, what others
 * said is in the sequence.
 *
 * @param given deterministic venues that cannot be built from what is on record.
 * @throws {VenueMissingError}
 */
export function buildVenues(home: string, config: DeskConfig, given: readonly AsyncVenue[] = []): PlacedVenue[] {
  return config.venues.map(recorded => {
    const own = given.find(venue => venue.name === recorded.name)
    return { venue: own ?? buildVenue(home, recorded), isRemote: recorded.isRemote }
  })
}

function buildVenue(home: string, recorded: VenueConfig): AsyncVenue {
  if (!recorded.deterministic) return new RecordedVenue(recorded.name, recorded.accounts, recorded.canAmend)
  const { kind, options } = (recorded.configuration ?? {}) as { kind?: string; options?: SimulatedExchangeOptions }
  if (kind === 'simulated') return new SimulatedExchange(options)
  throw new VenueMissingError(
    `${home} was run with the venue '${recorded.name}', which this program does not have; pass it as one of 'venues'`,
    [recorded.name],
    { path: home },
  )
}
