import { toJson } from '../http/reply.js'
import { DeskFold } from '../reading/desk-fold.js'
import type { DeskListener, LiveDesk } from '../reading/live-desk.js'
import { type Group, type Item, publish, type Reading, type Subscription } from './feed.js'
import type { DeskChannel } from './messages.js'
import { socketFrame, TEXT } from './socket-frames.js'

/** Frames that a subscription which is behind reads in one slice. */
const READ_SLICE = 2048

/** Those that follow one channel of the desk. */
class DeskGroup implements Group {
  readonly members = new Set<Subscription>()
  readonly live = new Set<Subscription>()
  collected: Item[] = []

  constructor(readonly key: DeskChannel) {}

  encode(items: readonly Item[], next: number): Buffer {
    const lines = items.map(({ data }) => data).join()
    return socketFrame(`{"type":"${this.key}","next":${next},"${this.key}":[${lines}]}`, TEXT)
  }

  prepare(): void {}
}

/** Changes of orders, fills and positions, each of them, for all who follow them. What is new comes from the live desk. */
export class DeskFeed implements DeskListener {
  readonly groups = {
    orders: new DeskGroup('orders'),
    fills: new DeskGroup('fills'),
    positions: new DeskGroup('positions'),
  } as const
  /** Called with the subscriptions that an error has ended. */
  onEnd: (subscription: Subscription, error: unknown) => void = () => {}
  /** Where the last items were passed on. */
  private position = 0

  order(line: { readonly position: number }): void {
    this.collect('orders', line)
  }

  fill(line: { readonly position: number }): void {
    this.collect('fills', line)
  }

  positionChanged(line: { readonly position: number }): void {
    this.collect('positions', line)
  }

  failed(error: unknown): void {
    for (const { members, collected } of Object.values(this.groups)) {
      collected.length = 0
      for (const subscription of Array.from(members)) this.onEnd(subscription, error)
    }
  }

  /** Passes on what came since the last time. To be called after each slice that the live desk has read. */
  flush(next: number): void {
    const from = this.position
    this.position = next
    for (const group of Object.values(this.groups)) {
      const items = group.collected
      group.collected = []
      publish(group, items, from, next)
    }
  }

  /** What is known now, for a client that begins without a position: the open orders, the last fills, the positions. */
  static state(channel: DeskChannel, { fold }: LiveDesk): Buffer {
    const { orders, fills, positions } = fold
    const lines = { orders: () => orders.openOrders, fills: () => fills.slice(-100), positions: () => positions.lines }[
      channel
    ]()
    return socketFrame(toJson({ type: channel, state: true, next: fold.position, [channel]: lines }), TEXT)
  }

  private collect(channel: DeskChannel, line: { readonly position: number }): void {
    const group = this.groups[channel]
    if (group.live.size > 0) group.collected.push({ position: line.position, data: toJson(line) })
  }
}

/** The changes that one subscription has missed. It begins at the snapshot before the position. */
export class DeskReading implements Reading {
  private readonly fold: DeskFold
  private items: Item[] = []

  constructor(sequence: string, from: number, channel: DeskChannel) {
    const collect = (line: { readonly position: number }): void => {
      if (line.position >= from) this.items.push({ position: line.position, data: toJson(line) })
    }
    const events = { orders: { onOrder: collect }, fills: { onFill: collect }, positions: { onPosition: collect } }
    this.fold = new DeskFold(sequence, from, events[channel])
  }

  get position(): number {
    return this.fold.position
  }

  read(): readonly Item[] {
    this.items = []
    this.fold.advance(READ_SLICE)
    return this.items
  }

  close(): void {
    this.fold.close()
  }
}
