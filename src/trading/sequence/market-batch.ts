import type { Instrument } from '../instruments/instrument.js'

/** Market events of one burst, by column: filled and emptied again and again, without allocation. */
export class MarketBatch {
  count = 0
  readonly instruments: (Instrument | undefined)[]
  readonly isTrade: Uint8Array
  /** Positions of their frames in the sequence, once they are written. */
  readonly positions: Float64Array
  /** ms since 1970. */
  readonly times: Float64Array
  /** Bid, or the trade's price. */
  readonly prices: Float64Array
  /** Size of the bid, or the trade's quantity. */
  readonly sizes: Float64Array
  readonly asks: Float64Array
  readonly askSizes: Float64Array
  readonly tradeIds: BigUint64Array
  /** Indexes into SIDES. */
  readonly sides: Uint8Array

  constructor(readonly capacity: number) {
    this.instruments = Array.from({ length: capacity }, () => undefined)
    this.isTrade = new Uint8Array(capacity)
    this.positions = new Float64Array(capacity)
    this.times = new Float64Array(capacity)
    this.prices = new Float64Array(capacity)
    this.sizes = new Float64Array(capacity)
    this.asks = new Float64Array(capacity)
    this.askSizes = new Float64Array(capacity)
    this.tradeIds = new BigUint64Array(capacity)
    this.sides = new Uint8Array(capacity)
  }

  addQuote(instrument: Instrument, timeMs: number, bid: number, bidSize: number, ask: number, askSize: number): void {
    const i = this.count++
    this.instruments[i] = instrument
    this.isTrade[i] = 0
    this.times[i] = timeMs
    this.prices[i] = bid
    this.sizes[i] = bidSize
    this.asks[i] = ask
    this.askSizes[i] = askSize
  }

  addTrade(
    instrument: Instrument,
    timeMs: number,
    price: number,
    quantity: number,
    tradeId: bigint,
    side: number,
  ): void {
    const i = this.count++
    this.instruments[i] = instrument
    this.isTrade[i] = 1
    this.times[i] = timeMs
    this.prices[i] = price
    this.sizes[i] = quantity
    this.tradeIds[i] = tradeId
    this.sides[i] = side
  }

  clear(): void {
    this.count = 0
  }
}
