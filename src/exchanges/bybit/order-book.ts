import { formatValue } from '../../base/format-value.js'
import { DepthBook, type Level } from '../../trading/market/dialects/depth-book.js'
import { decimalOf } from '../../trading/market/dialects/dialect.js'
import type { QuoteEvent } from '../../trading/messages/market-event.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, isFields } from '../fields.js'

/**
 * What became of a message: the best prices changed or they did not; or one before it is missing: then the book is not whole, and a new
 * snapshot must be asked for; or it came while a snapshot is awaited.
 */
export type BookResult = 'changed' | 'same' | 'gap' | 'waiting'

/** The order book of one instrument, from a snapshot and the deltas after it (topic `orderbook.N`). Numbers of messages follow one another. */
export class BybitOrderBook {
  private readonly book = new DepthBook()
  /** The number of the last message; undefined while a snapshot is awaited. */
  private last: number | undefined = undefined
  private isTorn = false

  /** @throws {VenueMessageError} when it is no such message: the book is torn then, and a snapshot is awaited. */
  apply({ type, data }: Fields): BookResult {
    try {
      return this.applyTo(type, isFields(data) ? data : {})
    } catch (error) {
      this.last = undefined
      this.isTorn = true
      throw error
    }
  }

  /** The best prices; undefined while the book is not whole, or has an empty side. */
  quote(symbol: string, timeMs: number): QuoteEvent | undefined {
    return this.last === undefined ? undefined : this.book.quote(symbol, timeMs)
  }

  private applyTo(type: unknown, data: Fields): BookResult {
    const [bids, asks] = [levelsOf(data, 'b'), levelsOf(data, 'a')]
    const { u: number } = data
    if (!Number.isSafeInteger(number))
      throw new VenueMessageError(`a book message of Bybit has the number ${formatValue(number)}`)
    // A number of 1 follows a restart of the venue's service: it is a snapshot, whatever its type.
    if (type === 'snapshot' || number === 1) {
      this.last = number as number
      this.isTorn = false
      const before = this.book.quote('', 0)
      this.book.clear()
      this.book.apply(bids, asks)
      return isSame(before, this.book.quote('', 0)) ? 'same' : 'changed'
    }
    if (type !== 'delta') throw new VenueMessageError(`a book message of Bybit has the type ${formatValue(type)}`)
    if (this.last === undefined || number !== this.last + 1) {
      const wasTorn = this.isTorn
      this.last = undefined
      this.isTorn = true
      return wasTorn ? 'waiting' : 'gap'
    }
    this.last = number
    return this.book.apply(bids, asks) ? 'changed' : 'same'
  }
}

function isSame(a: QuoteEvent | undefined, b: QuoteEvent | undefined): boolean {
  return a?.bid === b?.bid && a?.bidSize === b?.bidSize && a?.ask === b?.ask && a?.askSize === b?.askSize
}

function levelsOf(data: Fields, name: string): Level[] {
  const value = data[name]
  if (!Array.isArray(value)) throw new VenueMessageError(`a book message of Bybit has no list '${name}'`)
  return value.map((level: unknown) => {
    const [price, size] = Array.isArray(level) ? [decimalOf(level[0]), decimalOf(level[1])] : []
    if (price === undefined || size === undefined || price <= 0)
      throw new VenueMessageError(`a book message of Bybit has the level ${formatValue(level)}`)
    return [price, size] as const
  })
}
