import { type Credentials, readCredentials, Secret } from '../connection/credentials.js'
import { CredentialsError } from '../errors.js'
import type { CcxtExchange } from './ccxt-types.js'

/** By ccxt's names: 'apiKey', 'secret', 'password', 'privateKey', and the like. */
export type CcxtCredentials = Credentials<string>

/** What fakes on this machine accept. They open nothing. */
const FAKE: Readonly<Record<string, string>> = {
  apiKey: 'fake-key',
  secret: 'fake-secret',
  password: 'fake-passphrase',
}

/**
 * The credentials that ccxt wants for an exchange: from a file of mode 0600 with ccxt's names, or from the environment, such as
 * CCXT_KRAKEN_APIKEY and CCXT_KRAKEN_SECRET. Against a fake the real ones of the environment are not used.
 *
 * @throws {CredentialsError}
 */
export function ccxtCredentials(
  { id, requiredCredentials }: CcxtExchange,
  file: string | undefined,
  isFake: boolean,
): CcxtCredentials {
  const names = Object.keys(requiredCredentials).filter(name => requiredCredentials[name])
  if (isFake && file === undefined)
    return Object.fromEntries(names.map(name => [name, new Secret(FAKE[name] ?? `fake-${name}`)]))
  const prefix = `CCXT_${id.toUpperCase()}`
  const found = readCredentials(names, prefix, file)
  if (found !== undefined) return found
  const variables = names.map(name => `${prefix}_${name.toUpperCase()}`).join(', ')
  throw new CredentialsError(
    `ccxt:${id} needs credentials: set ${variables}, or name a file of mode 0600 with ${names.join(', ')} as the option credentials`,
  )
}

/** Gives an exchange its credentials. */
export function useCredentials(exchange: CcxtExchange, credentials: CcxtCredentials): void {
  for (const [name, secret] of Object.entries(credentials)) Object.assign(exchange, { [name]: secret.reveal() })
}

/** Whether a text has one of them in it. */
export function hasSecret(text: string, credentials: CcxtCredentials): boolean {
  return Object.values(credentials).some(secret => text.includes(secret.reveal()))
}
