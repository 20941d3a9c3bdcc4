/** A day of a fake venue's market, and a judge of what a feed makes of it. */
import { type Feed, type MarketEvent, SyntheticFeed } from 'ticktape/runtime'
import type { FakeExchange } from '../../dist/exchanges/fake/fake-exchange.js'
import type { FakeMarket } from '../../dist/exchanges/fake/fake-market.js'

type Quote = Extract<MarketEvent, { readonly kind: 'quote' }>
type Trade = Extract<MarketEvent, { readonly kind: 'trade' }>

/** An event of the day, with its place in it. */
interface Placed<Event> {
  readonly event: Event
  readonly index: number
}

interface SymbolDay {
  readonly quotes: Placed<Quote>[]
  /** The one with the id 1 is the first. */
  readonly trades: Placed<Trade>[]
}

/** All that happens in the market of a fake venue, computed once more from its seed, and without the fake. */
export class MarketDay {
  readonly bySymbol = new Map<string, SymbolDay>()

  private constructor(
    readonly exchange: FakeExchange,
    readonly rate: number,
    /** ms since 1970 of its first event. */
    readonly beginMs: number,
  ) {}

  static async of(exchange: FakeExchange, rate: number, seed: number, events: number): Promise<MarketDay> {
    const feed = new SyntheticFeed({ seed, rate, symbols: [...exchange.instruments.keys()], limit: events })
    let day: MarketDay | undefined
    let index = 0
    for await (const batch of feed.events(0))
      for (const event of batch) {
        day ??= new MarketDay(exchange, rate, event.timeMs)
        day.add(event, index++)
      }
    return day as MarketDay
  }

  of(symbol: string): SymbolDay {
    const known = this.bySymbol.get(symbol)
    if (known !== undefined) return known
    const made = { quotes: [], trades: [] }
    this.bySymbol.set(symbol, made)
    return made
  }

  /** Trades of the first so many events. */
  trades(symbol: string, events: number): number {
    return this.of(symbol).trades.filter(({ index }) => index < events).length
  }

  private add(event: MarketEvent, index: number): void {
    const { quotes, trades } = this.of(event.symbol)
    if (event.kind === 'quote') quotes.push({ event, index })
    else trades.push({ event, index })
  }
}

/** When no connection was up, in events of the market. */
export interface Outage {
  readonly from: number
  /** When the venue took connections again. */
  readonly to: number
}

/** What a feed has said of one symbol. */
interface Known {
  /** Of its last trade; 0 before. */
  tradeId: number
  /** Of its last quote, in the list of the day; -1 before. */
  quote: number
  /** The outages since its last trade, by their number. */
  readonly outages: Set<number>
  /** The outage since its last quote; undefined when there was none. */
  cut: number | undefined
}

/** The most faults that are listed. */
const MOST_FAULTS = 20

/**
 * Passes on a feed, and compares what it says with the day: each trade once and in order; each quote the next one, and after an outage one that
 * was valid then; nothing missing but in outages that the feed has reported.
 */
export class DayJudge implements Feed {
  onProblem: Feed['onProblem'] = undefined
  readonly faults: string[] = []
  readonly problems: string[] = []
  trades = 0
  /** The first trade that came, by symbol. */
  readonly firstTrades = new Map<string, number>()
  /** Trades that are missing, as the venue's ids say. */
  missing = 0
  /** Connections that were reported as being back. */
  backs = 0
  private losses = 0
  /** Of each outage, in events of the market: when the feed has said that all connections are back. */
  private readonly backAt: number[] = []
  private timeMs = 0
  private readonly known = new Map<string, Known>()

  /** @param hasTime whether its events have the venue's time. @param sockets that it has. */
  constructor(
    private readonly feed: Feed,
    private readonly day: MarketDay,
    private readonly market: FakeMarket,
    private readonly outages: readonly Outage[],
    private readonly hasTime: boolean,
    private readonly sockets: number,
  ) {
    feed.onProblem = problem => {
      this.hearGap(problem.message)
      this.onProblem?.(problem)
    }
  }

  get identity(): string {
    return this.feed.identity ?? ''
  }

  get instruments(): Feed['instruments'] {
    return this.feed.instruments
  }

  choose(symbols: readonly string[] | undefined): void {
    this.feed.choose?.(symbols)
  }

