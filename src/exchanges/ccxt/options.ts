import { InvalidOptionError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'
import { CLIENT_ID_FORMS, type ClientIdForm } from './client-ids.js'

/** What a desk says of a venue by ccxt: no secret is among it. */
export interface CcxtOptions {
  /** ccxt's id of the exchange: 'kraken'. */
  readonly exchange: string
  /** 'live', 'sandbox' where ccxt has one, or the address of a fake on this machine: 'ws://127.0.0.1:8080'. Default 'live'. */
  readonly endpoint?: string
  /** The file with the credentials, of mode 0600. Default: the environment; against a fake on this machine none are needed. */
  readonly credentials?: string
  /** The instruments to trade, as ccxt writes them: 'BTC/USDT'. Default: all. */
  readonly symbols?: readonly string[]
  /** Requests about orders. Default: half of what ccxt allows itself. */
  readonly requestsPerSecond?: number
  /** How client ids are written. Default: what is known of the exchange, else 'letters'. */
  readonly clientIds?: ClientIdForm
  /** How often orders that have not ended are asked about, ms. Default 5000 with a private stream, 1000 without. */
  readonly pollMs?: number
  /** The folder of the package ccxt, when it is not installed beside this one. */
  readonly package?: string
}

export const CCXT_QUOTES = ['best', 'book', 'ticker'] as const

/** What a desk says of market data by ccxt. */
export interface CcxtMarketOptions extends Pick<CcxtOptions, 'exchange' | 'endpoint' | 'package'> {
  /** Default: what the strategies ask for. */
  readonly symbols?: readonly string[]
  /** Where quotes come from. Default: the first that the exchange has. */
  readonly quotes?: (typeof CCXT_QUOTES)[number]
}

/** What a name of a venue may have. */
const NAME_LENGTH = 16

/** The name of the venue in instruments: it is never one of an adapter of our own. */
export function ccxtVenueName(exchange: string): string {
  return `ccxt-${exchange}`.slice(0, NAME_LENGTH)
}

/** @throws {InvalidOptionError} */
export function checkCcxtOptions(options: unknown): CcxtOptions {
  checkOptions('a venue by ccxt', options, {
    exchange: exchangeId,
    endpoint: kinds.string,
    credentials: kinds.string,
    symbols: texts,
    requestsPerSecond: kinds.number(0.01, 10_000),
    clientIds: kinds.oneOf(...CLIENT_ID_FORMS),
    pollMs: kinds.integer(100, 600_000),
    package: kinds.string,
  })
  checkExchange(options as Partial<CcxtOptions>)
  return options as CcxtOptions
}

/** @throws {InvalidOptionError} */
export function checkExchange({ exchange }: Partial<CcxtOptions>): void {
  if (exchange === undefined)
    throw new InvalidOptionError("a venue by ccxt needs 'exchange', ccxt's id of it, such as 'kraken'")
}

function exchangeId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z0-9]{1,32}$/.test(value) ? undefined : "ccxt's id of an exchange: 'kraken'"
}

function texts(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(one => typeof one === 'string' && one !== '')
    ? undefined
    : 'a list of texts'
}
