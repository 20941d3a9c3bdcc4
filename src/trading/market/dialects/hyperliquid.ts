import type { Side } from '../../messages/order-terms.js'
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
 * The public channels of Hyperliquid: `{"channel":"l2Book","data":{...}}`.
 *
 * Quotes come from `bbo`; for a coin of which a file has none, from `l2Book`, each message of which is a complete book.
 */
export const HYPERLIQUID: Dialect = {
  venue: 'Hyperliquid',
  name: 'Hyperliquid',
  used: 'bbo, else l2Book (its best prices), and trades',
  open: () => new HyperliquidReader(),
}

/** Channels that are passed over. Other venues have channels too, so that only known ones are of this dialect. */
const OTHERS = new Set([
  'activeAssetCtx',
  'activeAssetData',
  'activeSpotAssetCtx',
  'allMids',
  'candle',
  'error',
  'notification',
  'orderUpdates',
  'pong',
  'post',
  'subscriptionResponse',
  'user',
  'userEvents',
  'userFills',
  'userFundings',
  'userNonFundingLedgerUpdates',
  'webData2',
])

class HyperliquidReader implements DialectReader {
  /** Coins that have quotes of their own. */
  private readonly quoted = new Set<string>()

  parse(message: object, timeMs: number): Parsed | readonly Parsed[] | undefined {
    const { channel, data } = message as Fields
    switch (channel) {
      case 'bbo':
        return this.bestOf(fieldsOf(data), timeMs)
      case 'l2Book':
        return this.bookOf(fieldsOf(data), timeMs)
      case 'trades':
        if (!Array.isArray(data)) return undefined
        return data.length === 0 ? other('trades without a trade') : data.map(trade => tradeOf(fieldsOf(trade), timeMs))
      default:
        return typeof channel === 'string' && OTHERS.has(channel) ? other(channel) : undefined
    }
  }

  about(message: object): About {
    const { data } = message as Fields
    const content = fieldsOf(Array.isArray(data) ? data.at(-1) : data)
    return { symbol: textOf(content?.['coin']), venueMs: wholeOf(content?.['time']) }
  }

  private bestOf(data: Fields | undefined, timeMs: number): Parsed | undefined {
    if (!Array.isArray(data?.['bbo'])) return undefined
    const symbol = symbolOf(data['coin'])
    if (typeof symbol !== 'string') return symbol
    this.quoted.add(symbol)
    return quoteOf(symbol, 'bbo', data['bbo'][0], data['bbo'][1], timeMs)
  }

  private bookOf(data: Fields | undefined, timeMs: number): Parsed | undefined {
    const levels = data?.['levels']
    if (!Array.isArray(levels)) return undefined
    const symbol = symbolOf(data?.['coin'])
    if (typeof symbol !== 'string') return symbol
    if (this.quoted.has(symbol)) return other('l2Book beside bbo')
    const [bids, asks] = levels
    if (!Array.isArray(bids) || !Array.isArray(asks)) return bad('an l2Book without two sides')
    return quoteOf(symbol, 'l2Book', bids[0], asks[0], timeMs)
  }
}

/** @param bid the best level; undefined or null when the side is empty. */
function quoteOf(symbol: string, what: string, bid: unknown, ask: unknown, timeMs: number): Parsed {
  if ((bid ?? null) === null || (ask ?? null) === null) return other(`${what} with an empty side`)
  const [bidPrice, bidSize] = levelOf(bid)
  const [askPrice, askSize] = levelOf(ask)
  if (bidPrice === undefined || askPrice === undefined || bidSize === undefined || askSize === undefined)
    return bad(`${what === 'bbo' ? 'a' : 'an'} ${what} without valid prices and sizes`)
  return { kind: 'quote', timeMs, symbol, bid: bidPrice, ask: askPrice, bidSize, askSize }
}

function levelOf(level: unknown): [number | undefined, number | undefined] {
  const fields = fieldsOf(level)
  return [positiveOf(fields?.['px']), decimalOf(fields?.['sz'])]
}

function tradeOf(fields: Fields | undefined, timeMs: number): Parsed {
  const { coin: symbol, px: price, sz: quantity, tid: id, side } = fields ?? {}
  return tradeFrom({ symbol, price, quantity, id, side: SIDES.get(side) }, timeMs)
}

/** The aggressor's side: B is a bid, A an ask. */
const SIDES: ReadonlyMap<unknown, Side> = new Map([
  ['B', 'buy'],
  ['A', 'sell'],
])
