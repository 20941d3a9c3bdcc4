import { LiveSource } from '../adapter/live-source.js'
import { QUOTE_TOPICS } from './options.js'
import { type BybitMarketOptions, followMarket } from './public-market.js'

/** The public messages of Bybit, for recordings: best prices, trades and a book of 50 levels. */
export class BybitSource extends LiveSource {
  /** @param onGap what was not received, for people. */
  constructor(options: BybitMarketOptions, onGap: (what: string) => void) {
    // The book is followed too: one with a gap is asked for again.
    super(
      handlers => followMarket({ ...options, quotes: 'book' }, { ...handlers, alsoTopics: [QUOTE_TOPICS.best] }),
      onGap,
    )
  }
}
