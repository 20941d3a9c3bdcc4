import { type Reason, reasonCode } from '../../trading/messages/reasons.js'
import { VenueRequestError } from '../errors.js'
import { type CcxtCredentials, hasSecret } from './ccxt-credentials.js'

/**
 * Errors by which ccxt says that the exchange has refused a request: it read the exchange's answer, and knows its code. Its other errors
 * (no answer, busy, a code that it does not know, an id that the exchange knows already) prove nothing about an order.
 */
const REFUSALS: Readonly<Record<string, Reason>> = {
  InsufficientFunds: 'insufficient-balance',
  InvalidOrder: 'venue-rejected',
  OrderNotFound: 'unknown-order',
  OrderImmediatelyFillable: 'post-only-would-trade',
  OrderNotFillable: 'not-marketable',
  ContractUnavailable: 'not-tradable',
  MarketClosed: 'not-tradable',
  BadRequest: 'venue-rejected',
  BadSymbol: 'not-tradable',
  AuthenticationError: 'venue-rejected',
  PermissionDenied: 'venue-rejected',
  AccountNotEnabled: 'venue-rejected',
  AccountSuspended: 'venue-rejected',
  OperationRejected: 'venue-rejected',
  RestrictedLocation: 'venue-rejected',
}

/** The reason of a refusal, as its code; undefined when the error proves nothing. */
export function refusalOf(error: unknown): number | undefined {
  const reason = REFUSALS[nameOf(error)] as Reason | undefined
  return reason === undefined ? undefined : reasonCode(reason)
}

/** Whether it is about the way to the exchange, and not about what was asked. */
export function isNetworkError(error: unknown): boolean {
  return NETWORK.has(nameOf(error))
}

const NETWORK: ReadonlySet<string> = new Set([
  'NetworkError',
  'RequestTimeout',
  'ExchangeNotAvailable',
  'OnMaintenance',
  'DDoSProtection',
])

const MOST_CHARACTERS = 300

/**
 * What ccxt says, for people: its messages quote addresses and answers, in which there may be keys and signatures. What follows a '?' is
 * left out, and the whole message when a credential is in it.
 */
export function ccxtError(error: unknown, credentials: CcxtCredentials): VenueRequestError {
  const { message } = error as { readonly message?: unknown }
  const said = typeof message === 'string' ? message : String(error)
  const text = hasSecret(said, credentials) ? '' : said.replace(/\?\S*/g, '').slice(0, MOST_CHARACTERS)
  // The cause would show all of it.
  return new VenueRequestError(`ccxt says ${nameOf(error)}${text === '' ? '' : `: ${text}`}`, nameOf(error))
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : 'an error'
}
