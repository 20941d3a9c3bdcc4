import type * as Ws from 'ws'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import type { Fields } from '../fields.js'
import type { BinanceRest } from './binance-rest.js'
import { SessionSocket, type SessionSocketOptions } from './session-socket.js'
import { type BinanceCredentials, signedParameters } from './signing.js'

/** A key of the account's stream is good for an hour; it is kept alive twice within it. */
const KEEP_MS = 25 * 60_000
/** What Binance says before a connection ends: a new one is made at once. */
const ENDS: ReadonlySet<unknown> = new Set(['listenKeyExpired', 'eventStreamTerminated', 'serverShutdown'])

export interface AccountConnectionOptions
  extends Pick<SessionSocketOptions, 'onReady' | 'onLost' | 'onMessage' | 'onTrouble'> {
  readonly ws: typeof Ws
  readonly rest: BinanceRest
  readonly credentials: BinanceCredentials
}

/**
 * The sockets of an account as one connection. Spot has requests and the account's messages on one socket; USD-M has two, and is ready
 * when both are.
 */
export class AccountConnection {
  isReady = false
  private readonly api: SessionSocket
  private readonly stream: SessionSocket | undefined
  private readonly keeping: NodeJS.Timeout

  constructor(private readonly options: AccountConnectionOptions) {
    const { ws, rest, credentials, onTrouble } = options
    const { endpoint, clock } = rest
    const common = { ws, onReady: () => this.ready(), onLost: () => this.lost(), onTrouble }
    this.api = new SessionSocket({
      ...common,
      url: endpoint.api,
      title: 'the socket for requests',
      begin: () =>
        endpoint.account === undefined
          ? {
              id: 'session',
              method: 'userDataStream.subscribe.signature',
              params: signedParameters(credentials, { timestamp: Math.floor(clock.now()) }),
            }
          : // The socket for requests of USD-M has no other question that needs no signature.
            { id: 'session', method: 'userDataStream.start', params: { apiKey: credentials.key.reveal() } },
      onMessage: (message, text) => this.hear(this.api, message, text),
    })
    this.keeping = setInterval(() => void this.keep(), KEEP_MS)
    if (endpoint.account === undefined) return
    const stream: SessionSocket = new SessionSocket({
      ...common,
      url: endpoint.account,
      title: "the account's stream",
      begin: async () => ({ id: 1, method: 'SUBSCRIBE', params: [await rest.listenKey()] }),
      onMessage: (message, text) => this.hear(stream, message, text),
    })
    this.stream = stream
  }

  /** Sends a request about orders. Returns false when the connection is not ready: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.api.send(message)
  }

  close(): void {
    clearInterval(this.keeping)
    this.api.close()
    this.stream?.close()
  }

  /** The difference of the clocks changes, and the key of a stream grows old. */
  private async keep(): Promise<void> {
    const { rest, onTrouble } = this.options
    try {
      await rest.time()
      if (this.stream !== undefined) await rest.keepListenKey()
    } catch (error) {
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      onTrouble(`the clock or the account's stream is not kept: ${error.message}`)
    }
  }

  private hear(socket: SessionSocket, message: Fields, text: string): void {
    const event = (message['event'] ?? message) as Fields
    if (ENDS.has(event['e'])) return socket.reconnect(`Binance says ${String(event['e'])}`)
    this.options.onMessage(message, text)
  }

  private ready(): void {
    if (this.isReady || !this.api.isReady || this.stream?.isReady === false) return
    this.isReady = true
    this.options.onReady()
  }

  private lost(): void {
    if (!this.isReady) return
    this.isReady = false
    this.options.onLost()
  }
}
