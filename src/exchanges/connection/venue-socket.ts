import type * as Ws from 'ws'
import { BackOff } from './back-off.js'

export interface VenueSocketOptions {
  readonly url: string
  /** After so long without any message a ping is sent; after as long again without any message the connection is replaced. ms. */
  readonly pingMs: number
  /** The venue's own ping as text; undefined: a ping of the WebSocket protocol. */
  readonly ping: string | undefined
  /** Whether a message answers a ping: it is not counted as data. */
  readonly isPong: (text: string) => boolean
  /** After so long without data (pongs do not count) the connection is replaced, ms. Infinity where silence is normal. */
  readonly staleMs: number
  /** The delays before a new connection, ms. */
  readonly firstMs?: number
  readonly longestMs?: number
  /** Connected: log in, subscribe. */
  readonly onOpen: () => void
  /** Each message but pongs. */
  readonly onMessage: (text: string) => void
  /**
   * The connection is lost, or did not come to be. The next one is on its way.
   *
   * @param since performance.now() from which on messages may be missing: one that is found silent was lost before.
   */
  readonly onDown: (why: string, since: number) => void
}

/** How long a connection may take to be made, ms. */
const HANDSHAKE_MS = 10_000

/**
 * A connection to a venue that is made again whenever it is lost, with growing delays. A connection that is open and silent counts as
 * lost: what is sent over it may never arrive.
 */
export class VenueSocket {
  private socket: Ws.WebSocket | undefined = undefined
  private timer: NodeJS.Timeout | undefined = undefined
  private watch: NodeJS.Timeout | undefined = undefined
  private readonly backOff: BackOff
  private isClosed = false
  /** performance.now() of the last message, of the last one with data, and of the ping that is not answered. */
  private heardAt = 0
  private dataAt = 0
  private pingedAt = 0

  constructor(
    private readonly ws: typeof Ws,
    private readonly options: VenueSocketOptions,
  ) {
    this.backOff = new BackOff(options.firstMs ?? 250, options.longestMs ?? 30_000)
    this.connect()
  }

  get isOpen(): boolean {
    return this.socket?.readyState === this.ws.WebSocket.OPEN
  }

  /** Sends a message. Returns false when there is no connection: then nothing has left. */
  send(text: string): boolean {
    const { socket } = this
    if (socket === undefined || !this.isOpen) return false
    // An error of the connection is reported by 'close'.
    socket.send(text, () => {})
    return true
  }

  /** The session has begun, such as a login that was accepted: the next delay is a short one again. */
  succeed(): void {
    this.backOff.reset()
  }

  /** Replaces the connection. */
  reconnect(why: string, since = performance.now()): void {
    this.socket?.terminate()
    this.lose(why, since)
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
    clearInterval(this.watch)
    const { socket } = this
    this.socket = undefined
    socket?.removeAllListeners()
    socket?.on('error', () => {})
    socket?.terminate()
  }

  private connect(): void {
    const { url, onOpen, pingMs } = this.options
    const socket = new this.ws.WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      followRedirects: false,
    })
    this.socket = socket
    let failure = ''
    socket.on('open', () => {
      const now = performance.now()
      this.heardAt = now
      this.dataAt = now
      this.pingedAt = 0
      this.watch = setInterval(() => this.look(), Math.max(10, pingMs / 4))
      onOpen()
    })
    socket.on('message', (data, isBinary) => {
      if (socket === this.socket && !isBinary) this.hear((data as Buffer).toString())
    })
    socket.on('pong', () => {
      this.heardAt = performance.now()
      this.pingedAt = 0
    })
    socket.on('error', error => {
      failure = error.message
    })
    socket.on('close', (code, reason) => {
      const said = reason.length > 0 ? `: ${String(reason)}` : ''
      if (socket === this.socket) this.lose(failure === '' ? `the venue closed it (${code}${said})` : failure)
    })
  }

  private hear(text: string): void {
    const now = performance.now()
    this.heardAt = now
    this.pingedAt = 0
    if (this.options.isPong(text)) return
    this.dataAt = now
    this.options.onMessage(text)
  }

  /** Whether the connection still works. */
  private look(): void {
    const { pingMs, staleMs } = this.options
    const now = performance.now()
    if (now - this.dataAt > staleMs)
      return this.reconnect(`no data for ${Math.round((now - this.dataAt) / 1000)} s`, this.dataAt)
    if (this.pingedAt !== 0 && now - this.pingedAt > pingMs)
      return this.reconnect(`no answer to a ping for ${Math.round(now - this.pingedAt)} ms`, this.heardAt)
    if (this.pingedAt === 0 && now - this.heardAt > pingMs && this.ping()) this.pingedAt = now
  }

  private ping(): boolean {
    const { ping } = this.options
    if (ping !== undefined) return this.send(ping)
    if (!this.isOpen) return false
    this.socket?.ping()
    return true
  }

  private lose(why: string, since = performance.now()): void {
    clearInterval(this.watch)
    const { socket } = this
    this.socket = undefined
    socket?.removeAllListeners()
    socket?.on('error', () => {})
    if (this.isClosed || socket === undefined) return
    this.options.onDown(why, since)
    this.timer = setTimeout(() => this.connect(), this.backOff.next())
  }
}
