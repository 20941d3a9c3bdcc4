import { SimulatedExchange } from '../../trading/exchange/simulated-exchange.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { Feed } from '../../trading/market/feed.js'
import { guessInstrument } from '../../trading/market/guess-instrument.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'

export const NORTH = 'north'
export const SOUTH = 'south'

/** How many events of a symbol later the second venue has what the first one has: their prices differ while a market moves. */
const LATER = 12
/** Fees of both venues, and the time to them and back, in ns. */
const FEES = { maker: '-0.00002', taker: '0.00002' }
const LATENCY_NS = { min: 200_000, max: 1_500_000 }

/** One market at two venues: every event comes at the first one, and some events later at the second one. */
export class TwoVenueFeed implements Feed {
  readonly identity: string

  constructor(private readonly base: Feed) {
    this.identity = `two venues of ${base.identity ?? ''}`.slice(0, 96)
  }

  get onProblem(): Feed['onProblem'] {
    return this.base.onProblem
  }

  set onProblem(report: Feed['onProblem']) {
    this.base.onProblem = report
  }

  async *events(
    skip: number,
    options?: { readonly signal: AbortSignal },
  ): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const waiting = new Map<string, MarketEvent[]>()
    let left = skip
    for await (const batch of this.base.events(0, options)) {
      const both = batch.flatMap(event => this.atBoth(event, waiting))
      const fresh = left >= both.length ? [] : both.slice(left)
      left = Math.max(0, left - both.length)
      if (fresh.length > 0) yield fresh
    }
  }

  private atBoth(event: MarketEvent, waiting: Map<string, MarketEvent[]>): MarketEvent[] {
    const { symbol, timeMs } = event
    let queue = waiting.get(symbol)
    if (queue === undefined) waiting.set(symbol, (queue = []))
    queue.push(event)
    const events: MarketEvent[] = [{ ...event, symbol: `${symbol}.${NORTH}` }]
    const late = queue.length > LATER ? queue.shift() : undefined
    // It happens now there.
    if (late !== undefined) events.push({ ...late, timeMs, symbol: `${symbol}.${SOUTH}` })
    return events
  }
}

/** The two venues, with an instrument for each symbol of a feed. The same feed gives the same venues. */
export async function venuesOf(feed: Feed): Promise<readonly SimulatedExchange[]> {
  const prices = new Map<string, number>()
  for await (const batch of feed.events(0))
    for (const event of batch)
      if (!prices.has(event.symbol)) prices.set(event.symbol, event.kind === 'trade' ? event.price : event.ask)
  return [NORTH, SOUTH].map((venue, n) => {
    const instruments: InstrumentSpec[] = [...prices].map(([symbol, price]) => guessInstrument(symbol, venue, price))
    return new SimulatedExchange({ name: venue, instruments, fees: FEES, latencyNs: LATENCY_NS, seed: n + 1 })
  })
}
