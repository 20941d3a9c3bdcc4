import { checkEndpoint, isLoopback } from '../connection/endpoint.js'

/** Where OKX is. */
export interface OkxEndpoint {
  /** As it was given. */
  readonly name: string
  readonly rest: string
  readonly publicSocket: string
  readonly privateSocket: string
  /** The other private one, which has the triggers. */
  readonly businessSocket: string
  /** Headers that every request needs: the demo shares its address with the real thing. */
  readonly headers: Readonly<Record<string, string>>
  /** A fake OKX on this machine. */
  readonly isFake: boolean
}

const DEMO_HEADERS = { 'x-simulated-trading': '1' }

/**
 * An endpoint by name, or by the address of its sockets: that of a fake OKX on this machine has its REST at the same port.
 *
 * @param name 'live', 'demo', or an address.
 * @throws {InvalidOptionError}
 */
export function okxEndpoint(name = 'live'): OkxEndpoint {
  if (name === 'live') return endpointOf(name, 'wss://ws.okx.com:8443', 'https://www.okx.com', {}, false)
  if (name === 'demo') return endpointOf(name, 'wss://wspap.okx.com:8443', 'https://www.okx.com', DEMO_HEADERS, false)
  const url = checkEndpoint(name)
  const socket = `${url.protocol}//${url.host}`
  return endpointOf(name, socket, socket.replace(/^ws/, 'http'), {}, isLoopback(url))
}

function endpointOf(
  name: string,
  socket: string,
  rest: string,
  headers: Readonly<Record<string, string>>,
  isFake: boolean,
): OkxEndpoint {
  const path = `${socket}/ws/v5`
  return {
    name,
    rest,
    headers,
    isFake,
    publicSocket: `${path}/public`,
    privateSocket: `${path}/private`,
    businessSocket: `${path}/business`,
  }
}
