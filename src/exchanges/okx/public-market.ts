import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import { followedSymbols } from '../adapter/followed-symbols.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { loadWs } from '../connection/ws-package.js'
import { okxEndpoint } from './endpoints.js'
import type { OkxType } from './instruments.js'
import { OkxRest } from './okx-rest.js'
import { DEFAULT_TYPES, type QuoteSource } from './options.js'
import { PublicConnection, type PublicConnectionOptions } from './public-connection.js'

export interface OkxMarketOptions {
  /** As of the venue. Default 'live'. */
  readonly endpoint?: string
  /** Default: what the strategies ask for. */
  readonly symbols?: readonly string[]
  readonly types?: readonly OkxType[]
  /** Default 'best'. */
  readonly quotes?: QuoteSource
}

/** Instruments of one socket. */
const PER_SOCKET = 100

/**
 * Connects to the public market data of OKX, over as many sockets as it needs.
 *
 * @returns what closes them.
 * @throws {InvalidOptionError} for symbols that OKX does not have; {VenueRequestError}, {PackageMissingError}.
 */
export async function followMarket(
  { endpoint: name, symbols: chosen, types = DEFAULT_TYPES, quotes = 'best' }: OkxMarketOptions,
  { onInstruments, ...handlers }: MarketHandlers & Pick<PublicConnectionOptions, 'alsoChannels'>,
): Promise<() => void> {
  const endpoint = okxEndpoint(name)
  const ws = await loadWs()
  const live = await liveInstruments(new OkxRest(endpoint), types)
  const symbols = followedSymbols(
    'OKX',
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

async function liveInstruments(rest: OkxRest, types: readonly OkxType[]): Promise<readonly InstrumentSpec[]> {
  try {
    return (await rest.instruments(types)).filter(({ isLive }) => isLive).map(({ spec }) => spec)
  } finally {
    rest.close()
  }
}
