import { checkOptions, kinds } from '../../base/options.js'
import type { OkxType } from './instruments.js'

/** What a desk says of OKX: no secret is among it. */
export interface OkxOptions {
  /** 'live', 'demo', or the address of a fake OKX: 'ws://127.0.0.1:8080'. Default 'live'. */
  readonly endpoint?: string
  /** The file with the credentials, of mode 0600. Default: the environment; against a fake OKX on this machine none are needed. */
  readonly credentials?: string
  /** The instruments to trade. Default: all of `types`. */
  readonly symbols?: readonly string[]
  /** Kinds of instruments. Default SPOT, SWAP and FUTURES. */
  readonly types?: readonly OkxType[]
  /** How margin is kept for contracts. Default 'cross'. */
  readonly marginMode?: 'cross' | 'isolated'
  /** Requests about orders in a second, over all instruments. Default 20: what OKX allows for one instrument, however they fall. */
  readonly requestsPerSecond?: number
  /** OKX cancels all orders when nothing is heard of the adapter for so long, in seconds: 10 to 120, or 0 for never. Default 60. */
  readonly cancelAllAfter?: number
}

/** Where quotes come from: OKX's own best prices, the book, or the slower tickers. */
export const QUOTE_CHANNELS = { best: 'bbo-tbt', book: 'books', ticker: 'tickers' } as const

export type QuoteSource = keyof typeof QUOTE_CHANNELS

export const OKX_TYPES: readonly OkxType[] = ['SPOT', 'SWAP', 'FUTURES', 'OPTION']
export const DEFAULT_TYPES: readonly OkxType[] = ['SPOT', 'SWAP', 'FUTURES']

/** @throws {InvalidOptionError} */
export function checkOkxOptions(options: unknown): OkxOptions {
  checkOptions('the venue okx', options, {
    endpoint: kinds.string,
    credentials: kinds.string,
    symbols: texts,
    types: value =>
      texts(value) === undefined &&
      (value as readonly string[]).every(type => (OKX_TYPES as readonly string[]).includes(type))
        ? undefined
        : `a list of ${OKX_TYPES.join(', ')}`,
    marginMode: kinds.oneOf('cross', 'isolated'),
    requestsPerSecond: kinds.number(1, 10_000),
    cancelAllAfter: value =>
      value === 0 || kinds.integer(10, 120)(value, 'cancelAllAfter') === undefined
        ? undefined
        : '0, or 10 to 120 seconds',
  })
  return options as OkxOptions
}

function texts(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(one => typeof one === 'string' && one !== '')
    ? undefined
    : 'a list of texts'
}
