import { LiveFeed } from '../adapter/live-feed.js'
import { bybitEndpoint } from './endpoints.js'
import { bybitVenueName } from './options.js'
import type { BybitMarketOptions } from './public-market.js'

/** Loaded when it is needed: a desk description names this feed in every process, and few of them follow it. */
const publicMarket = async () => await import('./public-market.js')

/** Live quotes and trades of Bybit. */
export class BybitFeed extends LiveFeed {
  constructor(options: BybitMarketOptions = {}) {
    const { category = 'linear' } = options
    super({
      venue: bybitVenueName(category),
      title: 'Bybit',
      endpoint: bybitEndpoint(category, options.endpoint).name,
      symbols: options.symbols,
      follow: async (symbols, handlers) => await (await publicMarket()).followMarket({ ...options, symbols }, handlers),
    })
  }
}
