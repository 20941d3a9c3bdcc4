import { SLOT_SIZE } from '../../frames/format.js'
import { lastPage } from '../../journal/seek/seek.js'
import type { OrderLine } from '../../trading/inspect/orders.js'
import type { PositionLine } from '../../trading/inspect/positions.js'
import { DeskFold, type FillLine } from './desk-fold.js'
import type { MarketSource, MarketTable, MarketValue } from './market-table.js'
import { ProfitHistory } from './profit-history.js'

/** Frames read in one slice: some ms. */
const SLICE = 8192
/** How much of the history is read at the start, in bytes, beside what the snapshot before it says. */
const HISTORY_BYTES = 32 * 1024 * 1024

/** What the live desk reports, in the order of the sequence. */
export interface DeskListener {
  order(line: OrderLine): void
  fill(line: FillLine): void
  positionChanged(line: PositionLine): void
  /** The sequence cannot be read any more: it is damaged, or was replaced. */
  failed(error: unknown): void
}

/** The desk as it is now: it follows the sequence, and is asked by all requests. */
export class LiveDesk implements MarketSource {
  readonly fold: DeskFold
  readonly profit = new ProfitHistory()
  /** Whether everything that was there at the start has been read. */
  isReady = false
  private readonly end: number

  constructor(sequence: string, listener: DeskListener) {
    const begin = endOf(sequence)
    this.end = begin
    this.fold = new DeskFold(sequence, Math.max(0, begin - HISTORY_BYTES / SLOT_SIZE), {
      onOrder: line => listener.order(line),
      onFill: line => listener.fill(line),
      onPosition: line => listener.positionChanged(line),
    })
  }

  /** The position of the next frame. */
  get position(): number {
    return this.fold.position
  }

  get market(): MarketTable {
    return this.fold.market
  }

  nameOf({ number }: MarketValue): string {
    return this.fold.orders.names.instrument(number)
  }

  isNamed({ number }: MarketValue, symbol: string): boolean {
    return this.fold.orders.names.isInstrument(number, symbol)
  }

  /** Reads a slice. Returns whether there is more to read now. */
  advance(): boolean {
    const { fold } = this
    const read = fold.advance(SLICE)
    if (!this.isReady && (read === 0 || fold.position >= this.end)) this.isReady = true
    if (read > 0)
      this.profit.add(Math.floor(Number(fold.clock) / 1e6), fold.position, () => fold.positions.linesBy('desk'))
    return read === SLICE
  }

  close(): void {
    this.fold.close()
  }
}

/** The position of the next frame of a journal. */
function endOf(sequence: string): number {
  const page = lastPage(sequence, undefined)
  const end = page.firstPosition + page.cursor
  page.mapping.close()
  return end
}
