import {
  type About,
  bad,
  type Dialect,
  decimalOf,
  type Fields,
  fieldsOf,
  other,
  type Parsed,
  symbolOf,
  textOf,
  tradeFrom,
  wholeOf,
} from './dialect.js'

/**
 * The public streams of OKX, `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[...]}`.
 *
 * Quotes come from `bbo-tbt` and `tickers`. Depth (`books`, `books5`) is no event by itself: exchanges/okx/order-book keeps it.
 */
export const OKX: Dialect = {
  venue: 'OKX',
  name: 'OKX',
  used: 'tickers, bbo-tbt and trades',
  open: () => ({ parse: parseOkx, about: aboutOkx }),
}

function aboutOkx(message: object): About {
  const { arg, data } = message as Fields
  const [content] = Array.isArray(data) ? data.slice(-1).map(fieldsOf) : []
  const last = wholeOf(content?.['seqId'])
  const previous = wholeOf(content?.['prevSeqId'])
  const channel = textOf(fieldsOf(arg)?.['channel'])
  return {
    symbol: textOf(fieldsOf(arg)?.['instId']),
    venueMs: content === undefined ? undefined : timeOf(content),
    // A snapshot has -1, and so begins the numbers again.
    series:
      last === undefined || previous === undefined || channel === undefined
        ? undefined
        : { name: channel, previous: previous < 0 ? undefined : previous, last },
  }
}

/**
 * All that one message says, in its order: never empty. Undefined when it is of another dialect.
 *
 * @param timeMs when it was received; without it, events have the venue's own time.
 */
export function parseOkx(message: object, timeMs?: number): readonly Parsed[] | undefined {
  const { arg, data, event, op } = message as Fields
  if (typeof event === 'string' && ('arg' in message || 'connId' in message || 'code' in message))
    return [other(`answer: ${event}`)]
  if (typeof op === 'string') return [other(`request: ${op}`)]
  const channel = fieldsOf(arg)?.['channel']
  if (typeof channel !== 'string' || !Array.isArray(data)) return undefined
  const parse = PARSERS[channel]
  if (parse === undefined) return [other(channel)]
  if (data.length === 0) return [bad(`a message of '${channel}' without data`)]
  const symbol = (arg as Fields)['instId']
  return data.map(one => {
    const fields = fieldsOf(one)
    return fields === undefined
      ? bad(`a message of '${channel}' whose data are no objects`)
      : parse(fields, symbol, timeMs)
  })
}

const PARSERS: Readonly<Record<string, (fields: Fields, symbol: unknown, timeMs: number | undefined) => Parsed>> = {
  tickers: (fields, symbol, timeMs) =>
    quoteOf(symbol, fields, [fields['bidPx'], fields['bidSz'], fields['askPx'], fields['askSz']], timeMs),
  'bbo-tbt': (fields, symbol, timeMs) => {
    const [bid, ask] = [bestOf(fields['bids']), bestOf(fields['asks'])]
    return quoteOf(symbol, fields, [bid?.[0] ?? '', bid?.[1] ?? '', ask?.[0] ?? '', ask?.[1] ?? ''], timeMs)
  },
  trades: (fields, symbol, timeMs) => tradeOf(symbol, fields, timeMs),
}

/** The first level of a side: undefined when the side is empty. */
function bestOf(levels: unknown): readonly unknown[] | undefined {
  const best: unknown = Array.isArray(levels) ? levels[0] : undefined
  return Array.isArray(best) ? best : undefined
}

/** @param texts bid, its size, ask, its size. */
function quoteOf(symbol: unknown, fields: Fields, texts: readonly unknown[], timeMs: number | undefined): Parsed {
  const known = symbolOf(symbol)
  if (typeof known !== 'string') return known
  const at = timeMs ?? timeOf(fields)
  if (at === undefined) return bad('a quote without a valid time')
  if (texts[0] === '' || texts[2] === '') return other('quote with an empty side')
  const [bid, bidSize, ask, askSize] = texts.map(decimalOf)
  if (bid === undefined || bidSize === undefined || ask === undefined || askSize === undefined)
    return bad('a quote without valid prices and sizes')
  return { kind: 'quote', timeMs: at, symbol: known, bid, ask, bidSize, askSize }
}

function tradeOf(symbol: unknown, fields: Fields, timeMs: number | undefined): Parsed {
  const at = timeMs ?? timeOf(fields)
  if (at === undefined) return bad('a trade without a valid time')
  const { px: price, sz: quantity, tradeId: id, side } = fields
  return tradeFrom({ symbol, price, quantity, id, side: side === 'buy' || side === 'sell' ? side : undefined }, at)
}

/** The venue's time of a message, in ms. */
function timeOf({ ts }: Fields): number | undefined {
  return typeof ts === 'string' && /^\d{1,15}$/.test(ts) ? Number(ts) : undefined
}
