import { checkEndpoint, isLoopback } from '../connection/endpoint.js'
import type { BybitCategory } from './instruments.js'

/** What this adapter trades: a part of a unified account. */
export type BybitTraded = Extract<BybitCategory, 'spot' | 'linear'>

/** Where Bybit is. */
export interface BybitEndpoint {
  /** As it was given. */
  readonly name: string
  readonly rest: string
  readonly publicSocket: string
  readonly privateSocket: string
  /** Where requests about orders are sent; undefined where they go by REST. */
  readonly tradeSocket: string | undefined
  /** A fake Bybit on this machine. */
  readonly isFake: boolean
}

/**
 * An endpoint by name, or by the address of its sockets: that of a fake Bybit on this machine has its REST at the same port.
 *
 * @param name 'live', 'testnet', 'demo', or an address. The demo has the market data of 'live', and no socket for orders.
 * @throws {InvalidOptionError}
 */
export function bybitEndpoint(category: BybitTraded, name = 'live'): BybitEndpoint {
  const socket = addressOf(name)
  const url = socket === undefined ? checkEndpoint(name) : undefined
  const base = url === undefined ? `wss://stream${socket}.bybit.com` : `${url.protocol}//${url.host}`
  return {
    name,
    rest: url === undefined ? `https://api${socket}.bybit.com` : base.replace(/^ws/, 'http'),
    publicSocket: `${name === 'demo' ? 'wss://stream.bybit.com' : base}/v5/public/${category}`,
    privateSocket: `${base}/v5/private`,
    tradeSocket: name === 'demo' ? undefined : `${base}/v5/trade`,
    isFake: url !== undefined && isLoopback(url),
  }
}

/** What is added to the names of its hosts; undefined for what is no name. */
function addressOf(name: string): string | undefined {
  if (name === 'live') return ''
  return name === 'testnet' || name === 'demo' ? `-${name}` : undefined
}
