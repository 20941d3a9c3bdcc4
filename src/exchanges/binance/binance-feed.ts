import { LiveFeed } from '../adapter/live-feed.js'
import { binanceEndpoint } from './endpoints.js'
import { type BinanceMarketOptions, venueName } from './options.js'
import { followMarket } from './public-market.js'

/** Live quotes and trades of one market of Binance. */
export class BinanceFeed extends LiveFeed {
  constructor(options: BinanceMarketOptions = {}) {
    const { endpoint, market, symbols } = options
    super({
      venue: venueName(market),
      title: 'Binance',
      endpoint: binanceEndpoint(endpoint, market).name,
      symbols,
      follow: (chosen, handlers) =>
        followMarket({ ...options, ...(chosen === undefined ? {} : { symbols: chosen }) }, handlers),
    })
  }
}
