import { LiveFeed } from '../adapter/live-feed.js'
import { okxEndpoint } from './endpoints.js'
import { OKX_VENUE } from './instruments.js'
import type { OkxMarketOptions } from './public-market.js'

/** Loaded when it is needed: a desk description names this feed in every process, and few of them follow it. */
const publicMarket = async () => await import('./public-market.js')

/** Live quotes and trades of OKX. */
export class OkxFeed extends LiveFeed {
  constructor(options: OkxMarketOptions = {}) {
    super({
      venue: OKX_VENUE,
      title: 'OKX',
      endpoint: okxEndpoint(options.endpoint).name,
      symbols: options.symbols,
      follow: async (symbols, handlers) => await (await publicMarket()).followMarket({ ...options, symbols }, handlers),
    })
  }
}
