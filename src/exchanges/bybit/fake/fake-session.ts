import { randomUUID } from 'node:crypto'
import type { RawData, WebSocket } from 'ws'
import { type Fields, fieldsIn, isFields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import { failed, windowRefusal } from './fake-operations.js'
import { type FakeWorld, isAuthentic } from './fake-world.js'
import { type BookTopic, bookSnapshot, DEPTHS, tickerMessage } from './market-messages.js'

/** The sockets, by their paths. */
export const SOCKETS = {
  '/v5/public/linear': 'linear',
  '/v5/public/spot': 'spot',
  '/v5/private': 'private',
  '/v5/trade': 'trade',
} as const

const PRIVATE_TOPICS = new Set(['order', 'execution', 'position', 'wallet', 'dcp.future', 'dcp.spot'])
const PROTECTION: Readonly<Record<string, BybitTraded>> = { 'dcp.future': 'linear', 'dcp.spot': 'spot' }
const PUBLIC_TOPIC = /^(orderbook\.1|orderbook\.50|publicTrade|tickers)\.([A-Z]+)$/
/** The most topics of a subscription to spot. */
const MOST_SPOT_ARGS = 10

/** One socket of a fake Bybit: its authentication, its subscriptions, its requests. */
export class FakeSession {
  private isAuthenticated = false
  private readonly topics = new Set<string>()

  constructor(
    private readonly world: FakeWorld,
    private readonly socket: WebSocket,
    readonly kind: (typeof SOCKETS)[keyof typeof SOCKETS],
  ) {
    socket.on('message', data => this.hear(textOf(data)))
    socket.on('close', () => {
      for (const topic of this.topics) this.unsubscribe(topic, 'lost')
    })
  }

  /** Sends a message of a public topic, if it is subscribed to. */
  publish(topic: string, text: string): void {
    if (this.topics.has(topic)) this.socket.send(text)
  }

  /** Sends rows of a private topic, if it is subscribed to, with the faults of the day. */
  push(topic: string, rows: readonly Fields[]): void {
    if (this.kind !== 'private' || !this.topics.has(topic)) return
    const text = JSON.stringify({ id: randomUUID(), topic, creationTime: Date.now(), data: rows })
    this.world.draw.deliver(() => this.socket.send(text))
  }

  drop(): void {
    this.socket.terminate()
  }

  end(): void {
    this.socket.close(1001)
  }

  private hear(text: string): void {
    const message = fieldsIn(text)
    if (message === undefined) return this.say({ success: false, ret_msg: 'error:json unmarshal', op: '' })
    const { op } = message
    const args = Array.isArray(message['args']) ? (message['args'] as readonly unknown[]) : []
    if (op === 'ping') return this.pong(message)
    if (op === 'auth') return this.authenticate(args)
    if (op === 'subscribe' || op === 'unsubscribe') return this.changeTopics(op, args, message)
    if (this.kind !== 'trade') return this.say({ success: false, ret_msg: `unknown op ${String(op)}`, op })
    this.operate(String(op), message, args)
  }

  private pong({ req_id }: Fields): void {
    if (this.kind === 'private') this.say({ req_id, op: 'pong', args: [String(Date.now())], conn_id: 'fake' })
    else if (this.kind === 'trade') this.say({ retCode: 0, retMsg: 'OK', op: 'pong', data: [String(Date.now())] })
    else this.say({ success: true, ret_msg: 'pong', conn_id: 'fake', req_id, op: 'ping' })
  }

  private authenticate(args: readonly unknown[]): void {
    const isPrivate = this.kind === 'private' || this.kind === 'trade'
    this.isAuthenticated = isPrivate && isAuthentic(this.world.credentials, args)
    const [retCode, text] = this.isAuthenticated ? [0, ''] : [10_004, 'Invalid sign']
    this.say(
      this.kind === 'trade'
        ? { retCode, retMsg: text === '' ? 'OK' : text, op: 'auth', connId: 'fake' }
        : { success: this.isAuthenticated, ret_msg: text, op: 'auth', conn_id: 'fake' },
    )
    if (!this.isAuthenticated) this.socket.close()
  }

  private changeTopics(op: 'subscribe' | 'unsubscribe', args: readonly unknown[], { req_id }: Fields): void {
    const wrong = args.find(topic => typeof topic !== 'string' || !this.isTopic(topic))
    const tooMany = this.kind === 'spot' && args.length > MOST_SPOT_ARGS
    if (wrong !== undefined || tooMany || args.length === 0) {
      const why = tooMany ? 'args size >10' : `Invalid topic: ${String(wrong)}`
      return this.say({ success: false, ret_msg: why, conn_id: 'fake', req_id, op })
    }
    this.say({
      success: true,
      ret_msg: op === 'subscribe' && this.kind === 'spot' ? op : '',
      conn_id: 'fake',
      req_id,
      op,
    })
    for (const topic of args as readonly string[])
      if (op === 'subscribe') this.subscribe(topic)
      else this.unsubscribe(topic, 'ended')
  }

  private isTopic(topic: string): boolean {
    if (this.kind === 'private') return this.isAuthenticated && PRIVATE_TOPICS.has(topic)
    if (this.kind === 'trade') return false
    const symbol = PUBLIC_TOPIC.exec(topic)?.[2]
    return symbol !== undefined && this.world.orders[this.kind].instruments.has(symbol)
  }

  private subscribe(topic: string): void {
    if (this.topics.has(topic)) return
    this.topics.add(topic)
    const watched = PROTECTION[topic] as BybitTraded | undefined
    if (watched !== undefined) this.world.protect(watched, 'begun')
    if (this.kind !== 'linear' && this.kind !== 'spot') return
    const [, name, symbol] = PUBLIC_TOPIC.exec(topic) as unknown as readonly string[]
    const book = this.world.market(this.kind).book(symbol)
    if (book === undefined) return
    if (name === 'tickers') this.say(tickerMessage(this.kind, book, undefined))
    else if (name in DEPTHS)
      this.say(bookSnapshot(name as BookTopic, book, this.world.numbers[this.kind].get(topic) ?? 1))
  }

  private unsubscribe(topic: string, why: 'ended' | 'lost'): void {
    if (!this.topics.delete(topic)) return
    const watched = PROTECTION[topic] as BybitTraded | undefined
    if (watched !== undefined) this.world.protect(watched, why)
  }

  private operate(op: string, { reqId, header }: Fields, args: readonly unknown[]): void {
    const { draw, operations } = this.world
    if (draw.happens('loseRequest')) return
    const isDropped = draw.happens('dropSocket')
    if (isDropped && draw.half()) return this.drop()
    const { 'X-BAPI-TIMESTAMP': time, 'X-BAPI-RECV-WINDOW': window } = isFields(header) ? header : ({} as Fields)
    const [argument] = args
    const answer = !this.isAuthenticated
      ? failed(10_005, 'Please authenticate first')
      : !isFields(argument)
        ? failed(10_001, 'params error')
        : (windowRefusal(time, window) ?? operations.act(op, argument))
    if (isDropped) return this.drop()
    const said = { reqId, op, ...answer, header: { Timenow: String(Date.now()) }, connId: 'fake' }
    draw.deliver(() => this.say(said))
  }

  private say(message: Fields): void {
    this.socket.send(JSON.stringify(message))
  }
}

function textOf(data: RawData): string {
  return (data as Buffer).toString()
}
