import { LiveFeed } from '../adapter/live-feed.js'
import { bybitEndpoint } from './endpoints.js'
import { bybitVenueName } from './options.js'
import { type BybitMarketOptions, followMarket } from './public-market.js'

/** Live quotes and trades of Bybit. */
export class BybitFeed extends LiveFeed {
  constructor(options: BybitMarketOptions = {}) {
    const { category = 'linear' } = options
    super({
      venue: bybitVenueName(category),
      title: 'Bybit',
      endpoint: bybitEndpoint(category, options.endpoint).name,
      symbols: options.symbols,
      follow: (symbols, handlers) => followMarket({ ...options, symbols }, handlers),
    })
  }
}
