import type * as Ws from 'ws'
import { parseOkx } from '../../trading/market/dialects/okx.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { Subscriptions } from '../adapter/subscriptions.js'
import { VenueSocket } from '../connection/venue-socket.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, fieldsIn, isFields } from '../fields.js'
import { QUOTE_CHANNELS, type QuoteSource } from './options.js'
import { OkxOrderBook } from './order-book.js'

/** OKX closes sockets that are silent for 30 s. */
const PING_MS = 15_000
/** Markets that are followed move more often than this, ms. */
const STALE_MS = 60_000
/** Subscriptions of one message. */
const MOST_ARGS = 50

export interface PublicConnectionOptions extends MarketHandlers {
  readonly ws: typeof Ws
  readonly url: string
  readonly symbols: readonly string[]
  readonly quotes: QuoteSource
  /** Channels to subscribe to beside those of quotes and trades. */
  readonly alsoChannels?: readonly string[] | undefined
}

/** One public socket: the quotes and trades of some instruments, subscribed to again after each connection. */
export class PublicConnection {
  private readonly socket: VenueSocket
  private readonly books = new Map<string, OkxOrderBook>()
  private readonly subscriptions: Subscriptions

  constructor(private readonly options: PublicConnectionOptions) {
    const { ws, url } = options
    this.subscriptions = new Subscriptions({ onGap: options.onGap, onBack: () => this.socket.succeed() })
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: 'ping',
      isPong: text => text === 'pong',
      staleMs: STALE_MS,
      onOpen: () => this.subscribe(),
      onMessage: text => this.hear(text),
      onDown: (why, since) => this.subscriptions.lose(why, since),
    })
  }

  close(): void {
    this.subscriptions.end()
    this.socket.close()
  }

  private subscribe(): void {
    const { symbols, quotes, alsoChannels = [] } = this.options
    this.books.clear()
    const channels = [QUOTE_CHANNELS[quotes], 'trades', ...alsoChannels]
    const args = symbols.flatMap(instId => channels.map(channel => ({ channel, instId })))
    this.subscriptions.begin(args.map(nameOf))
    for (let i = 0; i < args.length; i += MOST_ARGS) this.request('subscribe', args.slice(i, i + MOST_ARGS))
  }

  private request(op: string, args: readonly Fields[]): void {
    this.socket.send(JSON.stringify({ op, args }))
  }

  private hear(text: string): void {
    const { onEvent, onGap, onText } = this.options
    onText?.(text)
    const message = fieldsIn(text)
    if (message === undefined) return onGap('a message that is no JSON object was left out')
    const { event, arg, data } = message
    if (event === 'notice') return this.socket.reconnect(`the venue says ${String(message['msg'])}`)
    if (event === 'error') return onGap(`the venue says ${String(message['code'])} ${String(message['msg'])}`)
    if (event === 'subscribe' && isFields(arg)) return this.subscriptions.answered(nameOf(arg))
    if (data !== undefined) this.subscriptions.heard()
    if (isFields(arg) && arg['channel'] === 'books') return this.depth(arg, message)
    for (const parsed of parseOkx(message) ?? []) {
      if (parsed.kind === 'quote' || parsed.kind === 'trade') onEvent(parsed)
      else if (parsed.kind === 'bad') onGap(`a message was left out: ${parsed.why}`)
    }
  }

  private depth(arg: Fields, { action, data }: Fields): void {
    const symbol = String(arg['instId'])
    const row: unknown = Array.isArray(data) ? data[0] : undefined
    // The answer to a subscription.
    if (!isFields(row)) return
    const book = this.books.get(symbol) ?? new OkxOrderBook()
    this.books.set(symbol, book)
    const wasWhole = book.isWhole
    const before = [book.bids[0], book.asks[0]]
    let torn: string | undefined
    try {
      torn = book.apply(action, row)
    } catch (error) {
      if (!(error instanceof VenueMessageError)) throw error
      torn = error.message
      book.isWhole = false
    }
    if (torn !== undefined) {
      // Updates go on until the new snapshot comes: only the first one asks for it.
      if (!wasWhole) return
      this.options.onGap(`the book of ${symbol} has a gap: ${torn}; it is asked for again`)
      this.request('unsubscribe', [arg])
      return this.request('subscribe', [arg])
    }
    const [bid, ask] = [book.bids[0], book.asks[0]] as (OkxOrderBook['bids'][number] | undefined)[]
    if (bid === undefined || ask === undefined || (bid === before[0] && ask === before[1])) return
    this.options.onEvent({
      kind: 'quote',
      symbol,
      timeMs: Number(book.time),
      bid: bid.price,
      bidSize: bid.size,
      ask: ask.price,
      askSize: ask.size,
    })
  }
}

/** What a subscription and its answer have in common. */
function nameOf({ channel, instId }: Fields): string {
  return `${String(channel)} of ${String(instId)}`
}
