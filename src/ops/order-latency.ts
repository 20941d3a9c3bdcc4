import { type Handlers, on } from '../frames/handlers.js'
import { Order, OrderReport } from '../trading/messages/order-frames.js'
import { Intent, VenueReport } from '../trading/sequence/frames.js'
import type { VenueEventKind } from '../trading/venues/venue-event.js'
import { HopHistogram } from './hop-histogram.js'
import { HOPS, type HopName, type HopSample } from './types.js'

/** Orders that are followed at once; beyond that the oldest is forgotten. */
const MOST_FOLLOWED = 10_000
/** What an adapter says by itself: no word of the venue. */
const OF_THE_ADAPTER: ReadonlySet<VenueEventKind> = new Set(['sending', 'not-sent'])

/** How long orders take from hop to hop, from the frames of the sequence and of the strategies' journals. */
export class OrderLatency {
  readonly handlers: Handlers
  private readonly hops = new Map(HOPS.map(hop => [hop, new HopHistogram(hop)]))
  /** When the order was last seen on its way, ns since 1970. */
  private readonly written = new Map<bigint, bigint>()
  private readonly taken = new Map<bigint, bigint>()
  private readonly sent = new Map<bigint, bigint>()

  constructor() {
    this.handlers = on(Order, frame => {
      if (frame.action !== 'new') return
      const { orderId, time, sinceRoot, cause } = frame
      if (cause !== undefined) this.record('decide', sinceRoot ?? 0)
      this.step('take', this.written, orderId, time)
      remember(this.taken, orderId, time)
    })
      .on(Intent, frame => {
        if (frame.action !== 'submit') return
        const { orderId, time } = frame
        this.step('check', this.taken, orderId, time)
        remember(this.sent, orderId, time)
      })
      .on(VenueReport, frame => {
        if (frame.orderId === 0n || OF_THE_ADAPTER.has(frame.kind)) return
        this.step('venue', this.sent, frame.orderId, frame.time)
      })
      // A simulated exchange is part of the gateway: its word is in the reports alone.
      .on(OrderReport, frame => {
        if (frame.state !== 'submitted') this.step('venue', this.sent, frame.orderId, frame.time)
      })
  }

  get samples(): HopSample[] {
    return [...this.hops.values()].map(hop => hop.sample)
  }

  /** A strategy wrote an order. To be called before its copy in the sequence is read. */
  wrote(orderId: bigint, time: bigint): void {
    remember(this.written, orderId, time)
  }

  private step(hop: HopName, since: Map<bigint, bigint>, orderId: bigint, time: bigint): void {
    const began = since.get(orderId)
    if (began === undefined) return
    since.delete(orderId)
    this.record(hop, Number(time - began))
  }

  private record(hop: HopName, ns: number): void {
    this.hops.get(hop)?.record(ns)
  }
}

function remember(times: Map<bigint, bigint>, orderId: bigint, time: bigint): void {
  times.set(orderId, time)
  if (times.size > MOST_FOLLOWED) times.delete(times.keys().next().value as bigint)
}
