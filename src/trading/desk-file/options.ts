import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import type { GatewayOptions } from '../gateway/options.js'
import { CaptureFeed } from '../market/capture-feed.js'
import type { Feed } from '../market/feed.js'
import { SyntheticFeed } from '../market/synthetic-feed.js'
import type { DeskDescription } from './read.js'

/**
 * The options of `Gateway.start` for what a desk.json describes:
 *
 *     await Gateway.start({ home: '/dev/shm/desk', ...deskOptions(readDeskFile('desk.json')) })
 *
 * @throws {InvalidOptionError} for options of a simulated exchange or of a synthetic feed that contradict each other.
 */
export function deskOptions(description: DeskDescription): Omit<GatewayOptions, 'home'> {
  const { venues, feed, ...rest } = description
  return {
    ...rest,
    feed: feedOf(feed),
    ...(venues === undefined
      ? {}
      : { venues: venues.map(venue => (typeof venue === 'string' ? venue : new SimulatedExchange(venue.simulated))) }),
    // As it will be read back from the sequence.
    description: JSON.parse(JSON.stringify(description)) as Record<string, unknown>,
  }
}

function feedOf(feed: DeskDescription['feed']): Feed {
  if (feed === undefined) return new SyntheticFeed()
  return 'capture' in feed ? new CaptureFeed(feed.capture) : new SyntheticFeed(feed.synthetic)
}
