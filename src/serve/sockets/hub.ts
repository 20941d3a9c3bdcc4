import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { answerOf, badRequest, RequestError } from '../errors.js'
import type { CheckedOptions } from '../options.js'
import { seekPositionAt } from '../reading/position-at.js'
import { noHome, type Served } from '../reading/served.js'
import { Client } from './client.js'
import { CloseCode } from './close-codes.js'
import { DeskFeed, DeskReading } from './desk-feed.js'
import { Subscription } from './feed.js'
import { FramesFeed } from './frames-feed.js'
import { MarketSets } from './market-sets.js'
import { type ClientMessage, type DeskChannel, parseMessage, type Subscribe } from './messages.js'

/** Subscriptions of one client, by channel and journal. */
type Subscriptions = Map<string, Subscription | 'market'>

/** Between two checks for clients that take nothing, ms. */
const PACE_MS = 1000
/** Subscriptions that are behind read for so long before others have a turn, ms. */
const READ_MS = 8

/** All sockets: what each has subscribed to, and what they get. */
export class Hub {
  readonly clients = new Map<Client, Subscriptions>()
  readonly market: MarketSets
  private readonly feeds = new Map<string, FramesFeed>()
  /** Numbers of journals in binary messages: they stay when a feed is closed and opened again. */
  private readonly numbers = new Map<string, number>()
  /** Subscriptions that read for themselves. */
  private readonly behind = new Set<Subscription>()
  private readonly fallBehind = (subscription: Subscription): void => void this.behind.add(subscription)
  private readonly pace: NodeJS.Timeout

  constructor(
    private readonly served: Served,
    private readonly desk: DeskFeed,
    private readonly options: CheckedOptions,
  ) {
    const { tickMs } = options.limits
    this.market = new MarketSets(() => served.market, tickMs, options.onProblem)
    desk.onEnd = (subscription, error) => this.endSubscription(subscription, error)
    this.pace = setInterval(() => this.checkPace(), PACE_MS)
  }

  /** A client has connected. @param raw the connection below the socket. */
  add(socket: WebSocket, raw: Duplex): void {
    const client = new Client(socket, raw)
    this.clients.set(client, new Map())
    // An error is followed by 'close'.
    socket.on('error', () => {})
    socket.on('close', () => this.remove(client))
    socket.on('message', (data, isBinary) => this.hear(client, data, isBinary))
  }

  /** Whether live subscriptions or readings want frames soon. */
  get isActive(): boolean {
    return this.behind.size > 0 || this.clients.size > 0
  }

  /** Passes on what is new, and reads for those that are behind. Returns whether there is more to do now. */
  advance(): boolean {
    let hasMore = false
    for (const [name, feed] of this.feeds) {
      try {
        if (feed.advance()) hasMore = true
      } catch (error) {
        this.endFeed(name, feed, error)
      }
    }
    return this.readOn() || hasMore
  }

  close(): void {
    clearInterval(this.pace)
    this.market.close()
    for (const client of this.clients.keys()) client.close(CloseCode.GOING_AWAY, 'the server stops')
    for (const subscriptions of this.clients.values())
      for (const subscription of subscriptions.values()) if (subscription !== 'market') subscription.close()
    for (const feed of this.feeds.values()) feed.close()
  }

  private readOn(): boolean {
    const end = performance.now() + READ_MS
    let hasRead = false
    // Those that have read go behind the others: each has its turn.
    for (const subscription of Array.from(this.behind)) {
      if (performance.now() > end) return true
      this.behind.delete(subscription)
      try {
        if (subscription.catchUp(this.liveOf(subscription))) hasRead = true
        if (!subscription.isLive) this.behind.add(subscription)
      } catch (error) {
        this.endSubscription(subscription, error)
      }
    }
    return hasRead
  }

  /** Where the live ones of a subscription's kind are. */
  private liveOf({ group }: Subscription): number {
    for (const feed of this.feeds.values()) if (feed.has(group)) return feed.position
    return this.served.desk.position
  }

  private hear(client: Client, data: RawData, isBinary: boolean): void {
    const { limits } = this.options
    if (!client.countMessage(limits.messagesPerSecond))
      return client.close(CloseCode.TOO_MANY_MESSAGES, `at most ${limits.messagesPerSecond} messages in a second`)
    if (isBinary) return client.close(CloseCode.BAD_MESSAGE, 'messages to the server are JSON text')
    try {
      this.act(client, parseMessage((data as Buffer).toString(), limits))
    } catch (error) {
      if (error instanceof SyntaxError) return client.close(CloseCode.BAD_MESSAGE, 'a message is one JSON object')
      this.sendError(client, error)
    }
  }

  private act(client: Client, message: ClientMessage): void {
    switch (message.op) {
      case 'ping':
        return client.send({ type: 'pong', id: message.id })
      case 'unsubscribe': {
        const { channel, journal } = message
        this.end(client, keyOf(channel, journal === '' ? this.served.directory.mainName : journal))
        return client.send({ type: 'unsubscribed', channel })
      }
      default:
        return this.subscribe(client, message.subscribe)
    }
  }

