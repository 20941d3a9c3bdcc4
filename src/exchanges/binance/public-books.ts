import type { QuoteEvent } from '../../trading/messages/market-event.js'
import { nap } from '../../wait/nap.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { BackOff } from '../connection/back-off.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, filledField } from '../fields.js'
import type { BinanceRest } from './binance-rest.js'
import { BinanceOrderBook } from './order-book.js'

interface Followed {
  readonly symbol: string
  readonly book: BinanceOrderBook
  /** What was said last. */
  quote: QuoteEvent | undefined
  isAsking: boolean
}

/** The books of one connection: each begins with a snapshot by REST, is joined to its updates, and is asked for again after a gap. */
export class PublicBooks {
  private readonly books = new Map<string, Followed>()
  private readonly closing = new AbortController()

  constructor(
    private readonly rest: BinanceRest,
    private readonly handlers: Pick<MarketHandlers, 'onEvent' | 'onGap'>,
  ) {}

  /** The connection is another one: updates are missing. */
  clear(): void {
    this.books.clear()
  }

  close(): void {
    this.closing.abort()
  }

  /** @throws {VenueMessageError} */
  update(fields: Fields): void {
    const symbol = filledField(fields, 's')
    const followed = this.books.get(symbol) ?? this.open(symbol)
    const result = followed.book.update(fields)
    if (result === 'gap') {
      this.handlers.onGap(
        `the book of ${symbol} has a gap: updates before ${String(fields['U'])} are missing; it is asked for again`,
      )
      followed.quote = undefined
    }
    if (!followed.book.isWhole) void this.ask(followed)
    else this.say(followed)
  }

  private open(symbol: string): Followed {
    const market = this.rest.endpoint.market === 'spot' ? 'spot' : 'futures'
    const followed: Followed = { symbol, book: new BinanceOrderBook(market), quote: undefined, isAsking: false }
    this.books.set(symbol, followed)
    return followed
  }

  /** Asks for snapshots until one joins the updates. */
  private async ask(followed: Followed): Promise<void> {
    if (followed.isAsking) return
    followed.isAsking = true
    const backOff = new BackOff(200, 10_000)
    const { signal } = this.closing
    const isWanted = (): boolean => !signal.aborted && this.books.get(followed.symbol) === followed
    while (isWanted() && !followed.book.isWhole) {
      try {
        const snapshot = await this.rest.depth(followed.symbol)
        if (!isWanted()) break
        followed.book.snapshot(snapshot)
      } catch (error) {
        if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
        if (isWanted()) this.handlers.onGap(`the book of ${followed.symbol}: ${error.message}`)
      }
      if (!followed.book.isWhole) await nap(backOff.next(), signal)
    }
    followed.isAsking = false
    if (isWanted()) this.say(followed)
  }

  /** The best prices, when they are others than before. */
  private say(followed: Followed): void {
    const quote = followed.book.quote(followed.symbol, Date.now())
    const { quote: before } = followed
    if (quote === undefined) return
    const isSame =
      before !== undefined &&
      before.bid === quote.bid &&
      before.ask === quote.ask &&
      before.bidSize === quote.bidSize &&
      before.askSize === quote.askSize
    if (isSame) return
    followed.quote = quote
    this.handlers.onEvent(quote)
  }
}
