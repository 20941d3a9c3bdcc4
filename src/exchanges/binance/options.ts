import { checkOptions, kinds } from '../../base/options.js'
import { TRADED_MARKETS, type TradedMarket } from './endpoints.js'

/** What a desk says of Binance: no secret is among it. */
export interface BinanceOptions {
  /** 'live', 'testnet', or the address of a fake Binance: 'ws://127.0.0.1:8080'. Default 'live'. */
  readonly endpoint?: string
  /** 'spot' (default), 'usd-m' or 'coin-m'. */
  readonly market?: TradedMarket
  /** The file with the credentials, of mode 0600. Default: the environment; against a fake Binance on this machine none are needed. */
  readonly credentials?: string
  /** The instruments to trade. Default: all of the market. */
  readonly symbols?: readonly string[]
  /** Requests about orders in a second. Default 8 for spot and 18 for futures: what Binance allows, however they fall. */
  readonly requestsPerSecond?: number
  /** Futures: Binance cancels all orders when nothing is heard of the adapter for so long, in seconds: 10 to 600, or 0 for never. Default 60. Spot has no such thing. */
  readonly cancelAllAfter?: number
}

/** What a desk says of Binance's market data. */
export interface BinanceMarketOptions {
  /** As of the venue. Default 'live'. */
  readonly endpoint?: string
  readonly market?: TradedMarket
  /** Default: what the strategies ask for. */
  readonly symbols?: readonly string[]
  /** Where quotes come from: Binance's best prices (default), or the book. */
  readonly quotes?: QuoteSource
}

export const QUOTE_SOURCES = ['best', 'book'] as const

export type QuoteSource = (typeof QUOTE_SOURCES)[number]

/** The name of a market in instruments: the same symbol may be in both. */
export function venueName(market: TradedMarket = 'spot'): string {
  return market === 'spot' ? 'binance' : `binance-${market}`
}

/** @throws {InvalidOptionError} */
export function checkBinanceOptions(options: unknown): BinanceOptions {
  checkOptions('the venue binance', options, {
    endpoint: kinds.string,
    market: kinds.oneOf(...TRADED_MARKETS),
    credentials: kinds.string,
    symbols: texts,
    requestsPerSecond: kinds.number(1, 10_000),
    cancelAllAfter: value =>
      value === 0 || kinds.integer(10, 600)(value, 'cancelAllAfter') === undefined
        ? undefined
        : '0, or 10 to 600 seconds',
  })
  return options as BinanceOptions
}

function texts(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(one => typeof one === 'string' && one !== '')
    ? undefined
    : 'a list of texts'
}
