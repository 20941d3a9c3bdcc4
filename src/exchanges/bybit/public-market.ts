import { InvalidOptionError } from '../../base/errors.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import { followedSymbols } from '../adapter/followed-symbols.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { loadWs } from '../connection/ws-package.js'
import { BybitRest } from './bybit-rest.js'
import { type BybitEndpoint, type BybitTraded, bybitEndpoint } from './endpoints.js'
import type { QuoteSource } from './options.js'
import { PublicConnection, type PublicConnectionOptions } from './public-connection.js'

export interface BybitMarketOptions {
  /** As of the venue. Default 'live'. */
  readonly endpoint?: string
  /** Default 'linear'. */
  readonly category?: BybitTraded
  /** Default: what the strategies ask for. */
  readonly symbols?: readonly string[]
  /** Default 'best'. */
  readonly quotes?: QuoteSource
}

/** Instruments of one socket. */
const PER_SOCKET = 100

/**
 * Connects to the public market data of Bybit, over as many sockets as it needs.
 *
 * @returns what closes them.
 * @throws {InvalidOptionError} for symbols that Bybit does not have; {VenueRequestError}, {PackageMissingError}.
 */
export async function followMarket(
  { endpoint: name, category = 'linear', symbols: chosen, quotes = 'best' }: BybitMarketOptions,
  { onInstruments, ...handlers }: MarketHandlers & Pick<PublicConnectionOptions, 'alsoTopics'>,
): Promise<() => void> {
  if (category === 'spot' && quotes === 'ticker')
    throw new InvalidOptionError("the tickers of Bybit's spot have no best prices: set 'quotes' to 'best' or 'book'")
  const endpoint = bybitEndpoint(category, name)
  const ws = await loadWs()
  const live = await liveInstruments(endpoint, category)
  const symbols = followedSymbols(
    'Bybit',
    live.map(({ symbol }) => symbol),
    chosen,
  )
  const followed = new Set(symbols)
  onInstruments?.(live.filter(({ symbol }) => followed.has(symbol)))
  const connections: PublicConnection[] = []
  for (let i = 0; i < symbols.length; i += PER_SOCKET)
    connections.push(
      new PublicConnection({
        ...handlers,
        ws,
        url: endpoint.publicSocket,
        symbols: symbols.slice(i, i + PER_SOCKET),
        quotes,
      }),
    )
  return () => {
    for (const connection of connections) connection.close()
  }
}

async function liveInstruments(endpoint: BybitEndpoint, category: BybitTraded): Promise<readonly InstrumentSpec[]> {
  const rest = new BybitRest(endpoint, category)
  try {
    const { specs, suspended } = await rest.instruments()
    return specs.filter(({ symbol }) => !suspended.includes(symbol))
  } finally {
    rest.close()
  }
}
