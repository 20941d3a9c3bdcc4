import { createHmac } from 'node:crypto'
import { type Credentials, readCredentials, Secret } from '../connection/credentials.js'

export type BinanceCredentials = Credentials<'key' | 'secret'>

/** Parameters of a request, as text or numbers. */
export type Parameters = Readonly<Record<string, string | number>>

/** What a fake Binance accepts. They open nothing: they are the same everywhere, and are used on this machine only. */
export const FAKE_CREDENTIALS: BinanceCredentials = { key: new Secret('fake-key'), secret: new Secret('fake-secret') }

/**
 * The credentials of an account: from a file of mode 0600, `{"key":...,"secret":...}`, or from the environment: BINANCE_KEY and
 * BINANCE_SECRET. The key is one of the kind HMAC. Undefined when there are none.
 *
 * @throws {CredentialsError}
 */
export function binanceCredentials(file: string | undefined): BinanceCredentials | undefined {
  return readCredentials(['key', 'secret'], 'BINANCE', file)
}

/** The signature of parameters: HMAC-SHA256 of them, as they are sent, in hexadecimal digits. */
export function signature(secret: Secret, query: string): string {
  return createHmac('sha256', secret.reveal()).update(query).digest('hex')
}

/** Parameters as text, in the order of their names: what is signed. */
export function queryOf(parameters: Parameters): string {
  return Object.keys(parameters)
    .toSorted()
    .map(name => `${name}=${encodeURIComponent(parameters[name])}`)
    .join('&')
}

/** The query of a signed request by REST. */
export function signedQuery({ secret }: BinanceCredentials, parameters: Parameters): string {
  const query = queryOf(parameters)
  return `${query}&signature=${signature(secret, query)}`
}

/** The parameters of a signed request over a socket. */
export function signedParameters({ key, secret }: BinanceCredentials, parameters: Parameters): Parameters {
  const all = { ...parameters, apiKey: key.reveal() }
  return { ...all, signature: signature(secret, queryOf(all)) }
}
