import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'
import { fromSystemError } from '../../base/system-error.js'
import { loadWs } from '../../exchanges/connection/ws-package.js'
import { answerOf, busy, notFound } from '../errors.js'
import { Access, SOCKET_PROTOCOL } from '../http/access.js'
import { HttpHandler } from '../http/http-handler.js'
import { type CheckedOptions, checkServeOptions, type ServeOptions } from '../options.js'
import { Served } from '../reading/served.js'
import { DeskFeed } from '../sockets/desk-feed.js'
import { Hub } from '../sockets/hub.js'

/** Between two checks for new frames while nobody has a socket, and while somebody has one, ms. */
const IDLE_MS = 50
const ACTIVE_MS = 10
/** How long a client has to send the headers of a request, and the rest of it, ms. */
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000
/** How long an open connection may be silent between two requests, ms. */
const KEEP_ALIVE_MS = 60_000

/**
 * Serves a home, a journal or a directory of journals: REST below /api/, a WebSocket at /ws, the dashboard at /. See docs/serve.md.
 *
 *     const server = await serve('/dev/shm/desk', { port: 8080 })
 *     console.log(server.url)
 *
 * It reads mapped memory as any reader does: the processes that it looks at do not know of it.
 *
 * @throws {InvalidOptionError}, {NotAJournalError}, {JournalNotFoundError}, {HomeError}, {PackageMissingError} without the package
 *   `ws`, {SystemCallError} when the port cannot be opened.
 */
export async function serve(directory: string, options: ServeOptions = {}): Promise<TicktapeServer> {
  const checked = checkServeOptions(options)
  const { WebSocketServer: Sockets } = await loadWs('a server needs')
  const desk = new DeskFeed()
  const served = new Served(directory, desk, checked.onProblem)
  const sockets = new Sockets({
    noServer: true,
    clientTracking: false,
    maxPayload: checked.limits.messageBytes,
    perMessageDeflate: false,
    // A token may be among the protocols: it is never sent back.
    handleProtocols: protocols => (protocols.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  const server = new TicktapeServer(served, desk, sockets, checked)
  await server.listen()
  return server
}

/** A running server. */
export class TicktapeServer implements AsyncDisposable {
  private readonly server: Server
  private readonly hub: Hub
  private readonly access: Access
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined = undefined
  private isStopped = false

  /** @internal Use `serve`. */
  constructor(
    private readonly served: Served,
    private readonly desk: DeskFeed,
    private readonly sockets: WebSocketServer,
    private readonly options: CheckedOptions,
  ) {
    this.access = new Access(options)
    this.hub = new Hub(served, desk, options)
    const http = new HttpHandler(served, this.access, options)
    const { limits, tls } = options
    const serverOptions: ServerOptions = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    }
    this.server = tls === undefined ? createServer(serverOptions) : createTlsServer({ ...serverOptions, ...tls })
    // A client that takes nothing of its answer; sockets have a limit of their own.
    this.server.timeout = KEEP_ALIVE_MS
    this.server.maxConnections = limits.connections
    this.server.on('request', (request, response) => http.handle(request, response))
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
    // Bytes that are no HTTP get the answer that Node has for them, and the connection is closed.
    this.server.on('clientError', (_, socket) => refuse(socket, 400))
  }

  /** @internal */
  async listen(): Promise<void> {
    const { host, port } = this.options
    try {
      await new Promise<void>((resolve, reject) => {
        this.server.once('error', error => reject(fromSystemError(error, 'listening on', `${host}:${port}`)))
        this.server.listen(port, host, 4096, resolve)
      })
    } catch (error) {
      await this.stop()
      throw error
    }
    this.run()
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Where the dashboard is. */
  get url(): string {
    const { tls, host } = this.options
    return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${this.port}/`
  }

  /** WebSockets that are open. */
  get clients(): number {
    return this.hub.clients.size
  }

  /** Closes all connections and stops. May be called more than once. */
  async stop(): Promise<void> {
    if (this.isStopped) return
    this.isStopped = true
    clearTimeout(this.timer as NodeJS.Timeout)
    clearImmediate(this.timer as NodeJS.Immediate)
    this.hub.close()
    this.sockets.close()
    await new Promise<void>(resolve => {
      this.server.close(() => resolve())
      // Sockets have a moment to take the reason.
      setTimeout(() => this.server.closeAllConnections(), this.clients === 0 ? 0 : 100)
    })
    this.served.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Reads what is new, again and again. Nobody is woken for it: the writers do not know of this reader. */
  private run(): void {
    if (this.isStopped) return
    let hasMore = false
    try {
      hasMore = this.served.advance()
      if (this.served.hasDesk) this.desk.flush(this.served.desk.position)
      hasMore = this.hub.advance() || hasMore
    } catch (error) {
      this.options.onProblem(error)
    }
    const again = (): void => this.run()
    this.timer = hasMore ? setImmediate(again) : setTimeout(again, this.hub.isActive ? ACTIVE_MS : IDLE_MS)
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until it is a WebSocket nobody else listens.
    socket.on('error', () => socket.destroy())
    try {
      this.access.checkOrigin(request)
      if ((request.url ?? '').split('?', 1)[0] !== '/ws') throw notFound('the socket is at /ws')
      this.access.checkReader(request)
      if (this.clients >= this.options.limits.sockets) throw busy('there are too many sockets; try again later')
    } catch (error) {
      return refuse(socket, answerOf(error).status)
    }
    this.sockets.handleUpgrade(request, socket, head, connected => this.hub.add(connected, socket))
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
}

/** Answers a connection that will not be a socket, and closes it. */
function refuse(socket: Duplex, status: number): void {
  if (socket.writable)
    socket.end(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  else socket.destroy()
}
