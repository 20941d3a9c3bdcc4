import type { MarketSink } from '../market/feed-pump.js'
import type { MarketEvent } from '../messages/market-event.js'
import type { TimedEvents } from './virtual-desk.js'

/** Events that a program adds, each to be taken at once. They are kept: a gateway that starts again may ask for earlier ones. */
export class PushedEvents implements TimedEvents {
  readonly identity = 'pushed'
  taken = 0
  private readonly events: MarketEvent[] = []
  /** The number of the first one here: a home may have earlier ones. */
  private first = 0

  push(event: MarketEvent): void {
    this.events.push(event)
  }

  /** Continues at the event with this number. */
  continueAt(event: number): void {
    if (this.events.length === 0) this.first = event
    this.taken = event
  }

  get nextAt(): number {
    return this.taken - this.first < this.events.length ? 0 : Number.POSITIVE_INFINITY
  }

  take(sink: MarketSink): number {
    const event = this.events[this.taken - this.first]
    if (event === undefined) return 0
    this.taken++
    const { symbol, timeMs } = event
    if (event.kind === 'quote') sink.quote(symbol, timeMs, event.bid, event.bidSize, event.ask, event.askSize)
    else sink.trade(symbol, timeMs, event.price, event.quantity, event.tradeId, event.side)
    return 1
  }
}
