import { frameToJson } from '../../frames/view-text.js'
import { Reader } from '../../journal/read/reader.js'
import { positionOfLast } from '../../journal/seek/last-frames.js'
import { together } from '../../ops/together.js'
import { type MarketSource, MarketTable, type MarketValue } from './market-table.js'

/** Frames read in one slice. */
const SLICE = 8192
/** Frames before the end that are read at the start: their symbols are known at once. */
const BACK = 10_000

/** The market data of a journal that belongs to no home: quotes and trades, and any other frame that has a field `symbol`. */
export class LiveMarket implements MarketSource {
  readonly market = new MarketTable()
  private readonly reader: Reader
  private readonly handlers

  constructor(journal: string) {
    this.handlers = together(this.market.handlers).otherwise(frame => {
      const { symbol } = frame as { readonly symbol?: unknown }
      if (typeof symbol === 'string' && symbol !== '') this.market.setFrame(symbol, frameToJson(frame))
    })
    this.reader = Reader.open(journal, { from: { position: positionOfLast(journal, BACK) } })
  }

  get position(): number {
    return this.reader.position
  }

  nameOf({ number, symbol }: MarketValue): string {
    if (symbol !== '') return symbol
    const entry = this.reader.instrument(number)
    return entry === undefined ? `#${number}` : `${entry.symbol}.${entry.venue}`
  }

  isNamed(value: MarketValue, symbol: string): boolean {
    return (
      value.symbol === symbol ||
      this.nameOf(value) === symbol ||
      this.reader.instrument(value.number)?.symbol === symbol
    )
  }

  /** Reads a slice. Returns whether there is more to read now. */
  advance(): boolean {
    return this.reader.poll(this.handlers, SLICE) === SLICE
  }

  close(): void {
    this.reader.close()
  }
}
