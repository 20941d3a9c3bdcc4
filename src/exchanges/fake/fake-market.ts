import type { Instrument } from '../../trading/instruments/instrument.js'
import { SyntheticFeed } from '../../trading/market/synthetic-feed.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { BUY, SELL } from '../../trading/messages/order-terms.js'
import { textOf } from '../decimals.js'
import type { FakeExchange } from './fake-exchange.js'

/** How often the market moves, ms. */
const STEP_MS = 10
/** Levels of each side of a book. */
const LEVELS = 10
/** Events that are made in advance. */
const AHEAD = 1024

/** One side of a book: the size at each price in ticks, the best first. */
export type FakeSide = ReadonlyMap<number, string>

/** The book of one instrument. */
export interface FakeBook {
  readonly instrument: Instrument
  readonly bids: FakeSide
  readonly asks: FakeSide
  /** Counts its changes from 1. */
  readonly sequence: number
  /** The price of the last trade; '' before. */
  readonly last: string
  /** The market's time, ms since 1970: of its last change, or of the moment at which it was asked for. */
  readonly at: number
}

/** A trade of the market, as text. */
export interface FakeTrade {
  readonly id: string
  readonly ticks: number
  readonly price: string
  readonly quantity: string
  /** The taker's side. */
  readonly side: 'buy' | 'sell'
}

export interface FakeMarketOptions {
  readonly seed: number
  /** Events a second of the market's time, over all instruments. */
  readonly rate: number
  /** How many times faster than the machine's its time goes. */
  readonly speed: number
}

export interface FakeMarketHandlers {
  readonly onTrade: (book: FakeBook, trade: FakeTrade) => void
  /** The book is another one now. */
  readonly onBook: (book: FakeBook, before: FakeBook) => void
}

/**
 * An artificial market: it moves the simulated exchange, and says what it does. Its time is the machine's; one with another speed has the
 * time of its synthetic feed, so that all that it says of a day is the same in each run.
 */
export class FakeMarket {
  /** Events that have happened. */
  events = 0
  private readonly books = new Map<string, FakeBook>()
  private readonly source: AsyncIterator<readonly MarketEvent[]>
  private waiting: MarketEvent[] = []
  private timer: NodeJS.Timeout | undefined = undefined
  private isAsking = false
  private due = 0
  /** performance.now() of the last step. */
  private steppedAt = 0
  /** ms since 1970 of the last event, by the feed. */
  private feedTime = 0

  constructor(
    private readonly exchange: FakeExchange,
    private readonly options: FakeMarketOptions,
    private readonly handlers: FakeMarketHandlers,
  ) {
    const { instruments } = exchange
    const { seed, rate } = options
    for (const instrument of instruments.values())
      this.books.set(instrument.symbol, { instrument, bids: new Map(), asks: new Map(), sequence: 1, last: '', at: 0 })
    this.source = new SyntheticFeed({ seed, rate, symbols: [...instruments.keys()] }).events(0)
  }

  /** From here on it moves. */
  start(): void {
    this.ask()
    this.steppedAt = performance.now()
    this.timer = setInterval(() => this.step(), STEP_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** The book of a symbol; undefined when there is none, or nothing in it yet. */
  book(symbol: string): FakeBook | undefined {
    const book = this.books.get(symbol)
    return book === undefined || book.bids.size === 0 ? undefined : { ...book, at: this.time }
  }

  /** ms since 1970. */
  private get time(): number {
    return this.options.speed === 1 ? Date.now() : this.feedTime
  }

  private step(): void {
    const now = performance.now()
    const { rate, speed } = this.options
    this.due = Math.min(this.due + (rate * speed * (now - this.steppedAt)) / 1000, AHEAD)
    this.steppedAt = now
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
    this.events++
    this.feedTime = Math.floor(event.timeMs)
    const at = this.time
    const before = this.books.get(event.symbol) as FakeBook
    const { instrument } = before
    const { price, quantity } = instrument
    const { exchange, now } = this.exchange
    if (event.kind === 'trade') {
      const { side, tradeId } = event
      const [ticks, steps] = [price.nearest(event.price), stepsOf(instrument, event.price, event.quantity)]
      exchange.trade(instrument, side === 'buy' ? BUY : SELL, ticks, steps, now)
      const book = { ...before, at, last: textOf(price, ticks) }
      this.books.set(event.symbol, book)
      const trade = { id: String(tradeId), ticks, price: book.last, quantity: textOf(quantity, steps), side }
      return this.handlers.onTrade(book, trade)
    }
    const bid = price.nearest(event.bid)
    // Where ticks are coarse, the two would meet.
    const ask = Math.max(price.nearest(event.ask), bid + 1)
    const bidSteps = stepsOf(instrument, event.bid, event.bidSize)
    const askSteps = stepsOf(instrument, event.ask, event.askSize)
    exchange.quote(instrument, bid, bidSteps, ask, askSteps, now)
    const book = {
      ...before,
      at,
      bids: sideOf(instrument, bid, bidSteps, -1),
      asks: sideOf(instrument, ask, askSteps, 1),
      sequence: before.sequence + 1,
    }
    this.books.set(event.symbol, book)
    this.handlers.onBook(book, before)
  }
}

/** A quantity of the base currency in steps: inverse contracts have a value in the quote currency. */
function stepsOf({ quantity, inverse, multiplier }: Instrument, price: number, base: number): number {
  return quantity.nearest(inverse ? Math.ceil((base * price) / Number(multiplier.step)) : base)
}

/** What turns one side into another: levels that are gone have the size 0. */
export function changesOf(before: FakeSide, after: FakeSide): FakeSide {
  const changed = new Map<number, string>()
  for (const ticks of before.keys()) if (!after.has(ticks)) changed.set(ticks, '0')
  for (const [ticks, size] of after) if (before.get(ticks) !== size) changed.set(ticks, size)
  return changed
}

/** The best level, and others behind it that grow. */
function sideOf({ quantity }: Instrument, ticks: number, steps: number, direction: number): FakeSide {
  const side = new Map<number, string>()
  for (let i = 0; i < LEVELS; i++) {
    const at = ticks + i * direction
    if (at > 0) side.set(at, textOf(quantity, i === 0 ? steps : steps + ((at % 7) + 1) * 1000))
  }
  return side
}
