import { LiveSource } from '../adapter/live-source.js'
import { followMarket, type OkxMarketOptions } from './public-market.js'

/** The public messages of OKX, for recordings: best prices, trades and the whole book. */
export class OkxSource extends LiveSource {
  /** @param onGap what was not received, for people. */
  constructor(options: OkxMarketOptions, onGap: (what: string) => void) {
    // The book is followed too: one with a gap is asked for again.
    super(handlers => followMarket({ ...options, quotes: 'book' }, { ...handlers, alsoChannels: ['bbo-tbt'] }), onGap)
  }
}
