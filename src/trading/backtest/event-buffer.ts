import type { MarketSink } from '../market/feed-pump.js'
import type { TimedEvents } from '../virtual/virtual-desk.js'

/** Receives market data before the gateway reads it. `symbol` is an index into the buffer's symbols. */
export interface MarketListener {
  /** @param at ns since the first event. */
  quoted(symbol: number, at: number, bid: number, ask: number): void
  traded(symbol: number, at: number, price: number): void
}

/** Events of one filling. */
export const BUFFER_EVENTS = 4096

/**
 * Market events by column: filled by a reader of captures or journals, emptied by the desk one event at a time, so that
 * each has its own time and strategies have seen it before the next one comes. Nothing is allocated for an event.
 */
export class EventBuffer implements TimedEvents {
  readonly symbols: string[] = []
  /** Events given so far. */
  taken = 0
  /** Events since the last `clear`. */
  count = 0
  /** ns since the first event of all; Infinity when it is empty. Times that go back count as the time before. */
  nextAt = Number.POSITIVE_INFINITY
  /** The time of its last event. */
  lastAt = 0
  /** ms since 1970 of the first event of all; NaN before it. */
  originMs = Number.NaN
  listener: MarketListener | undefined = undefined
  private next = 0
  private readonly isTrade = new Uint8Array(BUFFER_EVENTS)
  private readonly sells = new Uint8Array(BUFFER_EVENTS)
  private readonly symbolOf = new Int32Array(BUFFER_EVENTS)
  private readonly at = new Float64Array(BUFFER_EVENTS)
  private readonly times = new Float64Array(BUFFER_EVENTS)
  private readonly prices = new Float64Array(BUFFER_EVENTS)
  private readonly sizes = new Float64Array(BUFFER_EVENTS)
  private readonly asks = new Float64Array(BUFFER_EVENTS)
  private readonly askSizes = new Float64Array(BUFFER_EVENTS)
  private readonly tradeIds = new BigUint64Array(BUFFER_EVENTS)

  /** @param identity what makes its events these events: see `Feed`. */
  constructor(readonly identity: string) {}

  get isFull(): boolean {
    return this.count === BUFFER_EVENTS
  }

  clear(): void {
    this.count = 0
    this.next = 0
    this.nextAt = Number.POSITIVE_INFINITY
  }

  addQuote(symbol: number, timeMs: number, bid: number, bidSize: number, ask: number, askSize: number): void {
    const i = this.add(symbol, timeMs)
    this.isTrade[i] = 0
    this.prices[i] = bid
    this.sizes[i] = bidSize
    this.asks[i] = ask
    this.askSizes[i] = askSize
  }

  addTrade(
    symbol: number,
    timeMs: number,
    price: number,
    quantity: number,
    tradeId: bigint,
    side: 'buy' | 'sell',
  ): void {
    const i = this.add(symbol, timeMs)
    this.isTrade[i] = 1
    this.prices[i] = price
    this.sizes[i] = quantity
    this.tradeIds[i] = tradeId
    this.sells[i] = side === 'sell' ? 1 : 0
  }

  /** Passes on the next event. */
  take(sink: MarketSink): number {
    const i = this.next
    if (i >= this.count) return 0
    const { listener } = this
    const symbol = this.symbolOf[i]
    const price = this.prices[i]
    if (this.isTrade[i] === 1) {
      listener?.traded(symbol, this.at[i], price)
      const side = this.sells[i] === 1 ? 'sell' : 'buy'
      sink.trade(this.symbols[symbol], this.times[i], price, this.sizes[i], this.tradeIds[i], side)
    } else {
      const ask = this.asks[i]
      listener?.quoted(symbol, this.at[i], price, ask)
      sink.quote(this.symbols[symbol], this.times[i], price, this.sizes[i], ask, this.askSizes[i])
    }
    this.taken++
    this.next = i + 1
    this.nextAt = i + 1 < this.count ? this.at[i + 1] : Number.POSITIVE_INFINITY
    return 1
  }

  private add(symbol: number, timeMs: number): number {
    if (Number.isNaN(this.originMs)) this.originMs = timeMs
    const at = Math.max(this.lastAt, Math.round((timeMs - this.originMs) * 1e6))
    const i = this.count++
    this.symbolOf[i] = symbol
    this.times[i] = timeMs
    this.at[i] = at
    this.lastAt = at
    if (i === this.next) this.nextAt = at
    return i
  }
}
