import type { Client } from './client.js'

/** Something at a position: a frame, or the line of an order after it. */
export interface Item {
  readonly position: number
  readonly data: string | Buffer
}

/** Reads what a subscription has missed, from a position on. */
export interface Reading {
  /** The position of the next frame. */
  readonly position: number
  /** Reads on, and returns what is wanted of it. @throws errors of the journal. */
  read(): readonly Item[]
  close(): void
}

/** Subscriptions that want the same in the same form: what they get is made once. */
export interface Group {
  readonly key: string
  /** All of them, and those that are not behind. */
  readonly members: Set<Subscription>
  readonly live: Set<Subscription>
  /** A message with these items. @param next where to continue after them. */
  encode(items: readonly Item[], next: number): Buffer
  /** Called before a message is written: a binary one needs its schema first. */
  prepare(subscription: Subscription): void
}

/** Bytes that may wait for a client before it is read for, or before it gets nothing live. */
const MOST_UNSENT = 1 << 20
const READ_BELOW = 1 << 18

/**
 * One client's subscription to everything of a kind from a position on: nothing is left out, and nothing comes twice. It is live,
 * or behind: then it reads the journal itself, at the pace at which its client takes what it gets, until it is where the live ones
 * are. A live one whose client is slow falls behind, so what waits in memory is bounded: the journal is the buffer.
 */
export class Subscription {
  private reading: Reading | undefined = undefined
  /** Of the version of the schema that the client has; see FramesFeed. */
  schemaVersion = 0

  constructor(
    readonly client: Client,
    readonly group: Group,
    /** Everything before it was sent. */
    public next: number,
    private readonly open: (from: number) => Reading,
    /** Called when it is live no more: it is to be read for. */
    private readonly onBehind: (subscription: Subscription) => void,
  ) {
    group.members.add(this)
  }

  get isLive(): boolean {
    return this.group.live.has(this)
  }

  /** What is new for all live ones, of which `message` is made. @param from everything from there on is in the items. */
  hear(items: readonly Item[], message: Buffer, from: number, next: number): void {
    // What it has read itself went beyond where the others were.
    const isPart = items[0].position < this.next
    const reached = Math.max(this.next, from)
    if (this.client.unsent > MOST_UNSENT) {
      this.next = reached
      this.group.live.delete(this)
      return this.onBehind(this)
    }
    const own = isPart ? items.filter(({ position }) => position >= this.next) : items
    this.next = Math.max(this.next, next)
    if (own.length === 0) return
    this.deliver(isPart ? this.group.encode(own, next) : message)
  }

  /**
   * Reads on for a client that is behind. Returns whether it did something.
   *
   * @param live where the live ones are.
   */
  catchUp(live: number): boolean {
    if (this.client.unsent > READ_BELOW) return false
    this.reading ??= this.open(this.next)
    const { reading } = this
    const items = reading.read().filter(({ position }) => position >= this.next)
    const { position } = reading
    const hasMoved = position > this.next
    this.next = Math.max(this.next, position)
    if (items.length > 0) this.deliver(this.group.encode(items, this.next))
    if (position >= live) {
      this.stopReading()
      this.group.live.add(this)
    }
    return hasMoved
  }

  close(): void {
    this.stopReading()
    this.group.live.delete(this)
    this.group.members.delete(this)
  }

  private deliver(message: Buffer): void {
    // After the message was made: what its frames need has been looked up then.
    this.group.prepare(this)
    this.client.write(message)
  }

  private stopReading(): void {
    this.reading?.close()
    this.reading = undefined
  }
}

/** A source of items that live subscriptions share. */
export interface Feed {
  /** Where the live ones are. */
  readonly position: number
  /** Reads on and passes on what is new. Returns whether there is more to read now. @throws errors of the journal. */
  advance(): boolean
  close(): void
}

/** Passes on the items of a group. */
export function publish(group: Group, items: readonly Item[], from: number, next: number): void {
  if (items.length === 0 || group.live.size === 0) return
  const message = group.encode(items, next)
  for (const subscription of group.live) subscription.hear(items, message, from, next)
}
