import * as fs from 'node:fs'
import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { PositionError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { PAIR_IDS, Pair, PairReport } from '../messages/pair-frames.js'
import { Clock, Taken } from '../messages/sequence-frames.js'
import { FeedStart, Intent, TimerFired, VenueReport } from '../sequence/frames.js'
import { type HomeDirectory, SEQUENCE, STRATEGY_JOURNALS } from '../sequence/home.js'
import { type Burst, burstIn, burstOf, withOriginal } from './bursts.js'
import type { KnownBefore } from './known-before.js'
import { Names } from './names.js'
import { type RecordedStall, stallsDuring } from './stalls.js'
import { frameInWords } from './words.js'

/** One step on the way of an order. */
export interface Hop {
  /** From 1. */
  readonly number: number
  /** The hop that led to it, and the ns from its frame to this one. Undefined for a first cause. */
  readonly after: number | undefined
  readonly since: number | undefined
  /** The journal, as a path in the home; 'feed' for an event of the feed, which is in no journal. */
  readonly journal: string
  /** In that journal; of the feed the number of the event. */
  readonly position: number
  /** When its frame was written, ns since 1970; of an event of the feed, what the feed says. */
  readonly time: bigint
  readonly type: string
  readonly text: string
  /** Whether it is the frame that was asked about. */
  readonly asked: boolean
  /** Pauses of the process that wrote its frame, between the frame that led to it and this one. */
  readonly stalls: readonly RecordedStall[]
  /** The frame's fields, as in `ticktape tail --json`; undefined for an event of the feed. */
  readonly frame: Record<string, unknown> | undefined
}

export interface ChainOptions {
  readonly orderId?: bigint
  /** Of the frame in the sequence that is asked about. */
  readonly position?: number
  /** How many causes before the order's first frame are shown. */
  readonly depth: number
  readonly onHop: (hop: Hop) => void
}

/**
 * The chain of causes of an order, from the journals of a home: the market event, the strategy's frame in its journal, what the
 * gateway took and copied, what it decided, what was sent, what the venue said, and what became of it. The sequence is read forward
 * once; each frame that belongs to the order is passed on as a hop, its causes first.
 */
export class Chain {
  readonly names = new Names()
  readonly handlers: Handlers
  private readonly hops: Hop[] = []
  /** By position in the sequence: the number of the hop. */
  private readonly bySequence = new Map<number, number>()
  /** Positions in other journals that are hops already, by journal. */
  private readonly originals = new Map<string, Set<number>>()
  private burst: Burst | undefined = undefined
  private readonly feeds: { readonly position: number; readonly identity: string }[] = []
  /** The last hop in which something was sent to a venue. */
  private lastSent: number | undefined = undefined
  /** Whether the id that is asked about is a pair's. */
  private isPair = false
  /** Up to where the order's strategy was taken. */
  private takenTo = 0

  constructor(
    private readonly home: HomeDirectory,
    private readonly options: ChainOptions,
  ) {
    const { orderId } = options
    const journal = orderId === undefined ? -1 : STRATEGY_JOURNALS + Number(orderId >> 52n)
    const own = (frame: FrameView & { readonly orderId: bigint }): void => {
      if (!this.isAsked(frame.orderId)) return
      this.addCauseOf(frame)
      this.add(frame, this.burst)
    }
    this.handlers = this.names
      .learnBy(on(Order, own))
      .on(Intent, own)
      .on(OrderReport, own)
      .on(Fill, own)
      .on(VenueReport, own)
      .on(Pair, frame => {
        if (frame.pairId !== orderId) return
        this.isPair = true
        this.addCauseOf(frame)
        this.add(frame, this.burst)
      })
      .on(PairReport, frame => {
        if (frame.pairId === orderId) this.add(frame, this.burst)
      })
      .on(Taken, frame => {
        this.burst = burstIn(frame)
        if (frame.journal === journal) this.takenTo = frame.to
      })
      .on(Clock, () => {
        this.burst = undefined
      })
      .on(FeedStart, ({ position, identity }) => {
        this.feeds.push({ position, identity })
      })
  }

  /** Begins with what was known where the sequence's first pages end. */
  begin(known: KnownBefore): void {
    this.names.begin(known)
    const strategy = this.options.orderId === undefined ? -1 : STRATEGY_JOURNALS + Number(this.options.orderId >> 52n)
    this.takenTo = new Map(known.desk.taken).get(strategy) ?? 0
    this.feeds.push({ position: known.position, identity: known.desk.feed.identity })
  }

  /** Whether an order is the one that is asked about, or belongs to the pair that is. */
  private isAsked(id: bigint): boolean {
    const { orderId } = this.options
    if (id === orderId) return true
    return this.isPair && orderId !== undefined && id > orderId && id < orderId + BigInt(PAIR_IDS)
  }

  get isEmpty(): boolean {
    return this.hops.length === 0
  }

  /** Adds a frame of the sequence with its causes. To be called after the sequence was read up to it. */
  addAt(position: number): void {
    this.addCauses(position)
  }

  /** Adds the order as its strategy wrote it, when the gateway has not taken it yet. Returns whether it is there. */
  addUntaken(): boolean {
    const { orderId = 0n } = this.options
    const id = this.names.strategy(Number(orderId >> 52n))
    const path = this.home.strategy(id)
    if (!fs.existsSync(path)) return false
    const reader = Reader.open(path, { from: this.takenTo === 0 ? 'start' : { position: this.takenTo } })
    try {
      for (const frame of reader) {
        if (!frame.is(Order) || frame.orderId !== orderId) continue
        this.addCauseOf(frame)
        this.push(frame, `strategies/${id}`, this.bySequence.get(frame.cause ?? NONE), ', not taken by the gateway yet')
      }
    } finally {
      reader.close()
    }
    return !this.isEmpty
  }

  private addCauseOf(frame: FrameView): void {
    const cause = causeInSequence(frame)
    if (cause !== undefined) this.addCauses(cause)
  }

  /** Adds the frame at a position of the sequence, after as many of the frames that led to it as are wanted. */
  private addCauses(position: number): void {
    const path: number[] = []
    let next: number | undefined = position
    while (next !== undefined && path.length < this.options.depth && !this.bySequence.has(next)) {
      path.unshift(next)
      next = this.withFrameAt(next, causeInSequence)
    }
    for (const one of path) {
      const found = burstOf(this.home.sequence, one)
      this.withFrameAt(one, frame => this.add(frame, found?.burst, found?.events))
    }
  }

  /** Adds a frame of the sequence; of one that was taken also where it comes from. */
  private add(frame: FrameView, burst: Burst | undefined, events = 0): void {
    const { position } = frame
    if (this.bySequence.has(position)) return
    let after = this.bySequence.get(causeInSequence(frame) ?? NONE)
    if (burst !== undefined && burst.journal === FEED && isMarketEvent(frame))
      after = this.addEvent(frame, burst, events)
    else if (burst !== undefined && burst.journal !== FEED && !isOutcome(frame))
      after = this.addOriginal(frame, burst, after)
    this.bySequence.set(position, this.push(frame, this.names.journal(SEQUENCE), after))
    if (frame.is(Intent)) this.lastSent = this.hops.length
  }

  /** The event of the feed that a frame is of, and the Taken frame. Returns that one's number. */
  private addEvent(frame: FrameView, burst: Burst, events: number): number {
    // A Ticker follows the quote that it is of, which is counted.
    const position = burst.from + events - (frame.is(Ticker) ? 1 : 0)
    const feed = this.feeds.findLast(one => one.position < frame.position)?.identity ?? ''
    const { venueTime } = frame as unknown as { readonly venueTime: bigint }
    this.emit({
      after: undefined,
      since: undefined,
      journal: this.names.journal(FEED),
      position,
      time: venueTime,
      type: 'event',
      text: `event ${position} of the feed '${feed}'`,
      asked: false,
      stalls: [],
      frame: undefined,
    })
    return this.addTaken(burst, undefined)
  }

  /** The frame of which this one is a copy, and the Taken frame. Returns the number of the hop that led to the copy. */
  private addOriginal(copy: FrameView, burst: Burst, cause: number | undefined): number | undefined {
    const journal = this.names.journal(burst.journal)
    const path = this.home.journalAt(journal)
    let used = this.originals.get(journal)
    if (used === undefined) this.originals.set(journal, (used = new Set()))
    let original: number | undefined
    // A venue in the gateway's process has no journal; and a journal may have been pruned, or moved away by a reset.
    if (path !== undefined)
      withOriginal(path, burst, copy, used, frame => {
        original = this.push(frame, journal, cause ?? (copy.is(VenueReport) ? this.lastSent : undefined))
        if (frame.is(VenueReport) && frame.kind === 'sending') this.lastSent = original
      })
    if (original === undefined && !copy.is(VenueReport) && !copy.is(Order)) return cause
    return this.addTaken(burst, original ?? cause ?? this.lastSent)
  }

  private addTaken(burst: Burst, after: number | undefined): number {
    const known = this.bySequence.get(burst.position)
    if (known !== undefined) return known
    const number = this.withFrameAt(burst.position, frame => this.push(frame, this.names.journal(SEQUENCE), after))
    this.bySequence.set(burst.position, number)
    return number
  }

  /** Passes on a frame as the next hop. Returns its number. */
  private push(frame: FrameView, journal: string, after: number | undefined, note = ''): number {
    const { time, position } = frame
    const earlier = after === undefined ? undefined : this.hops[after - 1]
    const since = earlier === undefined ? undefined : Number(time - earlier.time)
    return this.emit({
      after,
      since,
      journal,
      position,
      time,
      type: frame.definition.name,
      text: frameInWords(frame, this.names) + note,
      asked: journal === this.names.journal(SEQUENCE) && position === this.options.position,
      stalls: earlier === undefined ? [] : this.stallsIn(journal, earlier.time, time),
      frame: frame.toJSON(),
    })
  }

  /** The pauses of the process that writes a journal. A hop that was quick needs no reason. */
  private stallsIn(journal: string, from: bigint, to: bigint): RecordedStall[] {
    const path = to - from < SLOW_NS ? undefined : this.home.journalAt(journal)
    return path === undefined ? [] : stallsDuring(path, from, to)
  }

  private emit(hop: Omit<Hop, 'number'>): number {
    const number = this.hops.length + 1
    const numbered = { number, ...hop }
    this.hops.push(numbered)
    this.options.onHop(numbered)
    return number
  }

  private withFrameAt<T>(position: number, act: (frame: FrameView) => T): T {
    const reader = Reader.open(this.home.sequence, { from: { position } })
    try {
      for (const frame of reader) return act(frame)
      throw new PositionError(`${this.home.sequence} has no frame at position ${position} yet`, {
        path: this.home.sequence,
        position,
      })
    } finally {
      reader.close()
    }
  }
}

/** Of a Taken: what comes from the feed. */
const FEED = 0
/** A hop that takes longer is looked at: was its process paused? In ns. */
const SLOW_NS = 1_000_000n
/** No position. */
const NONE = -1

function causeInSequence({ cause, causeJournal }: FrameView): number | undefined {
  return causeJournal === SEQUENCE ? cause : undefined
}

function isMarketEvent(frame: FrameView): boolean {
  return frame.is(BookTop) || frame.is(Trade) || frame.is(Ticker)
}

/** What the gateway decided: it has a cause, but is no copy. */
function isOutcome(frame: FrameView): boolean {
  return frame.is(Intent) || frame.is(OrderReport) || frame.is(Fill) || frame.is(PairReport) || frame.is(TimerFired)
}
