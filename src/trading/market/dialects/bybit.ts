import type { Side } from '../../messages/order-terms.js'
import { DepthBook, type Level } from './depth-book.js'
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
  positiveOf,
  symbolOf,
  textOf,
  tradeFrom,
  wholeOf,
} from './dialect.js'

/**
 * The public topics of Bybit's version 5: spot, linear and inverse, which use the same messages.
 *
 * There is no stream of quotes: the best prices come from `orderbook.N`. When a file has several depths of a symbol, the shallowest
 * is used, as it is the fastest.
 */
export const BYBIT: Dialect = {
  venue: 'Bybit',
  name: 'Bybit (spot, linear)',
  used: 'orderbook (its best prices) and publicTrade',
  open: () => new BybitReader(),
}

/** The book of one symbol, of one depth. */
interface Stream {
  readonly depth: number
  readonly book: DepthBook
  /** The number of the last message; undefined while the book waits for a snapshot. */
  last: number | undefined
}

class BybitReader implements DialectReader {
  private readonly streams = new Map<string, Stream>()

  parse(message: object, timeMs: number): Parsed | readonly Parsed[] | undefined {
    const fields = message as Fields
    const { topic } = fields
    if (typeof topic !== 'string') return answerOf(fields)
    const [kind] = topic.split('.')
    if (kind === 'orderbook') return this.quoteOf(topic, fields, timeMs)
    if (kind === 'publicTrade' || kind === 'trade') return tradesOf(fields['data'], timeMs)
    return other(kind)
  }

  about(message: object): About {
    const fields = message as Fields
    const { topic, type, ts, data } = fields
    if (typeof topic !== 'string') return {}
    const [kind, depth] = topic.split('.')
    const content = fieldsOf(Array.isArray(data) ? data[0] : data)
    const symbol = textOf(content?.['s']) ?? textOf(content?.['symbol']) ?? topic.slice(topic.lastIndexOf('.') + 1)
    const last = wholeOf(content?.['u'])
    const series =
      kind !== 'orderbook' || last === undefined
        ? undefined
        : { name: `orderbook.${depth}`, previous: type === 'delta' ? last - 1 : undefined, last }
    return { symbol, venueMs: wholeOf(ts), series }
  }

  private quoteOf(topic: string, { type, data }: Fields, timeMs: number): Parsed {
    const content = fieldsOf(data)
    const symbol = symbolOf(content?.['s'])
    if (typeof symbol !== 'string') return symbol
    const bids = levelsOf(content?.['b'])
    const asks = levelsOf(content?.['a'])
    const number = wholeOf(content?.['u'])
    const depth = Number(topic.split('.')[1])
    if (bids === undefined || asks === undefined || number === undefined || !Number.isSafeInteger(depth))
      return bad('an orderbook without valid levels and number')
    const stream = this.streamOf(symbol, depth)
    if (stream === undefined) return other('orderbook of another depth')
    // A number of 1 follows a restart of the venue's service: it is a snapshot, whatever its type.
    const isSnapshot = type === 'snapshot' || number === 1
    if (isSnapshot) {
      stream.book.clear()
    } else if (stream.last === undefined || number !== stream.last + 1) {
      // What was missed may have been a best price: there is no quote until the next snapshot.
      stream.last = undefined
      return other('orderbook delta without what is before it')
    }
    stream.last = number
    const changed = stream.book.apply(bids, asks)
    if (!changed && !isSnapshot) return other('orderbook delta below the best prices')
    return stream.book.quote(symbol, timeMs) ?? other('orderbook without two sides')
  }

  /** The stream that a symbol's quotes come from; undefined when this is not the one. */
  private streamOf(symbol: string, depth: number): Stream | undefined {
    const known = this.streams.get(symbol)
    if (known !== undefined && known.depth <= depth) return known.depth === depth ? known : undefined
    const stream = { depth, book: new DepthBook(), last: undefined }
    this.streams.set(symbol, stream)
    return stream
  }
}

/** Answers to requests: subscribe, auth, ping, and orders by WebSocket. */
function answerOf({ op, success, retCode }: Fields): Parsed | undefined {
  if (typeof op !== 'string') return undefined
  if (typeof success === 'boolean' || typeof retCode === 'number' || op === 'pong') return other('answer to a request')
  return undefined
}

/** Price levels; undefined when one is not valid. */
function levelsOf(value: unknown): Level[] | undefined {
  if (!Array.isArray(value)) return undefined
  const levels: Level[] = []
  for (const level of value) {
    const [price, size] = Array.isArray(level) ? [positiveOf(level[0]), decimalOf(level[1])] : []
    if (price === undefined || size === undefined) return undefined
    levels.push([price, size])
  }
  return levels
}

function tradesOf(data: unknown, timeMs: number): Parsed | readonly Parsed[] {
  if (!Array.isArray(data) || data.length === 0) return bad('a publicTrade without trades')
  return data.map(trade => parseBybitTrade(fieldsOf(trade), timeMs))
}

/** One trade of the topic `publicTrade`. */
export function parseBybitTrade(fields: Fields | undefined, timeMs: number): Parsed {
  const { s: symbol, p: price, v: quantity, S: side, BT: isBlock, i: id } = fields ?? {}
  // Blocks are agreed outside of the book, at prices that it need not have.
  if (isBlock === true) return other('block trade')
  return tradeFrom({ symbol, price, quantity, id: numberOfUuid(id) ?? id, side: SIDES.get(side) }, timeMs)
}

const SIDES: ReadonlyMap<unknown, Side> = new Map([
  ['Buy', 'buy'],
  ['Sell', 'sell'],
])

/** Contracts have trade ids of 128 bits, and a Trade frame holds 64: it gets the first half, which finds the trade again. */
function numberOfUuid(id: unknown): bigint | undefined {
  const digits = typeof id === 'string' ? /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-/i.exec(id) : null
  return digits === null ? undefined : BigInt(`0x${digits[1]}${digits[2]}${digits[3]}`)
}