  private subscribe(client: Client, wanted: Subscribe): void {
    const subscriptions = this.clients.get(client) as Subscriptions
    const journal =
      wanted.channel === 'frames' && wanted.journal !== '' ? wanted.journal : this.served.directory.mainName
    const key = keyOf(wanted.channel, journal)
    const { subscriptions: most } = this.options.limits
    if (!subscriptions.has(key) && subscriptions.size >= most)
      throw badRequest(`a socket has ${most} subscriptions at most: end one, or connect again`)
    this.end(client, key)
    if (wanted.channel === 'market') {
      client.send({ type: 'subscribed', channel: 'market' })
      this.market.subscribe(client, wanted.symbols)
      subscriptions.set(key, 'market')
      return
    }
    const subscription =
      wanted.channel === 'frames'
        ? this.followFrames(client, journal, wanted)
        : this.followDesk(client, wanted.channel, wanted.from)
    subscriptions.set(key, subscription)
    if (!subscription.isLive) this.behind.add(subscription)
  }

  private followFrames(
    client: Client,
    journal: string,
    { from, types, form }: Extract<Subscribe, { readonly channel: 'frames' }>,
  ): Subscription {
    const path = this.served.directory.journal(journal)
    const feed = this.feedOf(journal, path)
    const group = feed.group(types, form)
    // A position that is gone or not there yet is refused at once.
    const next = from === 'end' ? feed.position : seekPositionAt(path, from === 'start' ? from : { position: from })
    const subscription = new Subscription(client, group, next, at => group.reading(at), this.fallBehind)
    client.send({ type: 'subscribed', channel: 'frames', journal, from: next, form, number: feed.number })
    group.prepare(subscription)
    if (from === 'end') group.live.add(subscription)
    return subscription
  }

  private followDesk(client: Client, channel: DeskChannel, from: number | undefined): Subscription {
    const { desk, directory } = this.served
    const { home } = directory
    if (home === undefined) throw noHome(directory.path)
    const group = this.desk.groups[channel]
    const next = from ?? desk.position
    if (next > desk.position)
      throw new RequestError(404, 'ERR_POSITION', `the sequence has no position ${next} yet, it is at ${desk.position}`)
    const subscription = new Subscription(
      client,
      group,
      next,
      at => new DeskReading(home.sequence, at, channel),
      this.fallBehind,
    )
    client.send({ type: 'subscribed', channel, from: next })
    if (from === undefined) {
      client.write(DeskFeed.state(channel, desk))
      group.live.add(subscription)
    }
    return subscription
  }

  private feedOf(name: string, path: string): FramesFeed {
    let feed = this.feeds.get(name)
    if (feed === undefined) {
      const number = this.numbers.get(name) ?? this.numbers.size + 1
      feed = new FramesFeed(name, path, number)
      this.numbers.set(name, number)
      this.feeds.set(name, feed)
    }
    return feed
  }

  private end(client: Client, key: string): void {
    const subscriptions = this.clients.get(client)
    const subscription = subscriptions?.get(key)
    if (subscription === undefined) return
    subscriptions?.delete(key)
    if (subscription === 'market') return this.market.unsubscribe(client)
    this.behind.delete(subscription)
    subscription.close()
    for (const [name, feed] of this.feeds) {
      if (!feed.has(subscription.group) || feed.release(subscription.group)) continue
      // Nobody follows it: it reads nothing.
      feed.close()
      this.feeds.delete(name)
    }
  }

  private remove(client: Client): void {
    for (const key of Array.from(this.clients.get(client)?.keys() ?? [])) this.end(client, key)
    this.clients.delete(client)
  }

  /** A journal cannot be read any more: it is damaged, or was replaced. */
  private endFeed(name: string, feed: FramesFeed, error: unknown): void {
    this.options.onProblem(error)
    this.feeds.delete(name)
    for (const subscription of feed.members) this.endSubscription(subscription, error)
    feed.close()
  }

  private endSubscription(subscription: Subscription, error: unknown): void {
    const { client } = subscription
    for (const [key, one] of this.clients.get(client) ?? []) {
      if (one !== subscription) continue
      this.sendError(client, error, key)
      this.end(client, key)
    }
  }

  /** @param subscription the key of one that has ended with the error. */
  private sendError(client: Client, error: unknown, subscription?: string): void {
    const { status, code, message } = answerOf(error)
    if (status === 500) this.options.onProblem(error)
    client.send({ type: 'error', code, message, ended: subscription })
  }

  private checkPace(): void {
    const now = performance.now()
    for (const client of this.clients.keys()) client.checkPace(now, this.options.limits.slowMs)
  }
}

/** What a client's subscription is called in its errors: 'market', 'frames gateway'. */
function keyOf(channel: string, journal: string): string {
  return channel === 'frames' ? `frames ${journal}` : channel
}
