import { LiveFeed } from '../adapter/live-feed.js'
import { okxEndpoint } from './endpoints.js'
import { OKX_VENUE } from './instruments.js'
import { followMarket, type OkxMarketOptions } from './public-market.js'

/** Live quotes and trades of OKX. */
export class OkxFeed extends LiveFeed {
  constructor(options: OkxMarketOptions = {}) {
    super({
      venue: OKX_VENUE,
      title: 'OKX',
      endpoint: okxEndpoint(options.endpoint).name,
      symbols: options.symbols,
      follow: (symbols, handlers) => followMarket({ ...options, symbols }, handlers),
    })
  }
}
