import type { WebSocket } from 'ws'
import type { FaultDraw } from '../../fake/fake-faults.js'
import type { FakeClient } from '../../fake/fake-server.js'
import { type Fields, isFields } from '../../fields.js'
import type { FakeMarketPart } from './fake-market-part.js'

/** Streams that a socket of each path has. */
export type StreamKind = 'all' | 'quotes' | 'trades' | 'account'

const STREAMS: Readonly<Record<StreamKind, RegExp>> = {
  all: /^[a-z0-9_]+@(bookTicker|depth@100ms|trade)$/,
  quotes: /^[a-z0-9_]+@(bookTicker|depth@100ms)$/,
  trades: /^[a-z0-9_]+@trade$/,
  account: /^$/,
}

/** One socket of streams: public ones in an envelope, or the account's of USD-M without. */
export class StreamSession implements FakeClient {
  private readonly topics = new Set<string>()

  /** @param listenKey what the account's stream is subscribed to with. */
  constructor(
    readonly part: FakeMarketPart,
    private readonly draw: FaultDraw,
    private readonly kind: StreamKind,
    private readonly listenKey: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', data => this.hear((data as Buffer).toString()))
  }

  /** @param text the message in its envelope. */
  publish(stream: string, text: string): void {
    if (this.topics.has(stream)) this.socket.send(text)
  }

  /** Sends a message of the account's stream, with the faults of the day. */
  push(event: Fields): void {
    if (!this.topics.has(this.listenKey)) return
    const text = JSON.stringify(event)
    this.draw.deliver(() => this.socket.send(text))
  }

  drop(): void {
    this.socket.terminate()
  }

  end(): void {
    this.socket.send(JSON.stringify({ e: 'serverShutdown', E: Date.now() }))
    this.socket.close(1001)
  }

  private hear(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    if (!isFields(message) || !Array.isArray(message['params'])) return this.refuse(null)
    const { id, method, params } = message
    const wanted = (params as readonly unknown[]).map(String)
    if (method === 'UNSUBSCRIBE') for (const stream of wanted) this.topics.delete(stream)
    else if (method !== 'SUBSCRIBE') return this.refuse(id)
    else if (wanted.every(stream => this.has(stream))) for (const stream of wanted) this.topics.add(stream)
    else return this.refuse(id)
    this.socket.send(JSON.stringify({ result: null, id }))
  }

  /** Whether there is such a stream here. An account's is known by its key. */
  private has(stream: string): boolean {
    if (this.kind === 'account') return stream === this.listenKey
    const symbol = stream.slice(0, stream.indexOf('@')).toUpperCase()
    return STREAMS[this.kind].test(stream) && this.part.exchange.instruments.has(symbol)
  }

  private refuse(id: unknown): void {
    this.socket.send(JSON.stringify({ error: { code: 2, msg: 'Invalid request' }, id }))
  }
}
