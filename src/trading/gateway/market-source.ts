import { Halves } from '../../frames/halves.js'
import type { Desk } from '../desk/desk.js'
import type { Instrument } from '../instruments/instrument.js'
import type { FeedPump, MarketSink } from '../market/feed-pump.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { BUY, SELL } from '../messages/order-terms.js'
import { MarketBatch } from '../sequence/market-batch.js'
import type { Sequence } from '../sequence/sequence.js'

/** The `journal` of a Taken that comes from the feed. */
export const FEED = 0
/** Events of one burst. */
const BURST_EVENTS = 256
/** The most slots that an event has: a BookTop and a Ticker. */
const EVENT_SLOTS = BookTop.slots + Ticker.slots

const BOOK_TIME = new Halves(BookTop, 'venueTime')
const TRADE_TIME = new Halves(Trade, 'venueTime')
const TICKER_TIME = new Halves(Ticker, 'venueTime')

/** Passes events one by one to a sink, and counts them. */
export type EventSource = Pick<FeedPump, 'take' | 'taken'>

/** Takes the feed's events into the sequence: a quote as a BookTop, a trade as a Trade, and Tickers while a strategy wants them. */
export class MarketSource implements MarketSink {
  private readonly batch: MarketBatch
  /** The symbol of the last event, and its instrument. */
  private lastSymbol: string | undefined = undefined
  private last: Instrument | undefined = undefined

  constructor(
    private readonly sequence: Sequence,
    private readonly desk: Desk,
    /** The instrument of a symbol; makes one when the symbol is new. */
    private readonly instrumentOf: (symbol: string, price: number) => Instrument,
  ) {
    const room = Math.floor(sequence.burstSlots / EVENT_SLOTS)
    this.batch = new MarketBatch(Math.min(BURST_EVENTS, room))
  }

  /** Takes one burst of the events that are due. Returns how many. @param wallMs performance.now() */
  take(pump: EventSource, wallMs: number): number {
    const { batch, sequence, desk } = this
    const first = pump.taken
    const count = pump.take(this, batch.capacity, wallMs)
    if (count === 0) return 0
    const now = sequence.time.now()
    sequence.begin(FEED, first, first + count, now, this.slotsOfBatch())
    for (let i = 0; i < count; i++) batch.positions[i] = this.write(i)
    desk.tick(now)
    desk.market(batch)
    sequence.end()
    batch.clear()
    desk.send()
    return count
  }

  quote(symbol: string, timeMs: number, bid: number, bidSize: number, ask: number, askSize: number): void {
    // Events of one symbol often follow each other.
    if (symbol !== this.lastSymbol) this.find(symbol, ask > 0 ? ask : bid)
    this.batch.addQuote(this.last as Instrument, timeMs, bid, bidSize, ask, askSize)
  }

  trade(symbol: string, timeMs: number, price: number, quantity: number, tradeId: bigint, side: 'buy' | 'sell'): void {
    if (symbol !== this.lastSymbol) this.find(symbol, price)
    const taker = side === 'buy' ? BUY : SELL
    this.batch.addTrade(this.last as Instrument, timeMs, price, quantity, tradeId, taker)
  }

  private find(symbol: string, price: number): void {
    this.last = this.instrumentOf(symbol, price)
    this.lastSymbol = symbol
  }

  private slotsOfBatch(): number {
    return this.batch.count * (this.desk.strategies.tickerWanted ? EVENT_SLOTS : 1)
  }

  /** Writes an event. Returns the position of its frame. */
  private write(i: number): number {
    const { batch, sequence, desk } = this
    const { writer, time } = sequence
    const instrument = batch.instruments[i] as Instrument
    time.splitMs(batch.times[i])
    if (batch.isTrade[i] === 1) {
      const trade = writer.begin(Trade)
      trade.instrument = instrument.number
      trade.side = batch.sides[i] === BUY ? 'buy' : 'sell'
      TRADE_TIME.set(trade, time.low, time.high)
      trade.price = batch.prices[i]
      trade.quantity = batch.sizes[i]
      trade.tradeId = batch.tradeIds[i]
      desk.traded.record(instrument.number, batch.prices[i], batch.sizes[i])
      return writer.commit()
    }
    const book = writer.begin(BookTop)
    book.instrument = instrument.number
    BOOK_TIME.set(book, time.low, time.high)
    book.bid = batch.prices[i]
    book.ask = batch.asks[i]
    book.bidSize = batch.sizes[i]
    book.askSize = batch.askSizes[i]
    const position = writer.commit()
    if (!desk.strategies.tickerWanted) return position
    const ticker = writer.begin(Ticker)
    ticker.instrument = instrument.number
    TICKER_TIME.set(ticker, time.low, time.high)
    ticker.last = desk.traded.last(instrument.number)
    ticker.bid = batch.prices[i]
    ticker.ask = batch.asks[i]
    ticker.volume = desk.traded.volume(instrument.number)
    writer.commit()
    return position
  }
}
