import { createHash } from 'node:crypto'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Random } from '../exact/random.js'
import { isSymbol, SYMBOLS } from '../instruments/instrument.js'
import type { MarketEvent } from '../messages/market-event.js'
import type { Feed } from './feed.js'

export interface SyntheticFeedOptions {
  /** The same seed gives the same events. 0 to 2^32 - 1. Default 1. */
  readonly seed?: number
  /** Default BTCUSDT, ETHUSDT and SOLUSDT. */
  readonly symbols?: readonly string[]
  /** Events a second at 'realtime', over all symbols. Default 10,000. */
  readonly rate?: number
  /** The number of events after which it ends. Default: it never ends. */
  readonly limit?: number
}

interface Market {
  readonly symbol: string
  /** Ticks in a unit of the price. Prices are whole ticks divided by this, so they are the nearest doubles to the grid. */
  readonly ticksPerUnit: number
  /** In ticks. */
  bid: number
  spread: number
  /** The trend, in ticks an event, which momentum strategies follow. */
  drift: number
  tradeId: bigint
}

const BATCH = 256
/** The time of the first event. It does not come from a clock, so that each run is the same. */
const BEGIN_MS = 1_700_000_000_000

/** An artificial market, computed from a seed: quotes and trades of a few symbols whose prices move on a grid of ticks. */
export class SyntheticFeed implements Feed {
  /** Its seed, rate and symbols: what makes its events these events. */
  readonly identity: string
  private readonly seed: number
  readonly symbols: readonly string[]
  private readonly rate: number
  private readonly limit: number

  /** @throws {InvalidOptionError} */
  constructor(options: SyntheticFeedOptions = {}) {
    checkOptions('SyntheticFeed', options, {
      seed: kinds.integer(0, 2 ** 32 - 1),
      symbols: kinds.array,
      rate: kinds.number(1, 1e9),
      limit: kinds.integer(1, Number.MAX_SAFE_INTEGER),
    })
    this.seed = options.seed ?? 1
    this.symbols = options.symbols ?? ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
    this.rate = options.rate ?? 10_000
    this.limit = options.limit ?? Number.POSITIVE_INFINITY
    if (this.symbols.length === 0) throw new InvalidOptionError("option 'symbols' of SyntheticFeed needs at least one")
    const unfit = this.symbols.find(symbol => !isSymbol(symbol))
    if (unfit !== undefined)
      throw new InvalidOptionError(`option 'symbols' of SyntheticFeed takes ${SYMBOLS}, not ${formatValue(unfit)}`)
    const hash = createHash('sha256').update(JSON.stringify(this.symbols)).digest('hex')
    this.identity = `synthetic seed ${this.seed} rate ${this.rate} symbols ${hash.slice(0, 16)}`
  }

  async *events(skip: number): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const generator = new Random(this.seed)
    const random = (): number => generator.next()
    const markets = this.symbols.map((symbol, i): Market => {
      return {
        symbol,
        ticksPerUnit: 10 ** (1 + (i % 3)),
        bid: Math.floor(600_000 / 4 ** i) + 1000,
        spread: 1,
        drift: 0,
        tradeId: 1n,
      }
    })
    let batch: MarketEvent[] = []
    for (let n = 0; n < this.limit; n++) {
      const event = nextEvent(markets[Math.floor(random() * markets.length)], random, BEGIN_MS + (n * 1000) / this.rate)
      if (n < skip) continue
      batch.push(event)
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
}

function nextEvent(market: Market, random: () => number, timeMs: number): MarketEvent {
  const { symbol, ticksPerUnit } = market
  if (random() < 0.2) {
    const side = random() < 0.5 + market.drift ? 'buy' : 'sell'
    const ticks = side === 'buy' ? market.bid + market.spread : market.bid
    const quantity = (1 + Math.floor(random() * random() * 2000)) / 1000
    return { kind: 'trade', timeMs, symbol, price: ticks / ticksPerUnit, quantity, tradeId: market.tradeId++, side }
  }
  if (random() < 0.002) market.drift = (random() - 0.5) * 0.6
  const move = random() + market.drift / 2
  if (move > 0.85) market.bid++
  else if (move < 0.15 && market.bid > 1) market.bid--
  if (random() < 0.05) market.spread = 1 + Math.floor(random() * 3)
  return {
    kind: 'quote',
    timeMs,
    symbol,
    bid: market.bid / ticksPerUnit,
    ask: (market.bid + market.spread) / ticksPerUnit,
    bidSize: (1 + Math.floor(random() * 9000)) / 1000,
    askSize: (1 + Math.floor(random() * 9000)) / 1000,
  }
}
