import type { Fields } from '../fields.js'
import type { BybitEndpoint } from './endpoints.js'
import { TRADE_RESTARTS } from './refusals.js'
import { Session, type SessionOptions } from './session.js'

/**
 * The sockets of an account, as one connection: the stream, and the one for orders where there is one. It is ready when all are, and
 * lost with any.
 */
export class AccountConnection {
  isReady = false
  private readonly stream: Session
  private readonly trade: Session | undefined = undefined

  /** @param topics of the stream. */
  constructor(
    { privateSocket }: BybitEndpoint,
    tradeSocket: string | undefined,
    topics: readonly string[],
    private readonly options: Omit<SessionOptions, 'url' | 'topics'>,
  ) {
    const handlers = { ...options, onReady: () => this.ready(), onLost: () => this.lost() }
    this.stream = new Session({ ...handlers, url: privateSocket, topics })
    if (tradeSocket !== undefined)
      this.trade = new Session({
        ...handlers,
        url: tradeSocket,
        topics: [],
        onMessage: (message, text) => this.answered(message, text),
      })
  }

  /** Sends a request about orders. Returns false when the connection is not ready: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.trade !== undefined && this.trade.send(message)
  }

  /** Ends the subscription to a topic. */
  async unsubscribe(topic: string): Promise<void> {
    await this.stream.unsubscribe(topic)
  }

  close(): void {
    this.stream.close()
    this.trade?.close()
  }

  private answered(message: Fields, text: string): void {
    this.options.onMessage(message, text)
    if (message['retCode'] === TRADE_RESTARTS) this.trade?.reconnect('the service for orders restarts')
  }

  private ready(): void {
    if (this.isReady || !this.stream.isReady || this.trade?.isReady === false) return
    this.isReady = true
    this.options.onReady()
  }

  private lost(): void {
    if (!this.isReady) return
    this.isReady = false
    this.options.onLost()
  }
}
