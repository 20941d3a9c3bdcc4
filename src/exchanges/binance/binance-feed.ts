import { LiveFeed } from '../adapter/live-feed.js'
import { binanceEndpoint } from './endpoints.js'
import { type BinanceMarketOptions, venueName } from './options.js'

/** Loaded when it is needed: a desk description names this feed in every process, and few of them follow it. */
const publicMarket = async () => await import('./public-market.js')

/** Live quotes and trades of one market of Binance. */
export class BinanceFeed extends LiveFeed {
  constructor(options: BinanceMarketOptions = {}) {
    const { endpoint, market, symbols } = options
    super({
      venue: venueName(market),
      title: 'Binance',
      endpoint: binanceEndpoint(endpoint, market).name,
      symbols,
      follow: async (chosen, handlers) => {
        const { followMarket } = await publicMarket()
        return await followMarket({ ...options, ...(chosen === undefined ? {} : { symbols: chosen }) }, handlers)
      },
    })
  }
}
