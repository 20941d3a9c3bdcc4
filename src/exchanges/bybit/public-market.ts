import { InvalidOptionError } from '../../base/errors.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { loadWs } from '../connection/ws-package.js'
import { BybitRest } from './bybit-rest.js'
import { type BybitEndpoint, type BybitTraded, bybitEndpoint } from './endpoints.js'
import { PublicConnection, type PublicConnectionOptions, type QuoteSource } from './public-connection.js'

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
/** The most instruments that are followed without being named. */
const MOST_UNNAMED = 300

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
  const symbols = symbolsOf(
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

function symbolsOf(all: readonly string[], chosen: readonly string[] | undefined): readonly string[] {
  if (chosen === undefined) {
    if (all.length <= MOST_UNNAMED) return all
    throw new InvalidOptionError(
      `Bybit has ${all.length} instruments, which are too many to follow all: name them with 'symbols' of a strategy, or with --symbols`,
    )
  }
  const known = new Set(all)
  const found = chosen.filter(symbol => known.has(symbol))
  if (found.length > 0) return found
  throw new InvalidOptionError(
    `Bybit has none of the symbols ${chosen.join(', ')}; it writes them as ${all.slice(0, 3).join(', ')}`,
  )
}
