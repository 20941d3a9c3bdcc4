import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocket, WebSocketServer } from 'ws'
import { fromSystemError } from '../../base/system-error.js'
import { loadWs } from '../connection/ws-package.js'

/** A request by HTTP, complete. */
export interface FakeRequest {
  readonly method: string
  /** The path with its query, as it was received. */
  readonly url: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

export interface FakeResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** What is sent as JSON. */
  readonly reply: unknown
}

/** A socket of a client, as its server knows it. */
export interface FakeClient {
  /** Ends without a word. */
  drop(): void
  /** Ends in order, as after 24 hours: the venue says so in its way, and closes. */
  end(): void
}

export interface FakeServerHandlers<Client extends FakeClient> {
  readonly answer: (request: FakeRequest) => FakeResponse
  /** Whether there are sockets at a path. @param url with its query. */
  readonly accepts: (url: string) => boolean
  readonly connected: (socket: WebSocket, url: string) => Client
}

/** The largest body that is read, bytes. */
const MOST_BYTES = 1_000_000

/** HTTP and WebSocket on one port of this machine. */
export class FakeServer<Client extends FakeClient> {
  readonly clients = new Set<Client>()
  /** Whether it takes new sockets: not during maintenance. */
  takesSockets = true

  private constructor(
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
    private readonly handlers: FakeServerHandlers<Client>,
  ) {
    server.on('request', (request, response) => void this.answer(request, response))
    server.on('upgrade', (request, socket, head) => {
      const { url = '' } = request
      if (!this.takesSockets || !handlers.accepts(url)) return void socket.destroy()
      sockets.handleUpgrade(request, socket, head, connected => {
        connected.on('error', () => {})
        const client = handlers.connected(connected, url)
        this.clients.add(client)
        connected.on('close', () => this.clients.delete(client))
      })
    })
  }

  /** @param port 0: any free one. @throws {PackageMissingError}, {SystemError} when the port cannot be opened. */
  static async listen<Client extends FakeClient>(
    port: number,
    handlers: FakeServerHandlers<Client>,
  ): Promise<FakeServer<Client>> {
    const { WebSocketServer } = await loadWs()
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(fromSystemError(error, 'listening on', `127.0.0.1:${port}`)))
      server.listen(port, '127.0.0.1', resolve)
    })
    return new FakeServer(server, new WebSocketServer({ noServer: true }), handlers)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** What `--endpoint` takes. */
  get endpoint(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** Drops all sockets, as a network does. */
  dropSockets(): void {
    for (const client of this.clients) client.drop()
  }

  /** Ends all connections in order, as a venue does after 24 hours. */
  endSockets(): void {
    for (const client of this.clients) client.end()
  }

  async stop(): Promise<void> {
    this.dropSockets()
    this.sockets.close()
    await new Promise<void>(resolve => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const { method = '', url = '', headers } = request
    if (body === undefined) return void response.writeHead(413).end()
    const { pathname: path, searchParams: query } = new URL(url, 'http://127.0.0.1')
    const { status, headers: more, reply } = this.handlers.answer({ method, url, path, query, headers, body })
    if (status === NO_ANSWER) return void request.socket.destroy()
    response.writeHead(status, { 'content-type': 'application/json', ...more })
    response.end(JSON.stringify(reply))
  }
}

/** The status of an answer that is lost: the connection ends without one. */
export const NO_ANSWER = 0

/** Undefined when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let text = ''
  request.setEncoding('utf8')
  try {
    for await (const chunk of request) {
      text += chunk as string
      if (text.length > MOST_BYTES) return undefined
    }
  } catch {
    // The client has gone, so the answer is not read.
  }
  return text
}
