import type * as Ws from 'ws'
import { parseBybitTrade } from '../../trading/market/dialects/bybit.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { Subscriptions } from '../adapter/subscriptions.js'
import { VenueSocket } from '../connection/venue-socket.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, fieldsIn, isFields } from '../fields.js'
import { isPong, PING } from './heartbeat.js'
import { QUOTE_TOPICS, type QuoteSource } from './options.js'
import { BybitOrderBook } from './order-book.js'
import { BybitTickers } from './tickers.js'

/** Bybit wants a ping every 20 s. */
const PING_MS = 15_000
/** Markets that are followed move more often than this, ms. */
const STALE_MS = 60_000
/** Subscriptions of one message: Bybit takes no more for spot. */
const MOST_ARGS = 10

export interface PublicConnectionOptions {
  readonly ws: typeof Ws
  readonly url: string
  readonly symbols: readonly string[]
  readonly quotes: QuoteSource
  /** Topics to subscribe to beside those of quotes and trades. */
  readonly alsoTopics?: readonly string[] | undefined
  /** Each message but pongs, as it was received. */
  readonly onText?: ((text: string) => void) | undefined
  readonly onEvent: (event: MarketEvent) => void
  /** What was not received, or not understood, for people. */
  readonly onGap: (what: string) => void
}

/** One public socket: the quotes and trades of some instruments, subscribed to again after each connection. */
export class PublicConnection {
  private readonly socket: VenueSocket
  private readonly books = new Map<string, BybitOrderBook>()
  private readonly tickers = new BybitTickers()
  private readonly subscriptions: Subscriptions

  constructor(private readonly options: PublicConnectionOptions) {
    const { ws, url } = options
    this.subscriptions = new Subscriptions({ onGap: options.onGap, onBack: () => this.socket.succeed() })
    this.socket = new VenueSocket(ws, {
      url,
      pingMs: PING_MS,
      ping: PING,
      isPong,
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
    const { symbols, quotes, alsoTopics = [] } = this.options
    this.books.clear()
    this.tickers.clear()
    const topics = [QUOTE_TOPICS[quotes], 'publicTrade', ...alsoTopics]
    const args = symbols.flatMap(symbol => topics.map(topic => `${topic}.${symbol}`))
    const parts: string[][] = []
    for (let i = 0; i < args.length; i += MOST_ARGS) parts.push(args.slice(i, i + MOST_ARGS))
    this.subscriptions.begin(parts.map(([first]) => first))
    for (const part of parts) this.request('subscribe', part)
  }

  /** Its number is its first topic: the answer has it again. */
  private request(op: string, args: readonly string[]): void {
    this.socket.send(JSON.stringify({ req_id: args[0], op, args }))
  }

  private hear(text: string): void {
    const { onGap, onText } = this.options
    onText?.(text)
    const message = fieldsIn(text)
    if (message === undefined) return onGap('a message that is no JSON object was left out')
    const { topic, success, op, req_id } = message
    if (typeof topic !== 'string') {
      if (success === false) onGap(`the venue says ${String(message['ret_msg'])}`)
      if (op === 'subscribe') this.subscriptions.answered(String(req_id))
      return
    }
    this.subscriptions.heard()
    if (topic.startsWith('orderbook.')) this.depth(topic, message)
    else if (topic.startsWith('publicTrade.')) this.trades(message)
    else if (topic.startsWith('tickers.')) this.ticker(message)
  }

  private trades({ data }: Fields): void {
    const { onEvent, onGap } = this.options
    for (const trade of Array.isArray(data) ? (data as readonly unknown[]) : []) {
      const fields = isFields(trade) ? trade : {}
      const parsed = parseBybitTrade(fields, typeof fields['T'] === 'number' ? fields['T'] : 0)
      if (parsed.kind === 'trade') onEvent(parsed)
      else if (parsed.kind === 'bad') onGap(`a trade was left out: ${parsed.why}`)
    }
  }

  private ticker(message: Fields): void {
    const quote = this.tickers.apply(message)
    if (quote !== undefined) this.options.onEvent(quote)
  }

  private depth(topic: string, message: Fields): void {
    const { onEvent, onGap, quotes } = this.options
    const symbol = topic.slice(topic.lastIndexOf('.') + 1)
    const book = this.books.get(topic) ?? new BybitOrderBook()
    this.books.set(topic, book)
    try {
      const result = book.apply(message)
      if (result === 'gap') return this.askAgain(topic, 'a message is missing')
      if (result !== 'changed' || !topic.startsWith(`${QUOTE_TOPICS[quotes]}.`)) return
      const quote = book.quote(symbol, typeof message['ts'] === 'number' ? message['ts'] : 0)
      if (quote !== undefined) onEvent(quote)
    } catch (error) {
      if (!(error instanceof VenueMessageError)) throw error
      onGap(`a message was left out: ${error.message}`)
      this.askAgain(topic, 'a message was not understood')
    }
  }

  /** Deltas go on until the new snapshot comes. */
  private askAgain(topic: string, why: string): void {
    this.options.onGap(`the book ${topic} has a gap: ${why}; it is asked for again`)
    this.request('unsubscribe', [topic])
    this.request('subscribe', [topic])
  }
}
