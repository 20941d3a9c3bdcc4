import { checkOptions, kinds } from '../../base/options.js'
import type { BybitTraded } from './endpoints.js'

/** What a desk says of Bybit: no secret is among it. */
export interface BybitOptions {
  /** 'live', 'testnet', 'demo', or the address of a fake Bybit: 'ws://127.0.0.1:8080'. Default 'live'. */
  readonly endpoint?: string
  /** The file with the credentials, of mode 0600. Default: the environment; against a fake Bybit on this machine none are needed. */
  readonly credentials?: string
  /** What is traded. Default 'linear'. Their instruments have the same names: the venue of spot is called 'bybit-spot'. */
  readonly category?: BybitTraded
  /** The instruments to trade. Default: all of the category. */
  readonly symbols?: readonly string[]
  /** How requests about orders are sent. Default 'socket', where there is one. */
  readonly orders?: 'socket' | 'rest'
  /** Requests about orders in a second. Default 5 for linear and 10 for spot: what Bybit allows, however they fall. */
  readonly requestsPerSecond?: number
  /** Bybit cancels all orders of the category when the private socket is lost for so long, in seconds: 3 to 300, or 0 for never. Default 0. */
  readonly cancelAllAfter?: number
}

/** Where quotes come from: the best prices, a book of 50 levels, or the slower tickers, which spot has not. */
export const QUOTE_TOPICS = { best: 'orderbook.1', book: 'orderbook.50', ticker: 'tickers' } as const

export type QuoteSource = keyof typeof QUOTE_TOPICS

export const BYBIT_TRADED: readonly BybitTraded[] = ['linear', 'spot']

/** The name of the venue of a category. */
export function bybitVenueName(category: BybitTraded): string {
  return category === 'spot' ? 'bybit-spot' : 'bybit'
}

/** @throws {InvalidOptionError} */
export function checkBybitOptions(options: unknown): BybitOptions {
  checkOptions('the venue bybit', options, {
    endpoint: kinds.string,
    credentials: kinds.string,
    category: kinds.oneOf(...BYBIT_TRADED),
    symbols: texts,
    orders: kinds.oneOf('socket', 'rest'),
    requestsPerSecond: kinds.number(1, 10_000),
    cancelAllAfter: value =>
      value === 0 || kinds.integer(3, 300)(value, 'cancelAllAfter') === undefined
        ? undefined
        : '0, or 3 to 300 seconds',
  })
  return options as BybitOptions
}

function texts(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(one => typeof one === 'string' && one !== '')
    ? undefined
    : 'a list of texts'
}
