import type * as Ws from 'ws'
import { parseJson } from '../../trading/exact/parse-json.js'
import { BINANCE } from '../../trading/market/dialects/binance.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { Subscriptions } from '../adapter/subscriptions.js'
import { VenueSocket } from '../connection/venue-socket.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, fieldsIn, isFields } from '../fields.js'
import type { PublicBooks } from './public-books.js'

/** Silence for longer than this is asked about, ms. */
const PING_MS = 20_000
/** Markets that are followed move more often than this, ms. */
const STALE_MS = 60_000
/** Streams of one request. Binance takes 5 requests in a second. */
const MOST_STREAMS = 200
const REQUEST_MS = 250

export interface PublicConnectionOptions extends MarketHandlers {
  readonly ws: typeof Ws
  readonly url: string
  /** 'btcusdt@bookTicker'. */
  readonly streams: readonly string[]
  /** Where updates of books go; undefined when none are followed for quotes. */
  readonly books: PublicBooks | undefined
}

/** One public socket: some streams, subscribed to again after each connection. */
export class PublicConnection {
  private readonly socket: VenueSocket
  private readonly reader = BINANCE.open()
  private subscribing: NodeJS.Timeout | undefined = undefined
  private readonly subscriptions: Subscriptions

  constructor(private readonly options: PublicConnectionOptions) {
    const { ws, url } = options
    this.subscriptions = new Subscriptions({ onGap: options.onGap, onBack: () => this.socket.succeed() })
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: undefined,
      isPong: () => false,
      staleMs: STALE_MS,
      onOpen: () => this.subscribe(0),
      onMessage: text => this.hear(text),
      onDown: (why, since) => this.lose(why, since),
    })
  }

  close(): void {
    this.subscriptions.end()
    clearTimeout(this.subscribing)
    this.socket.close()
  }

  /** @param from the first stream that is not subscribed to yet. */
  private subscribe(from: number): void {
    const { streams, books } = this.options
    if (from === 0) {
      books?.clear()
      this.subscriptions.begin(streams.flatMap((_, i) => (i % MOST_STREAMS === 0 ? [String(i + 1)] : [])))
    }
    const params = streams.slice(from, from + MOST_STREAMS)
    this.socket.send(JSON.stringify({ method: 'SUBSCRIBE', params, id: from + 1 }))
    const next = from + MOST_STREAMS
    if (next < streams.length) this.subscribing = setTimeout(() => this.subscribe(next), REQUEST_MS)
  }

  private lose(why: string, since: number): void {
    clearTimeout(this.subscribing)
    // A snapshot that is on its way is of the connection that is lost.
    this.options.books?.clear()
    this.subscriptions.lose(why, since)
  }

  private hear(text: string): void {
    const { onText, onGap } = this.options
    onText?.(text)
    const message = fieldsIn(text, parseJson)
    if (message === undefined) return onGap('a message that is no JSON object was left out')
    const { data, error, id } = message
    if (typeof id === 'number') this.subscriptions.answered(String(id))
    if (error !== undefined) return onGap(`Binance says ${JSON.stringify(error)}`)
    const event = isFields(data) ? data['e'] : message['e']
    if (event === 'serverShutdown') return this.socket.reconnect('Binance says serverShutdown')
    if (!isFields(data)) return
    this.subscriptions.heard()
    if (event === 'depthUpdate') return this.depth(data)
    this.read(message)
  }

  private read(message: Fields): void {
    const { onEvent, onGap } = this.options
    const parsed = this.reader.parse(message, Date.now())
    for (const one of parsed === undefined ? [] : [parsed].flat()) {
      if (one.kind === 'quote' || one.kind === 'trade') onEvent(one)
      else if (one.kind === 'bad') onGap(`a message was left out: ${one.why}`)
    }
  }

  private depth(update: Fields): void {
    try {
      this.options.books?.update(update)
    } catch (error) {
      if (!(error instanceof VenueMessageError)) throw error
      this.options.onGap(`a message was left out: ${error.message}`)
    }
  }
}
