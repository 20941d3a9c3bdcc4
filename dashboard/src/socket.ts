import { useEffect, useState } from 'preact/hooks'
import { token } from './api.js'
import type { FillLine, MarketValue, OrderLine } from './types.js'

/** Before the connection is made again, ms: the first time, and at most. */
const FIRST_MS = 300
const LONGEST_MS = 5000
/** Lines that are kept of what streams. */
const MOST = 300

type Listener = () => void

/** What the pages know by the socket: it is made again when it is lost, and everything is subscribed to again. */
class Live {
  isOpen = false
  readonly market = new Map<string, MarketValue>()
  readonly orders = new Map<string, OrderLine>()
  fills: readonly FillLine[] = []
  private socket: WebSocket | undefined
  private readonly listeners = new Set<Listener>()
  private readonly wanted = new Map<string, number>()
  private delay = FIRST_MS
  private isPending = false

  start(): void {
    const protocols = ['ticktape']
    // A page cannot send headers with a socket: the token is a protocol.
    if (token() !== '') protocols.push(`token.${base64url(token())}`)
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`, protocols)
    this.socket = socket
    socket.addEventListener('open', () => {
      this.isOpen = true
      this.delay = FIRST_MS
      for (const channel of this.wanted.keys()) this.subscribe(channel)
      this.changed()
    })
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.hear(JSON.parse(data) as Message)
    })
    socket.addEventListener('close', () => {
      this.isOpen = false
      this.changed()
      setTimeout(() => this.start(), this.delay)
      this.delay = Math.min(2 * this.delay, LONGEST_MS)
    })
  }

  /** Follows a channel until the returned function is called. */
  follow(channel: string, listener: Listener): () => void {
    this.listeners.add(listener)
    const users = this.wanted.get(channel) ?? 0
    this.wanted.set(channel, users + 1)
    if (users === 0 && this.isOpen) this.subscribe(channel)
    return () => {
      this.listeners.delete(listener)
      const left = (this.wanted.get(channel) ?? 1) - 1
      if (left > 0) return void this.wanted.set(channel, left)
      this.wanted.delete(channel)
      if (this.isOpen) this.socket?.send(JSON.stringify({ op: 'unsubscribe', channel }))
    }
  }

  watch(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private subscribe(channel: string): void {
    const more = channel === 'market' ? { symbols: '*' } : {}
    this.socket?.send(JSON.stringify({ op: 'subscribe', channel, ...more }))
  }

  private hear(message: Message): void {
    if (message.type === 'market') for (const value of message.values) this.market.set(value.symbol, value)
    else if (message.type === 'orders') this.hearOrders(message)
    else if (message.type === 'fills') {
      const before = message.state === true ? [] : this.fills
      this.fills = [...before, ...message.fills].slice(-MOST)
    } else return
    this.changed()
  }

  private hearOrders({ state, orders }: OrdersMessage): void {
    if (state === true) this.orders.clear()
    for (const order of orders) {
      this.orders.delete(order.orderId)
      this.orders.set(order.orderId, order)
    }
    for (const id of this.orders.keys()) {
      if (this.orders.size <= MOST) break
      this.orders.delete(id)
    }
  }

  /** Pages are drawn once per frame of the screen, whatever comes. */
  private changed(): void {
    if (this.isPending) return
    this.isPending = true
    requestAnimationFrame(() => {
      this.isPending = false
      for (const listener of this.listeners) listener()
    })
  }
}

interface OrdersMessage {
  readonly type: 'orders'
  readonly state?: boolean
  readonly orders: readonly OrderLine[]
}

type Message =
  | { readonly type: 'market'; readonly values: readonly MarketValue[] }
  | OrdersMessage
  | { readonly type: 'fills'; readonly state?: boolean; readonly fills: readonly FillLine[] }
  | { readonly type: 'subscribed' | 'unsubscribed' | 'error' }

export const live = new Live()

/** Draws the component again when anything of these channels has changed. */
export function useLive(...channels: readonly string[]): Live {
  const [, draw] = useState(0)
  useEffect(() => {
    const listener = (): void => draw(n => n + 1)
    const ends = channels.map(channel => live.follow(channel, listener))
    if (channels.length === 0) ends.push(live.watch(listener))
    return () => ends.forEach(end => end())
  }, [channels.join()])
  return live
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
