import { BinanceFeed } from '../exchanges/binance/binance-feed.js'
import { BybitFeed } from '../exchanges/bybit/bybit-feed.js'
import { CcxtFeed } from '../exchanges/ccxt/ccxt-feed.js'
import { OkxFeed } from '../exchanges/okx/okx-feed.js'
import { packageModule } from '../native/package-files.js'
import { SimulatedExchange } from '../trading/exchange/simulated-exchange.js'
import type { GatewayOptions } from '../trading/gateway/options.js'
import { CaptureFeed } from '../trading/market/capture-feed.js'
import type { Feed } from '../trading/market/feed.js'
import { SyntheticFeed } from '../trading/market/synthetic-feed.js'
import type { VenueModule } from '../trading/venues/adapter-config.js'
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
    ...(venues === undefined ? {} : { venues: venues.map(venueOf) }),
    // As it will be read back from the sequence.
    description: JSON.parse(JSON.stringify(description)) as Record<string, unknown>,
  }
}

function feedOf(feed: DeskDescription['feed']): Feed {
  if (feed === undefined) return new SyntheticFeed()
  if ('binance' in feed) return new BinanceFeed(feed.binance)
  if ('bybit' in feed) return new BybitFeed(feed.bybit)
  if ('ccxt' in feed) return new CcxtFeed(feed.ccxt)
  if ('okx' in feed) return new OkxFeed(feed.okx)
  return 'capture' in feed ? new CaptureFeed(feed.capture) : new SyntheticFeed(feed.synthetic)
}

function venueOf(venue: NonNullable<DeskDescription['venues']>[number]): string | SimulatedExchange | VenueModule {
  if (typeof venue === 'string') return venue
  if ('simulated' in venue) return new SimulatedExchange(venue.simulated)
  if ('binance' in venue)
    return {
      module: packageModule('exchanges/binance/binance-module.js', 'A gateway with the venue binance'),
      options: venue.binance,
    }
  if ('bybit' in venue)
    return {
      module: packageModule('exchanges/bybit/bybit-module.js', 'A gateway with the venue bybit'),
      options: venue.bybit,
    }
  if ('ccxt' in venue)
    return {
      module: packageModule('exchanges/ccxt/ccxt-module.js', 'A gateway with a venue by ccxt'),
      options: venue.ccxt,
    }
  return { module: packageModule('exchanges/okx/okx-module.js', 'A gateway with the venue okx'), options: venue.okx }
}
