// Clients of `ticktape serve` that cost as little as possible: sockets of node:net that count what comes.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface ClientLoad {
  readonly port: number
  readonly clients: number
  /** How many different lists of symbols there are, and how long each is. */
  readonly sets: number
  readonly symbolsEach: number
  readonly symbols: readonly string[]
}

/** One client: when it heard last, and the longest time between two messages, ms. */
interface LoadClient {
  readonly socket: Socket
  heard: number
  lastAt: number
  longestMs: number
  isClosed: boolean
}

/** A frame of a client has a mask (RFC 6455, 5.3). */
function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0xfe, payload.length >> 8, payload.length & 255]
  const mask = randomBytes(4)
  const masked = payload.map((byte, i) => byte ^ mask[i & 3])
  return Buffer.concat([Buffer.from(head), mask, masked])
}

/** The symbols of one set. */
function symbolsOf(set: number, { symbols, symbolsEach }: ClientLoad): string[] {
  return Array.from({ length: symbolsEach }, (_, i) => symbols[(set * 7 + i * (1 + (set % 9))) % symbols.length])
}

/** Clients of the socket, each with a subscription to market data. */
export class SocketLoad {
  private clients: LoadClient[] = []

  constructor(private readonly load: ClientLoad) {}

  /** Connects all at once, and resolves when each has heard its first values. Returns how long that took, ms. */
  async connect(): Promise<number> {
    const begin = performance.now()
    const { clients, sets } = this.load
    this.clients = await Promise.all(Array.from({ length: clients }, (_, i) => this.open(i % sets)))
    return performance.now() - begin
  }

  /** Begins to measure. */
  reset(): void {
    const now = performance.now()
    for (const client of this.clients) Object.assign(client, { heard: 0, lastAt: now, longestMs: 0 })
  }

  /** What was heard since `reset`. */
  get result(): { readonly messages: number; readonly longestMs: number; readonly lost: number } {
    const now = performance.now()
    return {
      messages: this.clients.reduce((sum, { heard }) => sum + heard, 0),
      longestMs: Math.max(...this.clients.map(({ longestMs, lastAt }) => Math.max(longestMs, now - lastAt))),
      lost: this.clients.filter(({ isClosed }) => isClosed).length,
    }
  }

  /** Ends all connections without a word. */
  drop(): void {
    for (const { socket } of this.clients) socket.destroy()
    this.clients = []
  }

  private async open(set: number): Promise<LoadClient> {
    const { port } = this.load
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      const client: LoadClient = { socket, heard: 0, lastAt: 0, longestMs: 0, isClosed: false }
      let state: 'handshake' | 'open' = 'handshake'
      socket.on('connect', () => {
        const key = randomBytes(16).toString('base64')
        socket.write(
          `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        )
      })
      socket.on('data', bytes => {
        if (state === 'handshake') {
          if (!bytes.includes('101 Switching')) return void socket.destroy(new Error(bytes.toString('latin1', 0, 80)))
          state = 'open'
          const message = { op: 'subscribe', channel: 'market', symbols: symbolsOf(set, this.load) }
          socket.write(clientFrame(JSON.stringify(message)))
          return
        }
        const now = performance.now()
        if (client.lastAt > 0) client.longestMs = Math.max(client.longestMs, now - client.lastAt)
        client.lastAt = now
        client.heard++
        resolve(client)
      })
      socket.on('error', reject)
      socket.on('close', () => {
        client.isClosed = true
        reject(new Error('the server closed the connection'))
      })
    })
  }
}

/** Requests by HTTP, one after the other on each of some connections, until `stop` is called. Returns how many were answered. */
export class RequestLoad {
  private answered = 0
  private readonly sockets: Socket[]

  constructor(port: number, paths: readonly string[], connections: number) {
    this.sockets = Array.from({ length: connections }, (_, i) => {
      const socket = connect(port, '127.0.0.1')
      const request = `GET ${paths[i % paths.length]} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
      // A client that knows the length of the answer asks again when it has it.
      let left = 0
      socket.on('connect', () => socket.write(request))
      socket.on('data', bytes => {
        if (left === 0) {
          const head = bytes.indexOf('\r\n\r\n')
          const [, length = '0'] = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head)) ?? []
          left = head + 4 + Number(length)
        }
        left -= bytes.length
        if (left > 0) return
        left = 0
        this.answered++
        socket.write(request)
      })
      socket.on('error', () => {})
      return socket
    })
  }

  stop(): number {
    for (const socket of this.sockets) socket.destroy()
    return this.answered
  }
}
