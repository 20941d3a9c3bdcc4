import { VenueMissingError } from '../errors.js'
import type { Instrument } from '../instruments/instrument.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { SubmitBatches } from '../venues/submit-batches.js'
import type { VenueEvent } from '../venues/venue-event.js'
import { Pacing } from './pacing.js'

/** A request that may leave once its Intent is in the sequence. */
interface Held {
  action: 'submit' | 'amend' | 'cancel' | 'query' | 'reconcile'
  order: LiveOrder | undefined
  idHigh: number
  idLow: number
  account: number
  instrument: number
  request: number
  ticks: number
  steps: number
  deadline: number
}

/**
 * A venue as the desk sees it. Requests to a deterministic venue are passed on at once: it is part of the desk, and replay
 * gets the same answers from it. Requests to any other are held until `send`, when the sequence has them.
 */
export class DeskVenue {
  /** Requests that wait for its request limits. */
  readonly pacing = new Pacing()
  private held: Held[] = []

  constructor(
    readonly venue: AsyncVenue,
    /** Its index among the venues. */
    readonly number: number,
    /** The number on the desk of its first account. */
    readonly firstAccount: number,
    /** How long a venue may act on a request, in ns; 0 without a limit. */
    private readonly expiryNs: number,
    /** Whether it runs in its own process, which reads its requests from the sequence. */
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

  /** Whether what was sent to it, and not answered, is lost with the gateway's process. */
  get isVolatile(): boolean {
    return !this.venue.deterministic && !this.isRemote
  }

  /** The deadline of a request that is decided now. */
  deadline(now: number): number {
    return this.expiryNs === 0 ? 0 : now + this.expiryNs
  }

  submit(order: LiveOrder, now: number): void {
    if (this.venue.deterministic) this.venue.submit(order, now)
    else this.hold('submit', order, 0, order.ticks, order.steps)
  }

  amend(order: LiveOrder, request: number, ticks: number, steps: number, now: number): void {
    const { idHigh, idLow, account, instrument } = order
    const deadline = this.deadline(now)
    if (this.venue.deterministic)
      this.venue.amend(idHigh, idLow, request, ticks, steps, now, account, instrument.number, deadline)
    else this.hold('amend', order, request, ticks, steps, deadline)
  }

  cancel(order: LiveOrder, request: number, now: number): void {
    const { idHigh, idLow, account, instrument } = order
    if (this.venue.deterministic) this.venue.cancel(idHigh, idLow, request, now, account, instrument.number)
    else this.hold('cancel', order, request, 0, 0)
  }

  query(order: LiveOrder, now: number): void {
    const { idHigh, idLow, account, instrument } = order
    if (this.venue.deterministic) this.venue.query(idHigh, idLow, account, instrument.number, now)
    else this.hold('query', order, 0, 0, 0)
  }

  reconcile(account: number, now: number): void {
    if (this.venue.deterministic) return this.venue.reconcile(account, now)
    if (!this.isRemote)
      this.held.push({
        action: 'reconcile',
        order: undefined,
        idHigh: 0,
        idLow: 0,
        account,
        instrument: 0,
        request: 0,
        ticks: 0,
        steps: 0,
        deadline: 0,
      })
  }

  /** The sequence has the Intent of the oldest request that is held, from an earlier gateway: it is not sent again. */
  dropFirst(): void {
    this.held.shift()
  }

  /** What is held may have left before the machine stopped. */
  dropAll(): void {
    this.held = []
  }

  /** Passes on what is held. */
  send(now: number): void {
    if (this.held.length === 0) return
    const { held, venue } = this
    this.held = []
    const batches = new SubmitBatches(venue, now)
    for (const { action, order, idHigh, idLow, account, instrument, request, ticks, steps, deadline } of held) {
      // The order may have been forgotten since, and its object used again for another order.
      const isSame = order?.idHigh === idHigh && order.idLow === idLow
      if (action === 'submit' && order !== undefined && isSame) {
        batches.add(order)
        continue
      }
      batches.flush()
      if (action === 'amend') venue.amend(idHigh, idLow, request, ticks, steps, now, account, instrument, deadline)
      else if (action === 'cancel') venue.cancel(idHigh, idLow, request, now, account, instrument)
      else if (action === 'query') venue.query(idHigh, idLow, account, instrument, now)
      else if (action === 'reconcile') venue.reconcile(account, now)
    }
    batches.flush()
  }

  private hold(
    action: Held['action'],
    order: LiveOrder,
    request: number,
    ticks: number,
    steps: number,
    deadline = 0,
  ): void {
    // An adapter in a process of its own reads the Intent.
    if (this.isRemote) return
    const { idHigh, idLow, account, instrument } = order
    this.held.push({
      action,
      order,
      idHigh,
      idLow,
      account,
      instrument: instrument.number,
      request,
      ticks,
      steps,
      deadline,
    })
  }
}

/** All venues of a desk. */
export class DeskVenues {
  /** Called with each event of a deterministic venue, from inside the calls below. Set by the desk. */
  onEvent: (venue: DeskVenue, event: VenueEvent) => void = () => {}
  readonly all: readonly DeskVenue[]
  private readonly byName = new Map<string, DeskVenue>()
  /** For market data, which asks for each event: by the instrument's number. */
  private readonly byInstrument: (DeskVenue | undefined)[] = []

  constructor(venues: readonly DeskVenue[]) {
    this.all = venues
    for (const venue of venues) this.byName.set(venue.name, venue)
  }

  /** The venue that trades an instrument. */
  of(instrument: Instrument): DeskVenue | undefined {
    return (this.byInstrument[instrument.number] ??= this.byName.get(instrument.venue))
  }

  named(name: string): DeskVenue | undefined {
    return this.byName.get(name)
  }

  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { venue } of this.all) {
      const at = venue.nextAt
      if (at !== undefined && at < next) next = at
    }
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
    const { venue } = this.of(instrument) ?? NO_VENUE
    if (venue?.deterministic) venue.quote?.(instrument, bidTicks, bidSteps, askTicks, askSteps, now)
  }

  trade(instrument: Instrument, side: number, ticks: number, steps: number, now: number): void {
    const { venue } = this.of(instrument) ?? NO_VENUE
    if (venue?.deterministic) venue.trade?.(instrument, side, ticks, steps, now)
  }

  send(now: number): void {
    for (const venue of this.all) venue.send(now)
  }

  /** The states of the deterministic venues, by number; null for any other. @throws {VenueMissingError} */
  save(): unknown[] {
    return this.all.map(({ venue }) => (venue.deterministic ? savable(venue).save() : null))
  }

  /** @throws {VenueMissingError} */
  load(states: readonly unknown[]): void {
    for (const { venue, number } of this.all) if (venue.deterministic) savable(venue).load(states[number])
  }
}

function savable(venue: AsyncVenue): Required<Pick<AsyncVenue, 'save' | 'load'>> {
  if (venue.save === undefined || venue.load === undefined)
    throw new VenueMissingError(
      `the venue '${venue.name}' is deterministic, but has no save() and load(): there are no snapshots with it`,
      [venue.name],
    )
  return { save: () => venue.save?.(), load: state => venue.load?.(state) }
}

const NO_VENUE: { readonly venue?: AsyncVenue } = {}