  async *events(...given: Parameters<Feed['events']>): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    for await (const batch of this.feed.events(...given)) {
      for (const event of batch) this.hear(event)
      yield batch
    }
  }

  /** Takes all of it until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    for await (const _ of this.events(0, { signal }));
  }

  /** Whether it has the last trade and the last quote of each symbol. */
  isComplete(events: number): boolean {
    return [...this.day.bySymbol].every(([symbol, { quotes }]) => {
      const { tradeId, quote } = this.of(symbol)
      const last = quotes.findLastIndex(({ index }) => index < events)
      return tradeId === this.day.trades(symbol, events) && (quote === last || this.isSame(symbol, quote, last))
    })
  }

  private hearGap(message: string): void {
    this.problems.push(message)
    const isBack = message.includes('is back')
    if (!isBack && !message.includes('is lost')) return
    const outage = Math.floor((isBack ? this.backs++ : this.losses++) / this.sockets)
    // Until then anything may be missing.
    this.backAt[outage] = isBack ? this.market.events : Number.POSITIVE_INFINITY
    for (const symbol of this.day.bySymbol.keys()) {
      const known = this.of(symbol)
      known.outages.add(outage)
      known.cut = outage
    }
  }

  private hear(event: MarketEvent): void {
    if (event.timeMs < this.timeMs) this.fault(`time goes back by ${this.timeMs - event.timeMs} ms`)
    this.timeMs = event.timeMs
    if (event.kind === 'trade') this.hearTrade(event)
    else this.hearQuote(event)
  }

  private hearTrade(trade: Trade): void {
    const { symbol } = trade
    const known = this.of(symbol)
    const id = Number(trade.tradeId)
    const { trades } = this.day.of(symbol)
    const published = trades[id - 1] as Placed<Trade> | undefined
    const name = `trade ${id} of ${symbol}`
    if (published === undefined || published.index >= this.market.events) return this.fault(`${name} is none`)
    if (!this.isTrade(trade, published.event)) this.fault(`${name} is another one than the venue's`)
    if (known.tradeId === 0) this.firstTrades.set(symbol, id)
    else if (id <= known.tradeId) this.fault(`${name} comes after ${known.tradeId}`)
    else
      for (const { index, event } of trades.slice(known.tradeId, id - 1)) {
        this.missing++
        if (![...known.outages].some(outage => index >= this.outages[outage].from && index < this.backAt[outage]))
          this.fault(`trade ${event.tradeId} of ${symbol} is missing, and not said to be`)
      }
    known.tradeId = id
    known.outages.clear()
    this.trades++
  }

  private hearQuote(quote: Quote): void {
    const known = this.of(quote.symbol)
    const { quotes } = this.day.of(quote.symbol)
    const isFirst = known.quote < 0
    // The socket of trades may be lost while quotes from before are still on their way.
    const mayFollow = !isFirst && (known.cut === undefined || this.sockets > 1)
    let at = known.quote + 1
    // A quote that is like the one before it need not be sent.
    while (mayFollow && !this.isQuote(quote, quotes[at]) && this.isSame(quote.symbol, known.quote, at)) at++
    const follows = mayFollow && this.isQuote(quote, quotes[at])
    if (!follows && (isFirst || known.cut !== undefined)) {
      const since = isFirst ? 0 : this.outages[known.cut as number].to
      at = this.hasTime ? this.placeByTime(quote, since) : this.placeByContent(quote, known.quote, since)
    }
    const found = quotes[at] as Placed<Quote> | undefined
    if (found === undefined || found.index >= this.market.events || !this.isQuote(quote, found))
      return this.fault(
        `a quote of ${quote.symbol} after the ${known.quote}. is not the next one${known.cut === undefined ? '' : ', nor the newest after an outage'}`,
      )
    known.quote = at
    if (!follows) known.cut = undefined
  }

  /** The quote that was valid at the venue's time of a message. */
  private placeByTime({ symbol, timeMs }: Quote, since: number): number {
    const { beginMs, rate } = this.day
    const index = Math.round(((timeMs - beginMs) * rate) / 1000)
    // The market's time is that of its last event.
    if (index < since - 1) this.fault(`a quote of ${symbol} is older than the connection`)
    return this.day.of(symbol).quotes.findLastIndex(quote => quote.index <= index)
  }

  /** The first quote that says the same, and that was still valid at a time. */
  private placeByContent(quote: Quote, from: number, since: number): number {
    const { quotes } = this.day.of(quote.symbol)
    return quotes.findIndex(
      (one, i) => i >= from && (i + 1 >= quotes.length || quotes[i + 1].index > since) && this.isQuote(quote, one),
    )
  }

  private isSame(symbol: string, a: number, b: number): boolean {
    const { quotes } = this.day.of(symbol)
    return a >= 0 && b < quotes.length && this.keyOf(quotes[a].event) === this.keyOf(quotes[b].event)
  }

  private isQuote(quote: Quote, placed: Placed<Quote> | undefined): boolean {
    return placed !== undefined && this.keyOf(quote) === this.keyOf(placed.event)
  }

  /** A quote in ticks and steps. */
  private keyOf({ symbol, bid, ask, bidSize, askSize }: Quote): string {
    const { price, quantity } = this.grid(symbol)
    const ticks = price(bid)
    // A venue whose ticks are coarse does not let the two sides meet.
    return `${ticks} ${Math.max(price(ask), ticks + 1)} ${quantity(bidSize)} ${quantity(askSize)}`
  }

  private isTrade(trade: Trade, published: Trade): boolean {
    const { price, quantity } = this.grid(trade.symbol)
    return (
      price(trade.price) === price(published.price) &&
      quantity(trade.quantity) === quantity(published.quantity) &&
      trade.side === published.side &&
      (!this.hasTime || trade.timeMs === Math.floor(published.timeMs))
    )
  }

  /** A venue has ticks and steps of its own. */
  private grid(symbol: string): { price(value: number): number; quantity(value: number): number } {
    const instrument = this.day.exchange.instruments.get(symbol)
    if (instrument === undefined) throw new Error(`the venue has no ${symbol}`)
    return {
      price: value => instrument.price.nearest(value),
      quantity: value => instrument.quantity.nearest(value),
    }
  }

  private of(symbol: string): Known {
    const known = this.known.get(symbol) ?? { tradeId: 0, quote: -1, outages: new Set(), cut: undefined }
    this.known.set(symbol, known)
    return known
  }

  private fault(what: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(what)
  }
}
