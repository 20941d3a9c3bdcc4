import { isSymbol } from '../instruments/instrument.js'
import { bad, type Dialect, decimalOf, type Parsed } from './dialect.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * The combined streams of Binance, `{"stream":"btcusdt@trade","data":{...}}`: spot, USD-M futures and COIN-M futures.
 *
 * The kind of a message is in `e`. Messages without it, such as spot's bookTicker, have it in the name of their stream.
 */
export const BINANCE: Dialect = {
  name: 'combined streams of Binance (spot, USD-M, COIN-M)',
  used: 'bookTicker and trade',

  parse(message: object, timeMs: number): Parsed | undefined {
    const { stream, data } = message as Fields
    if (data === undefined) return parseWithoutData(message)
    if (typeof data !== 'object' || data === null) return undefined
    const fields = data as Fields
    const kind = typeof fields['e'] === 'string' ? fields['e'] : kindOfStream(stream)
    if (kind === 'bookTicker') return quoteOf(fields, timeMs)
    if (kind === 'trade') return tradeOf(fields, timeMs)
    return kind === undefined ? undefined : { kind: 'other', what: kind }
  },
}

/** Messages without data that captures of these streams contain: the snapshot of a book, and answers to requests such as SUBSCRIBE. */
function parseWithoutData(message: object): Parsed | undefined {
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
    return bad('a bookTicker without valid prices and sizes')
  return { kind: 'quote', timeMs, symbol, bid, ask, bidSize, askSize }
}

function tradeOf(fields: Fields, timeMs: number): Parsed {
  const symbol = symbolOf(fields)
  if (typeof symbol !== 'string') return symbol
  const { t: id, m: buyerIsMaker, X: origin = 'MARKET' } = fields
  if (typeof origin !== 'string') return bad('a trade whose origin is not a string')
  // Futures streams also report trades that are not of the market: INSURANCE_FUND and ADL at prices that the venue sets, NA with price and quantity 0.
  if (origin !== 'MARKET') return { kind: 'other', what: `trade of ${origin}` }
  const price = decimalOf(fields['p'])
  const quantity = decimalOf(fields['q'])
  if (!(price !== undefined && price > 0 && quantity !== undefined && quantity > 0))
    return bad('a trade without a valid price and quantity')
  if (!Number.isSafeInteger(id) || (id as number) < 0) return bad('a trade without a valid id')
  if (typeof buyerIsMaker !== 'boolean') return bad('a trade that does not say which side was the maker')
  // The maker's order was resting, so the taker is the other side.
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
