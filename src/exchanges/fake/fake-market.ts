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

export interface FakeMarketHandlers {
  readonly onTrade: (book: FakeBook, trade: FakeTrade) => void
  /** The book is another one now. */
  readonly onBook: (book: FakeBook, before: FakeBook) => void
}

/** An artificial market: it moves the simulated exchange, and says what it does. */
export class FakeMarket {
  private readonly books = new Map<string, FakeBook>()
  private readonly source: AsyncIterator<readonly MarketEvent[]>
  private waiting: MarketEvent[] = []
  private timer: NodeJS.Timeout | undefined = undefined
  private isAsking = false
  private due = 0

  constructor(
    private readonly exchange: FakeExchange,
    seed: number,
    /** Events a second, over all instruments. */
    private readonly rate: number,
    private readonly handlers: FakeMarketHandlers,
  ) {
    const { instruments } = exchange
    for (const instrument of instruments.values())
      this.books.set(instrument.symbol, { instrument, bids: new Map(), asks: new Map(), sequence: 1, last: '' })
    this.source = new SyntheticFeed({ seed, rate, symbols: [...instruments.keys()] }).events(0)
  }

  /** From here on it moves. */
  start(): void {
    this.ask()
    this.timer = setInterval(() => this.step(), STEP_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** The book of a symbol; undefined when there is none, or nothing in it yet. */
  book(symbol: string): FakeBook | undefined {
    const book = this.books.get(symbol)
    return book === undefined || book.bids.size === 0 ? undefined : book
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
    const before = this.books.get(event.symbol) as FakeBook
    const { instrument } = before
    const { price, quantity } = instrument
    const { exchange, now } = this.exchange
    if (event.kind === 'trade') {
      const { side, tradeId } = event
      const [ticks, steps] = [price.nearest(event.price), stepsOf(instrument, event.price, event.quantity)]
      exchange.trade(instrument, side === 'buy' ? BUY : SELL, ticks, steps, now)
      const book = { ...before, last: textOf(price, ticks) }
      this.books.set(event.symbol, book)
      const trade = { id: String(tradeId), ticks, price: book.last, quantity: textOf(quantity, steps), side }
      return this.handlers.onTrade(book, trade)
    }
    const [bid, ask] = [price.nearest(event.bid), price.nearest(event.ask)]
    const bidSteps = stepsOf(instrument, event.bid, event.bidSize)
    const askSteps = stepsOf(instrument, event.ask, event.askSize)
    exchange.quote(instrument, bid, bidSteps, ask, askSteps, now)
    const book = {
      ...before,
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
