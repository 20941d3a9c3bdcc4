import type { Instrument } from '../instruments/instrument.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import type { VenueEvent } from '../venues/venue-event.js'

/** A request that may leave once its Intent is in the sequence. */
interface Held {
  order: LiveOrder | undefined
  idHigh: number
  idLow: number
  /** 0 is the order itself. */
  request: number
  isCancel: boolean
  ticks: number
  steps: number
}

/**
 * A venue as the desk sees it. Requests to a deterministic venue are passed on at once: it is part of the desk, and replay
 * makes its answers again. Requests to any other are held until `send`, when the sequence has them.
 */
export class DeskVenue {
  /** Whether requests are passed on. False while the sequence is read again: what was sent is not sent twice. */
  isLive = false
  private readonly held: Held[] = []
  private count = 0

  constructor(
    readonly venue: AsyncVenue,
    /** Its index among the venues. */
    readonly number: number,
    /** The number on the desk of its first account. */
    readonly firstAccount: number,
    /** How long a request may act, in ns; 0 without a limit. */
    private readonly expiryNs: number,
    /** Whether it runs in a process of its own, which reads the sequence. */
    readonly isRemote: boolean,
  ) {}

  get name(): string {
    return this.venue.name
  }

  get accounts(): readonly string[] {
    return this.venue.accounts
  }

  get canAmend(): boolean {
    return this.venue.canAmend
  }

  /** When a request that is decided now may no longer act. */
  deadline(now: number): number {
    return this.expiryNs === 0 ? 0 : now + this.expiryNs
  }

  submit(order: LiveOrder, now: number): void {
    if (this.venue.deterministic) this.venue.submit(order, now)
    else this.hold(order, 0, false, order.ticks, order.steps)
  }

  amend(order: LiveOrder, request: number, ticks: number, steps: number, now: number): void {
    if (this.venue.deterministic) this.venue.amend(order.idHigh, order.idLow, request, ticks, steps, now)
    else this.hold(order, request, false, ticks, steps)
  }

  cancel(order: LiveOrder, request: number, now: number): void {
    if (this.venue.deterministic) this.venue.cancel(order.idHigh, order.idLow, request, now)
    else this.hold(order, request, true, 0, 0)
  }

  reconcile(account: number, now: number): void {
    if (this.venue.deterministic || (this.isLive && !this.isRemote)) this.venue.reconcile(account, now)
  }

  query(order: LiveOrder, now: number): void {
    const { idHigh, idLow, account, instrument } = order
    if (this.venue.deterministic || (this.isLive && !this.isRemote))
      this.venue.query(idHigh, idLow, account, instrument.number, now)
  }

  /** Passes on what is held. */
  send(now: number): void {
    const { count } = this
    if (count === 0) return
    this.count = 0
    for (let i = 0; i < count; i++) {
      const { order, idHigh, idLow, request, isCancel, ticks, steps } = this.held[i]
      this.held[i].order = undefined
      if (request === 0) {
        // An order that became final meanwhile may be another one's object by now.
        if (order !== undefined && order.idHigh === idHigh && order.idLow === idLow) this.venue.submit(order, now)
      } else if (isCancel) this.venue.cancel(idHigh, idLow, request, now)
      else this.venue.amend(idHigh, idLow, request, ticks, steps, now)
    }
  }

  private hold(order: LiveOrder, request: number, isCancel: boolean, ticks: number, steps: number): void {
    if (!this.isLive || this.isRemote) return
    const held = (this.held[this.count] ??= {
      order: undefined,
      idHigh: 0,
      idLow: 0,
      request: 0,
      isCancel: false,
      ticks: 0,
      steps: 0,
    })
    this.count++
    held.order = request === 0 ? order : undefined
    held.idHigh = order.idHigh
    held.idLow = order.idLow
    held.request = request
    held.isCancel = isCancel
    held.ticks = ticks
    held.steps = steps
  }
}

/** All venues of a desk. */
export class DeskVenues {
  /** Called with each event of a deterministic venue, from inside the calls below. Set by the desk. */
  onEvent: (venue: DeskVenue, event: VenueEvent) => void = () => {}
  readonly all: readonly DeskVenue[]
  private readonly byName = new Map<string, DeskVenue>()

  constructor(venues: readonly DeskVenue[]) {
    this.all = venues
    for (const venue of venues) this.byName.set(venue.name, venue)
  }

  /** The venue that trades an instrument. */
  of(instrument: Instrument): DeskVenue | undefined {
    return this.byName.get(instrument.venue)
  }

  named(name: string): DeskVenue | undefined {
    return this.byName.get(name)
  }

  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { venue } of this.all) if (venue.nextAt !== undefined && venue.nextAt < next) next = venue.nextAt
    return next
  }

  advance(now: number): void {
    for (const { venue } of this.all)
      if (venue.deterministic && venue.nextAt !== undefined && venue.nextAt <= now) venue.advance?.(now)
  }

  quote(
    instrument: Instrument,
    bidTicks: number,
    bidSteps: number,
    askTicks: number,
    askSteps: number,
    now: number,
  ): void {
    const { venue } = this.of(instrument) ?? NOBODY
    if (venue?.deterministic) venue.quote?.(instrument, bidTicks, bidSteps, askTicks, askSteps, now)
  }

  trade(instrument: Instrument, side: number, ticks: number, steps: number, now: number): void {
    const { venue } = this.of(instrument) ?? NOBODY
    if (venue?.deterministic) venue.trade?.(instrument, side, ticks, steps, now)
  }

  send(now: number): void {
    for (const venue of this.all) venue.send(now)
  }
}

const NOBODY: { readonly venue?: AsyncVenue } = {}
