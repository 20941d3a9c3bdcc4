import type { Writer } from '../../journal/write/writer.js'
import { GATEWAY_JOURNAL } from '../../runtime/sessions/session.js'
import type { MarketEvent, QuoteEvent, TradeEvent } from '../market/feed.js'
import { BookTop, OrderReport, type OrderReportValues, Ticker, Trade } from '../messages/frames.js'
import { slotsOf, writeReports } from '../venues/reports.js'

/** Last prices and traded quantities: the fields of a Ticker that are not in its quote. */
export class Traded {
  private readonly bySymbol = new Map<string, { last: number; volume: number }>()

  record(symbol: string, price: number, quantity: number): void {
    const traded = this.entry(symbol)
    traded.last = price
    traded.volume += quantity
  }

  of(symbol: string): { readonly last: number; readonly volume: number } {
    return this.entry(symbol)
  }

  get symbols(): Iterable<string> {
    return this.bySymbol.keys()
  }

  private entry(symbol: string): { last: number; volume: number } {
    let traded = this.bySymbol.get(symbol)
    if (traded === undefined) this.bySymbol.set(symbol, (traded = { last: 0, volume: 0 }))
    return traded
  }
}

/** The maximum number of slots of an event: a trade has one, a quote two. */
const EVENT_SLOTS = BookTop.slots + Ticker.slots

/**
 * Writes market data into the gateway's journal: a quote as a BookTop and a Ticker, a trade as a Trade. Each event is
 * published together with the fills that it causes, in one store, so a journal never ends inside an event. (Only if the
 * fills do not fit on one page, they continue on the next.)
 */
export class MarketWriter {
  /** The number of events in the journal, including those of earlier runs. */
  events = 0
  private readonly traded = new Traded()

  /** A trade of an earlier run. */
  restoreTrade(symbol: string, price: number, quantity: number): void {
    this.events++
    this.traded.record(symbol, price, quantity)
  }

  /** A quote of an earlier run. */
  restoreQuote(symbol: string): void {
    this.events++
    this.traded.of(symbol)
  }

  /** The symbols that have had events. */
  get symbols(): Iterable<string> {
    return this.traded.symbols
  }

  write(writer: Writer, event: MarketEvent, fills: readonly OrderReportValues[]): void {
    const { pageSlots } = writer
    const atOnce = Math.floor((pageSlots - EVENT_SLOTS) / OrderReport.slots)
    const first = fills.length <= atOnce ? fills : fills.slice(0, atOnce)
    const position = writer.atomic(EVENT_SLOTS + slotsOf(first), () => {
      const at = event.kind === 'quote' ? this.writeQuote(writer, event) : this.writeTrade(writer, event)
      writeReports(writer, first, { journal: GATEWAY_JOURNAL, position: at })
      return at
    })
    for (let i = atOnce; i < fills.length; i += atOnce) {
      const more = fills.slice(i, i + atOnce)
      writer.atomic(slotsOf(more), () => writeReports(writer, more, { journal: GATEWAY_JOURNAL, position }))
    }
    this.events++
  }

  private writeQuote(writer: Writer, event: QuoteEvent): number {
    const { symbol, bid, ask } = event
    const book = writer.begin(BookTop)
    book.symbol = symbol
    book.bid = bid
    book.ask = ask
    book.bidSize = event.bidSize
    book.askSize = event.askSize
    const position = writer.commit()
    const { last, volume } = this.traded.of(symbol)
    const ticker = writer.begin(Ticker)
    ticker.symbol = symbol
    ticker.last = last
    ticker.bid = bid
    ticker.ask = ask
    ticker.volume = volume
    writer.commit()
    return position
  }

  private writeTrade(writer: Writer, event: TradeEvent): number {
    const { symbol, price, quantity, tradeId, side } = event
    this.traded.record(symbol, price, quantity)
    const trade = writer.begin(Trade)
    trade.symbol = symbol
    trade.price = price
    trade.quantity = quantity
    trade.tradeId = tradeId
    trade.side = side
    return writer.commit()
  }
}
