import { InvalidOptionError } from '../../base/errors.js'
import { checkEndpoint, isLoopback } from '../connection/endpoint.js'
import type { BinanceMarket } from './instruments.js'

/** The markets of Binance that can be traded and followed. */
export const TRADED_MARKETS = ['spot', 'usd-m', 'coin-m'] as const satisfies readonly BinanceMarket[]

export type TradedMarket = (typeof TRADED_MARKETS)[number]
export type FuturesMarket = Exclude<TradedMarket, 'spot'>

/** Where one market of Binance is. */
export interface BinanceEndpoint {
  /** As it was given. */
  readonly name: string
  readonly market: TradedMarket
  readonly rest: string
  /** The socket that takes requests. */
  readonly api: string
  /** The streams of best prices and books. */
  readonly quotes: string
  /** The streams of trades; USD-M has a socket of its own for them. */
  readonly trades: string
  /** The stream of the account; undefined for spot, whose socket for requests has it. */
  readonly account: string | undefined
  /** A fake Binance on this machine. */
  readonly isFake: boolean
}

interface Hosts {
  readonly rest: string
  readonly api: string
  readonly streams: string
}

const HOSTS: Readonly<Record<string, Readonly<Record<TradedMarket, Hosts>>>> = {
  live: {
    spot: {
      rest: 'https://api.binance.com',
      api: 'wss://ws-api.binance.com:443',
      streams: 'wss://stream.binance.com:9443',
    },
    'usd-m': {
      rest: 'https://fapi.binance.com',
      api: 'wss://ws-fapi.binance.com',
      streams: 'wss://fstream.binance.com',
    },
    'coin-m': {
      rest: 'https://dapi.binance.com',
      api: 'wss://ws-dapi.binance.com',
      streams: 'wss://dstream.binance.com',
    },
  },
  testnet: {
    spot: {
      rest: 'https://testnet.binance.vision',
      api: 'wss://ws-api.testnet.binance.vision',
      streams: 'wss://stream.testnet.binance.vision',
    },
    'usd-m': {
      rest: 'https://demo-fapi.binance.com',
      api: 'wss://testnet.binancefuture.com',
      streams: 'wss://fstream.binancefuture.com',
    },
    'coin-m': {
      rest: 'https://demo-dapi.binance.com',
      api: 'wss://testnet.binancefuture.com',
      streams: 'wss://dstream.binancefuture.com',
    },
  },
}

/**
 * An endpoint by name, or by the address of its sockets: that of a fake Binance on this machine has all markets and its REST at the
 * same port.
 *
 * @param name 'live', 'testnet', or an address.
 * @throws {InvalidOptionError}
 */
export function binanceEndpoint(name = 'live', market: TradedMarket = 'spot'): BinanceEndpoint {
  const hosts = Object.hasOwn(HOSTS, name) ? HOSTS[name] : undefined
  if (hosts !== undefined) return endpointOf(name, market, hosts[market], false)
  if (!name.includes(':')) throw new InvalidOptionError(`Binance is 'live' or 'testnet', or an address; not '${name}'`)
  const url = checkEndpoint(name)
  const socket = `${url.protocol}//${url.host}`
  const rest = socket.replace(/^ws/, 'http')
  // At one address the streams of COIN-M, whose paths are those of spot, are in a place of their own.
  const streams = market === 'coin-m' ? `${socket}/dstream` : socket
  return endpointOf(name, market, { rest, api: socket, streams }, isLoopback(url))
}

function endpointOf(
  name: string,
  market: TradedMarket,
  { rest, api, streams }: Hosts,
  isFake: boolean,
): BinanceEndpoint {
  const common = { name, market, rest, isFake }
  // The counts of limits are left out of each answer: they are kept here.
  const query = '?returnRateLimits=false'
  if (market === 'spot') {
    const stream = `${streams}/stream`
    return { ...common, api: `${api}/ws-api/v3${query}`, quotes: stream, trades: stream, account: undefined }
  }
  if (market === 'coin-m') {
    const stream = `${streams}/stream`
    return {
      ...common,
      api: `${api}/ws-dapi/v1${query}`,
      quotes: stream,
      trades: stream,
      account: `${streams}/ws`,
    }
  }
  return {
    ...common,
    api: `${api}/ws-fapi/v1${query}`,
    quotes: `${streams}/public/stream`,
    trades: `${streams}/market/stream`,
    account: `${streams}/private/ws`,
  }
}
