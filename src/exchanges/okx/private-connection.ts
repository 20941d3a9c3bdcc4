import type * as Ws from 'ws'
import { VenueSocket } from '../connection/venue-socket.js'
import { type Fields, fieldsIn, isFields } from '../fields.js'
import { loginMessage, type OkxCredentials } from './signing.js'

/** OKX closes sockets that are silent for 30 s. */
const PING_MS = 15_000
/** How long login and subscriptions may take, ms. */
const SESSION_MS = 10_000

export interface PrivateConnectionOptions {
  readonly ws: typeof Ws
  readonly url: string
  /** What it subscribes to. */
  readonly channels: readonly Fields[]
  readonly credentials: OkxCredentials
  /** The venue's time, ms since 1970. */
  readonly now: () => number
  /** Logged in and subscribed: from here on nothing is missed. */
  readonly onReady: () => void
  /** The connection was lost. Called only after `onReady`. */
  readonly onLost: () => void
  /** Each message, before and after `onReady`, with its text as it was received. */
  readonly onMessage: (message: Fields, text: string) => void
  /** Why there is no connection, for people. */
  readonly onTrouble: (why: string) => void
}

/** A private socket of an account: it logs in and subscribes whenever it is connected. */
export class PrivateConnection {
  isReady = false
  private readonly socket: VenueSocket
  private left = new Set<string>()
  private deadline: NodeJS.Timeout | undefined = undefined

  constructor(private readonly options: PrivateConnectionOptions) {
    const { ws, url } = options
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: 'ping',
      isPong: text => text === 'pong',
      // An account without orders is silent: its sign of life is the answer to pings.
      staleMs: Number.POSITIVE_INFINITY,
      onOpen: () => this.login(),
      onMessage: text => this.hear(text),
      onDown: why => this.lose(why),
    })
  }

  /** Sends a request. Returns false when there is no session: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.socket.send(JSON.stringify(message))
  }

  close(): void {
    clearTimeout(this.deadline)
    this.socket.close()
  }

  private login(): void {
    const { credentials, now } = this.options
    this.deadline = setTimeout(() => this.socket.reconnect('login or subscriptions were not answered'), SESSION_MS)
    this.socket.send(loginMessage(credentials, now()))
  }

  private lose(why: string): void {
    clearTimeout(this.deadline)
    const wasReady = this.isReady
    this.isReady = false
    this.options.onTrouble(why)
    if (wasReady) this.options.onLost()
  }

  private hear(text: string): void {
    const message = fieldsIn(text)
    if (message === undefined) return this.options.onTrouble('a message that is no JSON object was passed over')
    const { event } = message
    if (event === undefined) return this.options.onMessage(message, text)
    if (event === 'login') this.subscribe()
    else if (event === 'subscribe') this.subscribed(message['arg'])
    // Such as 64008: the connection will be closed for an upgrade.
    else if (event === 'notice') this.socket.reconnect(`the venue says ${textOf(message)}`)
    else if (event === 'error') {
      if (this.isReady) this.options.onTrouble(`the venue says ${textOf(message)}`)
      else this.socket.reconnect(`the venue refused the session: ${textOf(message)}`)
    }
  }

  private subscribe(): void {
    const { channels } = this.options
    this.left = new Set(channels.map(({ channel }) => String(channel)))
    this.socket.send(JSON.stringify({ op: 'subscribe', args: channels }))
  }

  private subscribed(arg: unknown): void {
    if (!isFields(arg) || !this.left.delete(String(arg['channel'])) || this.left.size > 0 || this.isReady) return
    clearTimeout(this.deadline)
    this.socket.succeed()
    this.isReady = true
    this.options.onReady()
  }
}

function textOf({ code, msg }: Fields): string {
  return `${String(code)} ${String(msg)}`
}
