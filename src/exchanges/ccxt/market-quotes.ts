import type { MarketEvent, QuoteEvent, TradeEvent } from '../../trading/messages/market-event.js'
import type { CcxtExchange, CcxtTrade } from './ccxt-types.js'
import { hearParsed } from './hear-parsed.js'
import type { CcxtMarketOptions } from './options.js'

export type QuoteSource = NonNullable<CcxtMarketOptions['quotes']>

/** Where ccxt keeps what it has of each source. */
const BESTS: Readonly<Record<QuoteSource, (exchange: CcxtExchange, symbol: string) => Best | undefined>> = {
  best: ({ bidsasks }, symbol) => ofTicker(bidsasks[symbol]),
  ticker: ({ tickers }, symbol) => ofTicker(tickers[symbol]),
  book: ({ orderbooks }, symbol) => {
    const book = orderbooks[symbol]
    const [bid, ask] = [book?.bids[0], book?.asks[0]]
    if (book === undefined || bid === undefined || ask === undefined) return undefined
    return { bid: bid[0], bidSize: bid[1], ask: ask[0], askSize: ask[1], timeMs: book.timestamp ?? 0 }
  },
}

interface Best {
  readonly bid: number
  readonly bidSize: number
  readonly ask: number
  readonly askSize: number
  readonly timeMs: number
}

/** ccxt's functions that read a trade of a message. */
const PARSERS = /^parse(Ws|WS)?Trade$/

/**
 * Quotes and trades in messages of public sockets, all of them, as ccxt reads them. A quote is reported when it has changed.
 *
 * @param followed the symbols.
 */
export function hearMarket(
  exchange: CcxtExchange,
  followed: readonly string[],
  source: QuoteSource,
  onEvents: (events: readonly MarketEvent[]) => void,
): void {
  const symbols = new Set(followed)
  const last = new Map<string, Best>()
  hearParsed(exchange, PARSERS, parsed => {
    const now = Date.now()
    const events: MarketEvent[] = []
    for (const trade of parsed as readonly CcxtTrade[]) {
      const event = tradeOf(trade, now)
      if (event !== undefined && symbols.has(event.symbol)) events.push(event)
    }
    for (const symbol of symbols) {
      const best = BESTS[source](exchange, symbol)
      const before = last.get(symbol)
      if (best === undefined || !(best.bid > 0) || !(best.ask > best.bid) || isSame(best, before)) continue
      last.set(symbol, best)
      events.push(quoteOf(symbol, best, now))
    }
    if (events.length > 0) onEvents(events)
  })
}

function ofTicker(
  ticker: { bid?: number; bidVolume?: number; ask?: number; askVolume?: number; timestamp?: number } | undefined,
): Best | undefined {
  if (ticker?.bid === undefined || ticker.ask === undefined) return undefined
  const { bid, bidVolume = 0, ask, askVolume = 0, timestamp = 0 } = ticker
  return { bid, bidSize: bidVolume, ask, askSize: askVolume, timeMs: timestamp }
}

function isSame(a: Best, b: Best | undefined): boolean {
  return a.bid === b?.bid && a.ask === b.ask && a.bidSize === b.bidSize && a.askSize === b.askSize
}

/** A time that the exchange does not say is ours. */
function quoteOf(symbol: string, { timeMs, ...best }: Best, now: number): QuoteEvent {
  return { kind: 'quote', symbol, timeMs: timeMs || now, ...best }
}

function tradeOf({ id, symbol, side, price, amount, timestamp }: CcxtTrade, now: number): TradeEvent | undefined {
  if (symbol === undefined || (side !== 'buy' && side !== 'sell')) return undefined
  const [numericPrice, quantity] = [Number(price), Number(amount)]
  if (!(numericPrice > 0) || !(quantity > 0)) return undefined
  return { kind: 'trade', symbol, timeMs: timestamp ?? now, price: numericPrice, quantity, tradeId: numberOf(id), side }
}

/** A trade's id as a number: of one that is none, its first 64 bits in hexadecimal digits, else 0. */
function numberOf(id = ''): bigint {
  if (/^\d{1,18}$/.test(id)) return BigInt(id)
  const hex = id.replaceAll('-', '')
  return /^[0-9a-fA-F]{32}$/.test(hex) ? BigInt(`0x${hex.slice(0, 16)}`) : 0n
}
