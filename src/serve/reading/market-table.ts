import { type Handlers, on } from '../../frames/handlers.js'
import { BookTop, Ticker, Trade } from '../../trading/messages/market-frames.js'

/** The latest market data of one instrument. Prices and quantities are in its units; 0 before the first. */
export class MarketValue {
  bid = 0
  ask = 0
  bidSize = 0
  askSize = 0
  /** Of the last trade. */
  last = 0
  lastQuantity = 0
  lastSide: 'buy' | 'sell' | '' = ''
  /** The quantity traded so far, as a Ticker says it. */
  volume = 0
  /** ns since 1970, and the position, of the last frame. */
  time = 0n
  position = 0
  /** The table's version after its last change. */
  version = 0
  /** The last frame of another definition that has a symbol, as JSON has it. */
  frame: Readonly<Record<string, unknown>> | undefined = undefined

  /** @param symbol of a frame that has its symbol as text; '' where the instrument's number names it. */
  constructor(
    readonly number: number,
    readonly symbol = '',
  ) {}
}

/** Where market data comes from: the sequence of a home, or a journal. */
export interface MarketSource {
  readonly market: MarketTable
  /** The position of the next frame. */
  readonly position: number
  /** 'BTCUSDT.sim', by the instrument's number. */
  nameOf(value: MarketValue): string
  /** Whether 'BTCUSDT' or 'BTCUSDT.sim' is this instrument. */
  isNamed(value: MarketValue, symbol: string): boolean
}

/** A value as clients get it. */
export function marketValueJson(value: MarketValue, name: string): Record<string, unknown> {
  const { number, bid, ask, bidSize, askSize, last, lastQuantity, lastSide, volume, time, position, frame } = value
  if (frame !== undefined) return { ...frame, symbol: name }
  const trade = { last, lastQuantity, lastSide, volume }
  return { symbol: name, instrument: number, bid, ask, bidSize, askSize, ...trade, time: String(time), position }
}

/** The latest quote and trade of each instrument, from the frames of one journal. */
export class MarketTable {
  readonly handlers: Handlers
  /** Grows with each change. */
  version = 0
  private readonly values: (MarketValue | undefined)[] = []
  private readonly bySymbol = new Map<string, MarketValue>()
  private count = 0

  constructor() {
    this.handlers = on(BookTop, frame => {
      const value = this.changed(frame)
      value.bid = frame.bid
      value.ask = frame.ask
      value.bidSize = frame.bidSize
      value.askSize = frame.askSize
    })
      .on(Trade, frame => {
        const value = this.changed(frame)
        value.last = frame.price
        value.lastQuantity = frame.quantity
        value.lastSide = frame.side
      })
      .on(Ticker, frame => {
        const value = this.changed(frame)
        value.bid = frame.bid
        value.ask = frame.ask
        value.last = frame.last
        value.volume = frame.volume
      })
  }

  /** Begins with the quotes that a snapshot has. */
  begin(
    { bids, asks }: { readonly bids: ArrayLike<number>; readonly asks: ArrayLike<number> },
    position: number,
  ): void {
    for (let number = 0; number < bids.length; number++) {
      if (!(bids[number] > 0) && !(asks[number] > 0)) continue
      const value = this.of(number)
      Object.assign(value, { bid: bids[number], ask: asks[number], position, version: ++this.version })
    }
  }

  /** A frame of any definition that has its symbol as text. */
  setFrame(symbol: string, frame: Readonly<Record<string, unknown>>): void {
    let value = this.bySymbol.get(symbol)
    if (value === undefined) {
      value = new MarketValue(0, symbol)
      this.bySymbol.set(symbol, value)
    }
    value.frame = frame
    value.version = ++this.version
  }

  get(number: number): MarketValue | undefined {
    return this.values[number]
  }

  /** Those that have any market data. */
  get all(): MarketValue[] {
    return [...this.values.filter(value => value !== undefined), ...this.bySymbol.values()]
  }

  /** How many there are. */
  get size(): number {
    return this.count + this.bySymbol.size
  }

  private changed(frame: {
    readonly instrument: number
    readonly time: bigint
    readonly position: number
  }): MarketValue {
    const value = this.of(frame.instrument)
    value.time = frame.time
    value.position = frame.position
    value.version = ++this.version
    return value
  }

  private of(number: number): MarketValue {
    const known = this.values[number]
    if (known !== undefined) return known
    this.count++
    return (this.values[number] = new MarketValue(number))
  }
}
