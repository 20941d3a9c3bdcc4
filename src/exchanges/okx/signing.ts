import { createHmac } from 'node:crypto'
import { type Credentials, readCredentials, Secret } from '../connection/credentials.js'

export type OkxCredentials = Credentials<'key' | 'secret' | 'passphrase'>

/** What a fake OKX accepts. They open nothing: they are the same everywhere, and are used on this machine only. */
export const FAKE_CREDENTIALS: OkxCredentials = {
  key: new Secret('fake-key'),
  secret: new Secret('fake-secret'),
  passphrase: new Secret('fake-passphrase'),
}

/**
 * The credentials of an account: from a file of mode 0600, `{"key":...,"secret":...,"passphrase":...}`, or from the environment:
 * OKX_KEY, OKX_SECRET and OKX_PASSPHRASE. Undefined when there are none.
 *
 * @throws {CredentialsError}
 */
export function okxCredentials(file: string | undefined): OkxCredentials | undefined {
  return readCredentials(['key', 'secret', 'passphrase'], 'OKX', file)
}

/** The signature of a request: HMAC-SHA256 of time, method, path and body, in base 64. @param time as the request holds it. */
export function signature(secret: Secret, time: string, method: string, path: string, body = ''): string {
  return createHmac('sha256', secret.reveal())
    .update(time + method + path + body)
    .digest('base64')
}

/** The headers of a signed request. @param now the venue's time, ms since 1970. */
export function signedHeaders(
  { key, secret, passphrase }: OkxCredentials,
  now: number,
  method: string,
  path: string,
  body?: string,
): Readonly<Record<string, string>> {
  const time = new Date(now).toISOString()
  return {
    'ok-access-key': key.reveal(),
    'ok-access-sign': signature(secret, time, method, path, body),
    'ok-access-timestamp': time,
    'ok-access-passphrase': passphrase.reveal(),
  }
}

/** The message that logs a socket in. @param now the venue's time, ms since 1970. */
export function loginMessage({ key, secret, passphrase }: OkxCredentials, now: number): string {
  const timestamp = String(Math.floor(now / 1000))
  const sign = signature(secret, timestamp, 'GET', LOGIN_PATH)
  return JSON.stringify({
    op: 'login',
    args: [{ apiKey: key.reveal(), passphrase: passphrase.reveal(), timestamp, sign }],
  })
}

export const LOGIN_PATH = '/users/self/verify'
