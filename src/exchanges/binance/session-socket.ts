import type * as Ws from 'ws'
import { parseJson } from '../../trading/exact/parse-json.js'
import { VenueSocket } from '../connection/venue-socket.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, fieldsIn } from '../fields.js'

/** Binance pings every 20 s or 3 min; silence for longer than this is asked about. */
const PING_MS = 20_000
/** How long the first request may take, ms. */
const SESSION_MS = 10_000

export interface SessionSocketOptions {
  readonly ws: typeof Ws
  readonly url: string
  /** For people: 'the account's stream'. */
  readonly title: string
  /** Makes the first request, whose answer begins the session. @throws {VenueRequestError}, {VenueMessageError} */
  readonly begin: () => Fields | Promise<Fields>
  /** The session has begun: from here on nothing is missed. */
  readonly onReady: () => void
  /** The connection was lost. Called only after `onReady`. */
  readonly onLost: () => void
  /** Each message but the answer to the first request, with its text as it was received. */
  readonly onMessage: (message: Fields, text: string) => void
  /** Why there is no connection, for people. */
  readonly onTrouble: (why: string) => void
}

/** A socket whose session begins with a request that is answered: a subscription, or a question whether the venue is there. */
export class SessionSocket {
  isReady = false
  private readonly socket: VenueSocket
  private first: unknown = undefined
  private deadline: NodeJS.Timeout | undefined = undefined
  /** Counts connections: what was begun for an earlier one is of no use. */
  private connection = 0

  constructor(private readonly options: SessionSocketOptions) {
    const { ws, url } = options
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: undefined,
      isPong: () => false,
      // An account without orders is silent: its sign of life is the answer to pings.
      staleMs: Number.POSITIVE_INFINITY,
      onOpen: () => void this.begin(),
      onMessage: text => this.hear(text),
      onDown: why => this.lose(why),
    })
  }

  /** Sends a request. Returns false when there is no session: then nothing has left. */
  send(message: Fields): boolean {
    return this.isReady && this.socket.send(JSON.stringify(message))
  }

  /** Replaces the connection. */
  reconnect(why: string): void {
    this.socket.reconnect(why)
  }

  close(): void {
    this.connection++
    clearTimeout(this.deadline)
    this.socket.close()
  }

  private async begin(): Promise<void> {
    const connection = ++this.connection
    this.deadline = setTimeout(() => this.socket.reconnect('the session was not answered'), SESSION_MS)
    try {
      const request = await this.options.begin()
      if (connection !== this.connection) return
      this.first = request['id']
      this.socket.send(JSON.stringify(request))
    } catch (error) {
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      if (connection === this.connection) this.socket.reconnect(error.message)
    }
  }

  private lose(why: string): void {
    this.connection++
    clearTimeout(this.deadline)
    const wasReady = this.isReady
    this.isReady = false
    this.options.onTrouble(`${this.options.title}: ${why}`)
    if (wasReady) this.options.onLost()
  }

  private hear(text: string): void {
    const { title, onMessage, onReady, onTrouble } = this.options
    const message = fieldsIn(text, parseJson)
    if (message === undefined) return onTrouble(`${title}: a message that is no JSON object was passed over`)
    if (this.isReady || message['id'] !== this.first) return onMessage(message, text)
    const { error } = message
    if (error !== undefined) return this.socket.reconnect(`Binance refused the session: ${JSON.stringify(error)}`)
    clearTimeout(this.deadline)
    this.socket.succeed()
    this.isReady = true
    onReady()
  }
}
