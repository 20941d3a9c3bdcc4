import { formatValue } from '../../base/format-value.js'
import { DepthBook, type Level } from '../../trading/market/dialects/depth-book.js'
import { decimalOf } from '../../trading/market/dialects/dialect.js'
import type { QuoteEvent } from '../../trading/messages/market-event.js'
import { VenueMessageError } from '../errors.js'
import type { Fields } from '../fields.js'

/**
 * What became of an update: it was kept until the snapshot comes, it is older than the snapshot, it was applied, or one
 * before it is missing: then the book is not whole, and a new snapshot must be asked for.
 */
export type UpdateResult = 'kept' | 'old' | 'applied' | 'gap'

/** Updates that are kept while a snapshot is on its way: some minutes of the busiest stream. */
const MOST_KEPT = 10_000

/**
 * The order book of one instrument, from a snapshot (REST `depth`) and the updates of its stream (`depthUpdate`), in any order: updates that
 * come before the snapshot are kept, and joined to it without a gap.
 *
 * Update numbers of spot follow one another. Those of futures have gaps, and each message names the one before it (`pu`).
 */
export class BinanceOrderBook {
  /** Whether it has had a snapshot, and no gap since. */
  isWhole = false
  /** The number of the last update in the book. */
  last = 0
  private readonly book = new DepthBook()
  private kept: Fields[] = []
  private isJoined = false

  constructor(private readonly market: 'spot' | 'futures') {}

  /**
   * Begins with a snapshot, and applies what was kept.
   *
   * @returns 'gap' when the kept updates begin after it: ask for a newer one.
   * @throws {VenueMessageError}
   */
  snapshot(fields: Fields): UpdateResult {
    const last = numberField(fields, 'lastUpdateId')
    const [bids, asks] = [levelsOf(fields, 'bids'), levelsOf(fields, 'asks')]
    this.book.clear()
    this.book.apply(bids, asks)
    this.last = last
    this.isWhole = true
    this.isJoined = false
    const { kept } = this
    this.kept = []
    const at = kept.findIndex(update => this.update(update) === 'gap')
    if (at < 0) return 'applied'
    // They will follow a newer snapshot.
    this.kept = kept.slice(at)
    return 'gap'
  }

  /** @throws {VenueMessageError} when it is no update: the book is as it was. */
  update(fields: Fields): UpdateResult {
    const [first, last] = [numberField(fields, 'U'), numberField(fields, 'u')]
    const [bids, asks] = [levelsOf(fields, 'b'), levelsOf(fields, 'a')]
    if (!this.isWhole) {
      // Without a snapshot for so long, the oldest are of no use.
      if (this.kept.length >= MOST_KEPT) this.kept.shift()
      this.kept.push(fields)
      return 'kept'
    }
    if (this.isOld(last)) return 'old'
    if (!this.follows(first, fields)) {
      this.isWhole = false
      this.kept = [fields]
      return 'gap'
    }
    this.isJoined = true
    this.last = last
    this.book.apply(bids, asks)
    return 'applied'
  }

  /** The best prices; undefined while the book is not whole, or has an empty side. */
  quote(symbol: string, timeMs: number): QuoteEvent | undefined {
    return this.isWhole ? this.book.quote(symbol, timeMs) : undefined
  }

  /** The update in which a futures snapshot lies is applied again: it has all quantities, and not changes of them. */
  private isOld(last: number): boolean {
    return this.isJoined || this.market === 'spot' ? last <= this.last : last < this.last
  }

  private follows(first: number, fields: Fields): boolean {
    if (this.market === 'spot') return this.isJoined ? first === this.last + 1 : first <= this.last + 1
    return this.isJoined ? numberField(fields, 'pu') === this.last : first <= this.last
  }
}

function levelsOf(fields: Fields, name: string): Level[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw new VenueMessageError(`a book message of Binance has no list '${name}'`)
  return value.map((level: unknown) => {
    const [price, size] = Array.isArray(level) ? [decimalOf(level[0]), decimalOf(level[1])] : []
    if (price === undefined || size === undefined || price <= 0)
      throw new VenueMessageError(`a book message of Binance has the level ${formatValue(level)}`)
    return [price, size] as const
  })
}

/** The number of an update. @throws {VenueMessageError} */
function numberField(fields: Fields, name: string): number {
  const value = fields[name]
  if (Number.isSafeInteger(value)) return value as number
  throw new VenueMessageError(
    `a book message of Binance has '${name}' ${formatValue(value)}, which is no number of an update`,
  )
}
