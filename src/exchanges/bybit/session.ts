import type * as Ws from 'ws'
import { VenueSocket } from '../connection/venue-socket.js'
import { type Fields, fieldsIn } from '../fields.js'
import { isPong, PING } from './heartbeat.js'
import { authMessage, type BybitCredentials } from './signing.js'

/** Bybit wants a ping every 20 s. */
const PING_MS = 15_000
/** How long authentication and subscriptions may take, ms. */
const SESSION_MS = 10_000
/** How long the end of a subscription may take, ms. */
const END_MS = 1000

export interface SessionOptions {
  readonly ws: typeof Ws
  readonly url: string
  /** What it subscribes to; none on the socket for orders. */
  readonly topics: readonly string[]
  readonly credentials: BybitCredentials
  /** The venue's time, ms since 1970. */
  readonly now: () => number
  /** Authenticated and subscribed: from here on nothing is missed. */
  readonly onReady: () => void
  /** The connection was lost. Called only after `onReady`. */
  readonly onLost: () => void
  /** Each message but those of the session itself, with its text as it was received. */
  readonly onMessage: (message: Fields, text: string) => void
  /** Why there is no connection, for people. */
  readonly onTrouble: (why: string) => void
}

/** A socket of an account: it authenticates and subscribes whenever it is connected. */
export class Session {
  isReady = false
  private readonly socket: VenueSocket
  private deadline: NodeJS.Timeout | undefined = undefined
  private onUnsubscribed: () => void = () => {}

  constructor(private readonly options: SessionOptions) {
    const { ws, url } = options
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: PING,
      isPong,
      // An account without orders is silent: its sign of life is the answer to pings.
      staleMs: Number.POSITIVE_INFINITY,
      onOpen: () => this.authenticate(),
      onMessage: text => this.hear(text),
      onDown: why => this.lose(why),
    })
  }

  /** Sends a request. Returns false when there is no session: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.socket.send(JSON.stringify(message))
  }

  /** Ends a subscription. Resolves when the venue says so, or has not said so for a second. */
  async unsubscribe(topic: string): Promise<void> {
    if (!this.send({ op: 'unsubscribe', args: [topic] })) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, END_MS)
      this.onUnsubscribed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Replaces the connection. */
  reconnect(why: string): void {
    this.socket.reconnect(why)
  }

  close(): void {
    clearTimeout(this.deadline)
    this.socket.close()
  }

  private authenticate(): void {
    const { credentials, now } = this.options
    this.deadline = setTimeout(
      () => this.socket.reconnect('authentication or subscriptions were not answered'),
      SESSION_MS,
    )
    this.socket.send(authMessage(credentials, Math.floor(now()) + SESSION_MS))
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
    const { op } = message
    if (op !== 'auth' && op !== 'subscribe' && op !== 'unsubscribe') return this.options.onMessage(message, text)
    if (op === 'unsubscribe') return this.onUnsubscribed()
    // Only before it is ready an answer to the others is awaited.
    if (this.isReady) return
    if (!isDone(message)) this.socket.reconnect(`the venue refused the session: ${textOf(message)}`)
    else if (op === 'auth') this.subscribe()
    else if (op === 'subscribe') this.ready()
  }

  private subscribe(): void {
    const { topics } = this.options
    if (topics.length === 0) return this.ready()
    this.socket.send(JSON.stringify({ op: 'subscribe', args: topics }))
  }

  private ready(): void {
    clearTimeout(this.deadline)
    this.socket.succeed()
    this.isReady = true
    this.options.onReady()
  }
}

/** The private socket says `success`, the one for orders `retCode`. */
function isDone({ success, retCode }: Fields): boolean {
  return success === true || (success === undefined && retCode === 0)
}

function textOf({ retCode, retMsg, ret_msg: text }: Fields): string {
  return [retCode, retMsg, text].filter(part => typeof part === 'number' || typeof part === 'string').join(' ')
}
