import {
  type About,
  bad,
  type Dialect,
  type DialectReader,
  decimalOf,
  type Fields,
  fieldsOf,
  other,
  type Parsed,
  type Series,
  symbolOf,
  textOf,
  tradeFrom,
  wholeOf,
} from './dialect.js'

/**
 * The public streams of Binance: spot, USD-M futures and COIN-M futures; combined, `{"stream":"btcusdt@trade","data":{...}}`, or one stream
 * of a socket, without the envelope.
 *
 * The kind of a message is in `e`. Messages without it, such as spot's bookTicker, have it in the name of their stream, or in their fields.
 */
export const BINANCE: Dialect = {
  venue: 'Binance',
  name: 'Binance (spot, USD-M, COIN-M)',
  used: 'bookTicker and trade',
  open: () => READER,
}

/** Keeps nothing: each message says all. */
const READER: DialectReader = {
  parse(message: object, timeMs: number): Parsed | undefined {
    const fields = contentOf(message as Fields)
    const kind = fields === undefined ? undefined : kindOf(message as Fields, fields)
    if (fields === undefined || kind === undefined) return answerOf(message)
    if (kind === 'bookTicker') return quoteOf(fields, timeMs)
    if (kind === 'trade') return tradeOf(fields, timeMs)
    return other(kind)
  },

  about(message: object): About {
    const fields = contentOf(message as Fields)
    if (fields === undefined) return {}
    const kind = kindOf(message as Fields, fields)
    const symbol = textOf(fields['s']) ?? textOf(fieldsOf(fields['o'])?.['s']) ?? textOf(fields['symbol'])
    return {
      market: symbol === undefined ? undefined : marketOf(kind, symbol, fields),
      symbol,
      venueMs: wholeOf(fields['E']),
      series: seriesOf(kind, fields),
    }
  },
}

/** What is in the envelope, or the message itself. */
function contentOf(message: Fields): Fields | undefined {
  const { data } = message
  // Streams of all symbols, such as !ticker@arr, send lists.
  if (data !== undefined) return Array.isArray(data) ? {} : fieldsOf(data)
  return ('e' in message && 'E' in message) || 'u' in message || 'lastUpdateId' in message ? message : undefined
}

function kindOf({ stream }: Fields, fields: Fields): string | undefined {
  if (typeof fields['e'] === 'string') return fields['e']
  // 'bookTicker' of 'bnbusdt@bookTicker', 'depth' of 'btcusdt@depth@100ms', 'ticker' of '!ticker@arr'.
  if (typeof stream === 'string') return /^(?:!|[^@]+@)([^@]+)/.exec(stream)?.[1]
  if ('lastUpdateId' in fields && 'bids' in fields) return 'book snapshot'
  return ['u', 's', 'b', 'B', 'a', 'A'].every(name => name in fields) ? 'bookTicker' : undefined
}

/** Answers to requests such as SUBSCRIBE are between the messages of a socket. */
function answerOf(message: object): Parsed | undefined {
  if ('lastUpdateId' in message) return other('book snapshot')
  return 'id' in message && ('result' in message || 'error' in message) ? other('answer to a request') : undefined
}

function quoteOf(fields: Fields, timeMs: number): Parsed {
  const symbol = symbolOf(fields['s'])
  if (typeof symbol !== 'string') return symbol
  const [bid, bidSize, ask, askSize] = [fields['b'], fields['B'], fields['a'], fields['A']].map(decimalOf)
  if (bid === undefined || ask === undefined || bidSize === undefined || askSize === undefined)
    return bad('a bookTicker without valid prices and sizes')
  return { kind: 'quote', timeMs, symbol, bid, ask, bidSize, askSize }
}

function tradeOf(fields: Fields, timeMs: number): Parsed {
  const { s: symbol, m: buyerIsMaker, X: origin = 'MARKET' } = fields
  if (typeof origin !== 'string') return bad('a trade whose origin is not a string')
  // Futures streams also report trades that are not of the market: INSURANCE_FUND and ADL at prices that the venue sets, NA with price and quantity 0.
  if (origin !== 'MARKET') return other(`trade of ${origin}`)
  // The maker's order was resting, so the taker is the other side.
  const side = typeof buyerIsMaker !== 'boolean' ? undefined : buyerIsMaker ? 'sell' : 'buy'
  return tradeFrom({ symbol, price: fields['p'], quantity: fields['q'], id: fields['t'], side }, timeMs)
}

/** COIN-M has names of its own; spot has fewer fields than futures. */
function marketOf(kind: string | undefined, symbol: string, fields: Fields): string | undefined {
  if (/USD_(PERP|\d{6})$/.test(symbol)) return 'COIN-M'
  if (kind === 'bookTicker' || kind === 'depthUpdate') return 'T' in fields ? 'USD-M' : 'spot'
  if (kind === 'trade') return 'M' in fields ? 'spot' : 'USD-M'
  return kind === 'forceOrder' || kind === 'markPriceUpdate' ? 'USD-M' : undefined
}

/** Trades are numbered one by one. Futures name the last update before a depthUpdate; spot's first one follows it. */
function seriesOf(kind: string | undefined, { t, U: first, u: last, pu }: Fields): Series | undefined {
  if (kind === 'trade' && Number.isSafeInteger(t))
    return { name: 'trade ids', previous: (t as number) - 1, last: t as number }
  if (kind !== 'depthUpdate' || !Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return undefined
  return { name: 'depth', previous: wholeOf(pu) ?? (first as number) - 1, last: last as number }
}
