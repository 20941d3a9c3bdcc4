import { decimalOf } from '../../trading/market/dialects/dialect.js'
import type { QuoteEvent } from '../../trading/messages/market-event.js'
import { type Fields, isFields } from '../fields.js'

const NAMES = ['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'] as const

/** The best prices of contracts from their topic `tickers`: a delta has only what has changed. Spot has none in its tickers. */
export class BybitTickers {
  private readonly known = new Map<string, Map<string, number>>()

  /** The quote after a message; undefined when it changes none, or not all of it is known. */
  apply({ type, data, ts }: Fields): QuoteEvent | undefined {
    if (!isFields(data) || typeof data['symbol'] !== 'string') return undefined
    const { symbol } = data
    const values = type === 'snapshot' ? undefined : this.known.get(symbol)
    // A delta before its snapshot says nothing.
    if (values === undefined && type !== 'snapshot') return undefined
    const now = values ?? new Map<string, number>()
    this.known.set(symbol, now)
    let isChanged = false
    for (const name of NAMES) {
      const value = decimalOf(data[name])
      if (value === undefined || value === now.get(name)) continue
      now.set(name, value)
      isChanged = true
    }
    const [bid, bidSize, ask, askSize] = NAMES.map(name => now.get(name) ?? 0)
    if (!isChanged || !(bid > 0) || !(ask > bid)) return undefined
    return { kind: 'quote', symbol, timeMs: typeof ts === 'number' ? ts : 0, bid, bidSize, ask, askSize }
  }

  /** The connection is new: everything comes again. */
  clear(): void {
    this.known.clear()
  }
}
