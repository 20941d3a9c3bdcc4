import { createHmac } from 'node:crypto'
import { type Credentials, readCredentials, Secret } from '../connection/credentials.js'

export type BybitCredentials = Credentials<'key' | 'secret'>

/** What a fake Bybit accepts. They open nothing: they are the same everywhere, and are used on this machine only. */
export const FAKE_CREDENTIALS: BybitCredentials = { key: new Secret('fake-key'), secret: new Secret('fake-secret') }

/**
 * The credentials of an account: from a file of mode 0600, `{"key":...,"secret":...}`, or from the environment: BYBIT_KEY and
 * BYBIT_SECRET. Undefined when there are none.
 *
 * @throws {CredentialsError}
 */
export function bybitCredentials(file: string | undefined): BybitCredentials | undefined {
  return readCredentials(['key', 'secret'], 'BYBIT', file)
}

/** HMAC-SHA256 of a text, in hexadecimal digits. */
export function signature(secret: Secret, text: string): string {
  return createHmac('sha256', secret.reveal()).update(text).digest('hex')
}

/** When a request may act: from `time`, the venue's, on for `windowMs`. Both in ms, `time` since 1970. */
export interface SendWindow {
  readonly time: number
  readonly windowMs: number
}

/** The headers of a signed request. @param content the query without its '?', or the body. */
export function signedHeaders(
  { key, secret }: BybitCredentials,
  { time, windowMs }: SendWindow,
  content: string,
): Readonly<Record<string, string>> {
  return {
    'x-bapi-api-key': key.reveal(),
    'x-bapi-timestamp': String(time),
    'x-bapi-recv-window': String(windowMs),
    'x-bapi-sign': signature(secret, `${time}${key.reveal()}${windowMs}${content}`),
  }
}

/** The message that authenticates a socket. @param expires the venue's time until which it counts, ms since 1970. */
export function authMessage({ key, secret }: BybitCredentials, expires: number): string {
  return JSON.stringify({ op: 'auth', args: [key.reveal(), expires, signature(secret, authText(expires))] })
}

export function authText(expires: number | string): string {
  return `GET/realtime${expires}`
}
