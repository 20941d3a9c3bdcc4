import { InvalidOptionError } from '../../base/errors.js'
import { checkEndpoint, isLoopback } from '../connection/endpoint.js'
import type { CcxtExchange } from './ccxt-types.js'

/** Where an exchange of ccxt is. */
export interface CcxtEndpoint {
  /** As it was given. */
  readonly name: string
  /** The host of a fake on this machine, '127.0.0.1:8080'; undefined for the exchange itself. */
  readonly fakeHost: string | undefined
}

/** @param name 'live', 'sandbox', or the address of a fake on this machine. @throws {InvalidOptionError} */
export function ccxtEndpoint(name = 'live'): CcxtEndpoint {
  if (name === 'live' || name === 'sandbox') return { name, fakeHost: undefined }
  const url = checkEndpoint(name)
  if (isLoopback(url)) return { name, fakeHost: url.host }
  throw new InvalidOptionError(
    `an exchange of ccxt is 'live', 'sandbox', or a fake on this machine: '${name}' is another machine`,
  )
}

/** Lets an exchange use an endpoint. @throws {InvalidOptionError} when it has no sandbox. */
export async function useEndpoint(exchange: CcxtExchange, { name, fakeHost }: CcxtEndpoint): Promise<void> {
  if (name === 'sandbox') {
    if (exchange.urls['test'] === undefined)
      throw new InvalidOptionError(`ccxt knows no sandbox of ${exchange.id}: leave the endpoint out, or use a fake`)
    exchange.setSandboxMode(true)
  }
  if (fakeHost === undefined) return
  exchange.urls['api'] = moved(exchange.urls['api'], fakeHost)
  // Without it ccxt refuses sockets that are not encrypted.
  await exchange.loadHttpProxyAgent()
}

/** All addresses in it, at another host and without encryption. */
function moved(addresses: unknown, host: string): unknown {
  if (typeof addresses === 'string') return addresses.replace(/^(http|ws)s?:\/\/[^/]+/, `$1://${host}`)
  if (typeof addresses !== 'object' || addresses === null) return addresses
  return Object.fromEntries(Object.entries(addresses).map(([name, one]) => [name, moved(one, host)]))
}
