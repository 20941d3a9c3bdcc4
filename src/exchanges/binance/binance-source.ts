import { LiveSource } from '../adapter/live-source.js'
import type { BinanceMarketOptions } from './options.js'
import { BOOK_STREAM, followMarket } from './public-market.js'

/** The public messages of one market of Binance, for recordings: best prices, trades and updates of books. */
export class BinanceSource extends LiveSource {
  /** @param onGap what was not received, for people. */
  constructor(options: BinanceMarketOptions, onGap: (what: string) => void) {
    super(handlers => followMarket({ ...options, quotes: 'best' }, handlers, [BOOK_STREAM]), onGap)
  }
}
