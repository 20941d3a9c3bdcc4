import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import { followedSymbols } from '../adapter/followed-symbols.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { loadWs } from '../connection/ws-package.js'
import { BinanceRest } from './binance-rest.js'
import { binanceEndpoint } from './endpoints.js'
import type { BinanceMarketOptions, QuoteSource } from './options.js'
import { PublicBooks } from './public-books.js'
import { PublicConnection } from './public-connection.js'

/** Instruments of one socket: Binance takes 1024 streams. */
const PER_SOCKET = 200
export const BOOK_STREAM = 'depth@100ms'

/** The streams that quotes come from. */
const QUOTE_STREAMS: Readonly<Record<QuoteSource, string>> = { best: 'bookTicker', book: BOOK_STREAM }

/**
 * Connects to the public market data of one market of Binance, over as many sockets as it needs.
 *
 * @param also streams to receive beside those of quotes and trades.
 * @returns what closes them.
 * @throws {InvalidOptionError} for symbols that Binance does not have; {VenueRequestError}, {PackageMissingError}.
 */
export async function followMarket(
  { endpoint: name, market = 'spot', symbols: chosen, quotes = 'best' }: BinanceMarketOptions,
  { onInstruments, ...handlers }: MarketHandlers,
  also: readonly string[] = [],
): Promise<() => void> {
  const endpoint = binanceEndpoint(name, market)
  const ws = await loadWs()
  const rest = new BinanceRest(endpoint)
  const open: { close(): void }[] = [rest]
  try {
    const live = await liveInstruments(rest)
    const symbols = followedSymbols(
      'Binance',
      live.map(({ symbol }) => symbol),
      chosen,
    )
    const followed = new Set(symbols)
    onInstruments?.(live.filter(({ symbol }) => followed.has(symbol)))
    const wanted = [QUOTE_STREAMS[quotes], ...also]
    for (let i = 0; i < symbols.length; i += PER_SOCKET) {
      const some = symbols.slice(i, i + PER_SOCKET).map(symbol => symbol.toLowerCase())
      const streams = (of: readonly string[]): string[] => some.flatMap(symbol => of.map(kind => `${symbol}@${kind}`))
      const books = quotes === 'book' ? new PublicBooks(rest, handlers) : undefined
      if (books !== undefined) open.push(books)
      const isOneSocket = endpoint.quotes === endpoint.trades
      const common = { ...handlers, ws }
      const quoted = streams(isOneSocket ? [...wanted, 'trade'] : wanted)
      open.push(new PublicConnection({ ...common, url: endpoint.quotes, streams: quoted, books }))
      if (!isOneSocket)
        open.push(
          new PublicConnection({ ...common, url: endpoint.trades, streams: streams(['trade']), books: undefined }),
        )
    }
  } catch (error) {
    for (const one of open) one.close()
    throw error
  }
  return () => {
    for (const one of open) one.close()
  }
}

async function liveInstruments(rest: BinanceRest): Promise<readonly InstrumentSpec[]> {
  const { specs, suspended } = await rest.instruments()
  const stopped = new Set(suspended)
  return specs.filter(({ symbol }) => !stopped.has(symbol))
}
