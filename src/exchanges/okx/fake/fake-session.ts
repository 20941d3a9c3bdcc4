import type { RawData, WebSocket } from 'ws'
import { type Fields, isFields } from '../../fields.js'
import { accountRows, type FakeWorld, isLogin, positionRows } from './fake-world.js'
import { snapshotMessage } from './market-messages.js'

/** The sockets, by the last part of their paths, and the channels of each. */
export const SOCKETS = {
  public: new Set(['tickers', 'bbo-tbt', 'trades', 'books']),
  private: new Set(['orders', 'account', 'positions']),
  business: new Set(['orders-algo']),
} as const satisfies Readonly<Record<string, ReadonlySet<string>>>

/** One socket of a fake OKX: its login, its subscriptions, its requests. */
export class FakeSession {
  private isLoggedIn = false
  private readonly topics = new Set<string>()

  constructor(
    private readonly world: FakeWorld,
    private readonly socket: WebSocket,
    private readonly kind: keyof typeof SOCKETS,
  ) {
    socket.on('message', data => this.hear(textOf(data)))
  }

  /** Sends a message of a public channel, if it is subscribed to. */
  publish(topic: string, text: string): void {
    if (this.topics.has(topic)) this.socket.send(text)
  }

  /** Sends rows of a private channel, if it is subscribed to, with the faults of the day. */
  push(channel: string, rows: readonly Fields[]): void {
    if (!this.topics.has(channel)) return
    const text = JSON.stringify({ arg: { channel, instType: 'ANY' }, data: rows })
    this.world.draw.deliver(() => this.socket.send(text))
  }

  drop(): void {
    this.socket.terminate()
  }

  end(): void {
    const msg = 'The connection will soon be closed for a service upgrade. Please reconnect.'
    this.say({ event: 'notice', code: '64008', msg, connId: 'fake' })
    this.socket.close(1001)
  }

  private get isPrivate(): boolean {
    return this.kind !== 'public'
  }

  private hear(text: string): void {
    if (text === 'ping') return this.socket.send('pong')
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      message = undefined
    }
    if (!isFields(message) || !Array.isArray(message['args']) || !message['args'].every(isFields))
      return this.say({ event: 'error', code: '60012', msg: 'Invalid request' })
    const { op, args, id, expTime } = message
    if (op === 'login') return this.login(args)
    if (op === 'subscribe') return args.forEach(arg => this.subscribe(arg))
    if (op === 'unsubscribe') return args.forEach(arg => this.unsubscribe(arg))
    if (!this.isLoggedIn) return this.say({ event: 'error', code: '60011', msg: 'Please log in' })
    if (this.kind !== 'private')
      return this.say({ event: 'error', code: '60012', msg: `Invalid request: ${String(op)}` })
    this.operate(String(op), String(id), args, expTime)
  }

  private login(args: readonly Fields[]): void {
    this.isLoggedIn = this.isPrivate && args.length === 1 && isLogin(this.world.credentials, args[0])
    this.say(
      this.isLoggedIn
        ? { event: 'login', code: '0', msg: '', connId: 'fake' }
        : { event: 'error', code: '60009', msg: 'Login failed.', connId: 'fake' },
    )
    if (!this.isLoggedIn) this.socket.close()
  }

  private subscribe(arg: Fields): void {
    const { channel, instId } = arg as Record<string, string>
    const isKnown = (SOCKETS[this.kind] as ReadonlySet<string>).has(channel)
    if (this.isPrivate && !this.isLoggedIn) return this.say({ event: 'error', code: '60011', msg: 'Please log in' })
    if (!isKnown || (!this.isPrivate && !this.world.exchange.instruments.has(instId)))
      return this.say({ event: 'error', code: '60018', msg: `Wrong URL or channel:${channel},instId:${instId}` })
    this.say({ event: 'subscribe', arg, connId: 'fake' })
    if (this.isPrivate) {
      this.topics.add(channel)
      if (channel === 'account') this.push(channel, accountRows(this.world))
      if (channel === 'positions') this.push(channel, positionRows(this.world))
      return
    }
    this.topics.add(`${channel} ${instId}`)
    const book = this.world.market().book(instId)
    const snapshot = book === undefined ? undefined : snapshotMessage(channel, book)
    if (snapshot !== undefined) this.say(snapshot)
  }

  private unsubscribe(arg: Fields): void {
    const { channel, instId } = arg as Record<string, string>
    this.topics.delete(this.isPrivate ? channel : `${channel} ${instId}`)
    this.say({ event: 'unsubscribe', arg, connId: 'fake' })
  }

  private operate(op: string, id: string, args: readonly Fields[], expTime: unknown): void {
    const { draw, operations } = this.world
    if (draw.happens('loseRequest')) return
    const isDropped = draw.happens('dropSocket')
    if (isDropped && draw.half()) return this.drop()
    const inTime = String(Date.now() * 1000)
    const answer = operations.act(op, args, expTime)
    if (isDropped) return this.drop()
    if (answer === undefined) return this.say({ event: 'error', code: '60012', msg: `Invalid request: op ${op}` })
    const text = JSON.stringify({ id, op, ...answer, inTime, outTime: String(Date.now() * 1000) })
    draw.deliver(() => this.socket.send(text))
  }

  private say(message: Fields): void {
    this.socket.send(JSON.stringify(message))
  }
}

function textOf(data: RawData): string {
  return (data as Buffer).toString()
}
