import { isSymbol } from '../messages/frames.js'
import { bad, type Dialect, decimalOf, type Parsed } from './dialect.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * The combined streams of Binance, `{"stream":"btcusdt@trade","data":{...}}`: spot, USD-M futures and COIN-M futures.
 *
 * A message says its kind in `e`; where it has none, as spot's bookTicker, the name of its stream does.
 */
export const BINANCE: Dialect = {
  name: 'combined streams of Binance (spot, USD-M, COIN-M)',
  used: 'bookTicker and trade',

  parse(message: object, timeMs: number): Parsed | undefined {
    const { stream, data } = message as Fields
    if (data === undefined) return beside(message)
    if (typeof data !== 'object' || data === null) return undefined
    const fields = data as Fields
    const kind = typeof fields['e'] === 'string' ? fields['e'] : kindOfStream(stream)
    if (kind === 'bookTicker') return quoteOf(fields, timeMs)
    if (kind === 'trade') return tradeOf(fields, timeMs)
    return kind === undefined ? undefined : { kind: 'other', what: kind }
  },
}

/** What captures of these streams have between their messages: the snapshot of a book, and answers to requests such as SUBSCRIBE. */
function beside(message: object): Parsed | undefined {
  if ('lastUpdateId' in message) return { kind: 'other', what: 'book snapshot' }
  if ('id' in message && ('result' in message || 'error' in message))
    return { kind: 'other', what: 'answer to a request' }
  return undefined
}

/** 'bookTicker' of 'bnbusdt@bookTicker', 'depth' of 'btcusdt@depth@100ms', 'ticker' of '!ticker@arr'. */
function kindOfStream(stream: unknown): string | undefined {
  return typeof stream === 'string' ? /^(?:!|[^@]+@)([^@]+)/.exec(stream)?.[1] : undefined
}

function quoteOf(fields: Fields, timeMs: number): Parsed {
  const symbol = symbolOf(fields)
  if (typeof symbol !== 'string') return symbol
  const [bid, bidSize, ask, askSize] = [fields['b'], fields['B'], fields['a'], fields['A']].map(decimalOf)
  if (bid === undefined || ask === undefined || bidSize === undefined || askSize === undefined)
    return bad('a bookTicker without sound prices and sizes')
  return { kind: 'quote', timeMs, symbol, bid, ask, bidSize, askSize }
}

function tradeOf(fields: Fields, timeMs: number): Parsed {
  const symbol = symbolOf(fields)
  if (typeof symbol !== 'string') return symbol
  const { t: id, m: buyerIsMaker, X: origin = 'MARKET' } = fields
  if (typeof origin !== 'string') return bad('a trade with an origin that is not a text')
  // Futures also report what the market did not trade: INSURANCE_FUND and ADL at prices of the venue's own, NA with price and quantity 0.
  if (origin !== 'MARKET') return { kind: 'other', what: `trade of ${origin}` }
  const price = decimalOf(fields['p'])
  const quantity = decimalOf(fields['q'])
  if (!(price !== undefined && price > 0 && quantity !== undefined && quantity > 0))
    return bad('a trade without a sound price and quantity')
  if (!Number.isSafeInteger(id) || (id as number) < 0) return bad('a trade without a sound id')
  if (typeof buyerIsMaker !== 'boolean') return bad('a trade that does not say whose order rested')
  // The maker rested, so the other side came for it.
  return {
    kind: 'trade',
    timeMs,
    symbol,
    price,
    quantity,
    tradeId: BigInt(id as number),
    side: buyerIsMaker ? 'sell' : 'buy',
  }
}

function symbolOf({ s: symbol }: Fields): string | Parsed {
  if (typeof symbol !== 'string' || symbol === '') return bad('a message without a symbol')
  return isSymbol(symbol) ? symbol : { kind: 'unfit', symbol }
}
