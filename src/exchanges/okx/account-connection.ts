import type { Fields } from '../fields.js'
import type { OkxEndpoint } from './endpoints.js'
import { PrivateConnection, type PrivateConnectionOptions } from './private-connection.js'

/** What an account subscribes to. Spreads, grids and copy trading are left out. */
const PRIVATE: readonly Fields[] = [
  { channel: 'orders', instType: 'ANY' },
  { channel: 'positions', instType: 'ANY' },
  { channel: 'account' },
]
/** OKX has triggers on a socket of their own. */
const BUSINESS: readonly Fields[] = [{ channel: 'orders-algo', instType: 'ANY' }]

/** Both private sockets of an account, as one connection: it is ready when both are, and lost with either. */
export class AccountConnection {
  isReady = false
  private readonly main: PrivateConnection
  private readonly business: PrivateConnection

  constructor(
    endpoint: OkxEndpoint,
    private readonly options: Omit<PrivateConnectionOptions, 'url' | 'channels'>,
  ) {
    const handlers = { ...options, onReady: () => this.ready(), onLost: () => this.lost() }
    this.main = new PrivateConnection({ ...handlers, url: endpoint.privateSocket, channels: PRIVATE })
    this.business = new PrivateConnection({ ...handlers, url: endpoint.businessSocket, channels: BUSINESS })
  }

  /** Sends a request about orders. Returns false when the connection is not ready: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.main.send(message)
  }

  close(): void {
    this.main.close()
    this.business.close()
  }

  private ready(): void {
    if (this.isReady || !this.main.isReady || !this.business.isReady) return
    this.isReady = true
    this.options.onReady()
  }

  private lost(): void {
    if (!this.isReady) return
    this.isReady = false
    this.options.onLost()
  }
}
