import type { Instrument } from '../../../trading/instruments/instrument.js'
import { SyntheticFeed } from '../../../trading/market/synthetic-feed.js'
import type { MarketEvent } from '../../../trading/messages/market-event.js'
import { BUY, SELL } from '../../../trading/messages/order-terms.js'
import { textOf } from '../../decimals.js'
import type { Fields } from '../../fields.js'
import type { FakeExchange } from './fake-exchange.js'

/** How often the market moves, ms. */
const STEP_MS = 10
/** Levels of each side of a book. */
const LEVELS = 10
/** Events that are made in advance. */
const AHEAD = 1024

type Level = readonly [price: string, size: string, liquidated: string, orders: string]

interface Book {
  readonly instrument: Instrument
  /** By side: the size at each price in ticks. */
  bids: ReadonlyMap<number, string>
  asks: ReadonlyMap<number, string>
  sequence: number
  last: string
}

/** Where messages of the public channels go. */
export type Publish = (channel: string, symbol: string, message: Fields) => void

/** An artificial market: it moves the simulated exchange, and publishes what it does as OKX does. */
export class FakeMarket {
  /** Called with each trade of the market. */
  onTrade: (symbol: string, ticks: number) => void = () => {}
  private readonly books = new Map<string, Book>()
  private readonly source: AsyncIterator<readonly MarketEvent[]>
  private waiting: MarketEvent[] = []
  private readonly timer: NodeJS.Timeout
  private isAsking = false
  private due = 0

  constructor(
    private readonly exchange: FakeExchange,
    seed: number,
    /** Events a second, over all instruments. */
    private readonly rate: number,
    private readonly publish: Publish,
  ) {
    const { instruments } = exchange
    for (const instrument of instruments.values())
      this.books.set(instrument.symbol, { instrument, bids: new Map(), asks: new Map(), sequence: 1, last: '' })
    this.source = new SyntheticFeed({ seed, rate, symbols: [...instruments.keys()] }).events(0)
    this.ask()
    this.timer = setInterval(() => this.step(), STEP_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** What a new subscriber of a channel gets at first; undefined for nothing. */
  snapshot(channel: string, symbol: string): Fields | undefined {
    const book = this.books.get(symbol)
    if (book === undefined || book.bids.size === 0) return undefined
    if (channel === 'books')
      return { ...argOf(channel, symbol), action: 'snapshot', data: [bookData(book, book.bids, book.asks, -1)] }
    if (channel === 'bbo-tbt' || channel === 'tickers') return quoteMessage(channel, book)
    return undefined
  }

  private step(): void {
    this.due = Math.min(this.due + (this.rate * STEP_MS) / 1000, AHEAD)
    while (this.due >= 1 && this.waiting.length > 0) {
      this.due--
      this.apply(this.waiting.shift() as MarketEvent)
    }
    this.ask()
  }

  private ask(): void {
    if (this.isAsking || this.waiting.length >= AHEAD / 2) return
    this.isAsking = true
    void this.fetch()
  }

  private async fetch(): Promise<void> {
    const { value } = await this.source.next()
    this.isAsking = false
    if (value !== undefined) this.waiting.push(...(value as readonly MarketEvent[]))
  }

  private apply(event: MarketEvent): void {
    const book = this.books.get(event.symbol) as Book
    const { instrument } = book
    const { price, quantity } = instrument
    const { exchange, now } = this.exchange
    if (event.kind === 'trade') {
      const [ticks, steps] = [price.nearest(event.price), quantity.nearest(event.quantity)]
      exchange.trade(instrument, event.side === 'buy' ? BUY : SELL, ticks, steps, now)
      this.onTrade(event.symbol, ticks)
      book.last = textOf(price, ticks)
      return this.publish('trades', event.symbol, {
        ...argOf('trades', event.symbol),
        data: [
          {
            instId: event.symbol,
            tradeId: String(event.tradeId),
            px: book.last,
            sz: textOf(quantity, steps),
            side: event.side,
            ts: String(Date.now()),
            count: '1',
          },
        ],
      })
    }
    const [bid, ask] = [price.nearest(event.bid), price.nearest(event.ask)]
    const [bidSteps, askSteps] = [quantity.nearest(event.bidSize), quantity.nearest(event.askSize)]
    exchange.quote(instrument, bid, bidSteps, ask, askSteps, now)
    const before = { bids: book.bids, asks: book.asks }
    book.bids = sideOf(instrument, bid, bidSteps, -1)
    book.asks = sideOf(instrument, ask, askSteps, 1)
    const previous = book.sequence++
    this.publish('books', event.symbol, {
      ...argOf('books', event.symbol),
      action: 'update',
      data: [bookData(book, changes(before.bids, book.bids), changes(before.asks, book.asks), previous)],
    })
    for (const channel of ['bbo-tbt', 'tickers']) this.publish(channel, event.symbol, quoteMessage(channel, book))
  }
}

function argOf(channel: string, symbol: string): Fields {
  return { arg: { channel, instId: symbol } }
}

/** The best level, and others behind it that grow. */
function sideOf({ quantity }: Instrument, ticks: number, steps: number, direction: number): Map<number, string> {
  const side = new Map<number, string>()
  for (let i = 0; i < LEVELS; i++) {
    const at = ticks + i * direction
    if (at > 0) side.set(at, textOf(quantity, i === 0 ? steps : steps + ((at % 7) + 1) * 1000))
  }
  return side
}

/** What turns one side into another: levels that are gone have the size 0. */
function changes(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>): Map<number, string> {
  const changed = new Map<number, string>()
  for (const ticks of before.keys()) if (!after.has(ticks)) changed.set(ticks, '0')
  for (const [ticks, size] of after) if (before.get(ticks) !== size) changed.set(ticks, size)
  return changed
}

function bookData(
  { instrument, sequence }: Book,
  bids: ReadonlyMap<number, string>,
  asks: ReadonlyMap<number, string>,
  prevSeqId: number,
): Fields {
  const levels = (side: ReadonlyMap<number, string>): Level[] =>
    [...side].map(([ticks, size]) => [textOf(instrument.price, ticks), size, '0', size === '0' ? '0' : '1'])
  // As OKX since June 2026: no checksum.
  return { asks: levels(asks), bids: levels(bids), ts: String(Date.now()), checksum: 0, prevSeqId, seqId: sequence }
}

function quoteMessage(channel: string, { instrument, bids, asks, last, sequence }: Book): Fields {
  const { symbol, price } = instrument
  const [[bidTicks, bidSz]] = bids
  const [[askTicks, askSz]] = asks
  const [bidPx, askPx] = [textOf(price, bidTicks), textOf(price, askTicks)]
  const ts = String(Date.now())
  const data =
    channel === 'tickers'
      ? { instId: symbol, last, lastSz: '', askPx, askSz, bidPx, bidSz, ts }
      : { asks: [[askPx, askSz, '0', '1']], bids: [[bidPx, bidSz, '0', '1']], ts, seqId: sequence }
  return { ...argOf(channel, symbol), data: [data] }
}
