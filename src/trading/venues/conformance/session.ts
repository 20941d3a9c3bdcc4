import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Instrument } from '../../instruments/instrument.js'
import { ClientOrderIds, idHigh } from '../../messages/order-id.js'
import { BUY, GTC, LIMIT } from '../../messages/order-terms.js'
import { REASONS } from '../../messages/reasons.js'
import type { AsyncVenue, VenueOrder } from '../async-venue.js'
import { checkVenueEvent } from '../check-event.js'
import { VenueEvent, type VenueEventKind } from '../venue-event.js'
import type { VenueUnderTest } from './venue-checks.js'

/** A venue breaks a rule of the interface. */
export class VenueRuleError extends Error {
  override readonly name = 'VenueRuleError'
}

/** How long to wait for what must come, and for what must not come, in ms. */
const TIMEOUT_MS = 10_000
const QUIET_MS = 200

/** One venue, started, with all that it has said. */
export class VenueSession {
  readonly events: VenueEvent[] = []
  readonly instrument: Instrument
  private readonly origin = BigInt(Date.now() - 60_000) * 1_000_000n
  private readonly high = idHigh(1, 1 + Math.floor(Math.random() * 1000))
  private readonly sent = new Set<string>()
  private count = 0
  private broken: unknown
  private isClosed = false

  static async open(under: VenueUnderTest): Promise<VenueSession> {
    const session = new VenueSession(await under.open(), under)
    await session.start()
    return session
  }

  private constructor(
    readonly venue: AsyncVenue,
    private readonly under: VenueUnderTest,
  ) {
    const { instrument } = under
    if (typeof instrument !== 'string') this.instrument = new Instrument(1, instrument)
    else {
      const spec = venue.instruments.find(({ symbol }) => symbol === instrument)
      if (spec === undefined) throw new VenueRuleError(`the venue has no instrument ${instrument}`)
      this.instrument = new Instrument(1, spec)
    }
  }

  /** ns since the session's origin. */
  get now(): number {
    return Number(BigInt(Date.now()) * 1_000_000n - this.origin)
  }

  /** A limit order to buy that rests, with other terms as given. Each has its own id. */
  order(terms: Partial<VenueOrder> = {}): VenueOrder {
    const { instrument, under } = this
    const idLow = ++this.count
    this.sent.add(keyOf(this.high, idLow))
    return {
      idHigh: this.high,
      idLow,
      instrument,
      account: 0,
      side: BUY,
      type: LIMIT,
      timeInForce: GTC,
      ticks: instrument.price.unitsOf(under.restingPrice),
      steps: instrument.quantity.unitsOf(under.quantity),
      stopTicks: 0,
      expireAt: 0,
      postOnly: false,
      reduceOnly: false,
      deadline: this.now + 5e9,
      ...terms,
    }
  }

  submit(terms: Partial<VenueOrder> = {}): VenueOrder {
    const order = this.order(terms)
    this.venue.submit(order, this.now)
    return order
  }

  cancel({ idHigh: high, idLow }: VenueOrder, request: number): void {
    this.venue.cancel(high, idLow, request, this.now, 0, this.instrument.number)
  }

  amend({ idHigh: high, idLow }: VenueOrder, request: number, ticks: number, steps: number): void {
    const { now } = this
    this.venue.amend(high, idLow, request, ticks, steps, now, 0, this.instrument.number, now + 5e9)
  }

  query({ idHigh: high, idLow }: VenueOrder): void {
    this.venue.query(high, idLow, 0, this.instrument.number, this.now)
  }

  /** What was said of an order. */
  of({ idHigh: high, idLow }: VenueOrder): VenueEvent[] {
    return this.events.filter(event => event.idHigh === high && event.idLow === idLow)
  }

  /** The first event that fits; waits for it. @throws {VenueRuleError} when it does not come. */
  async wait(what: string, fits: (event: VenueEvent) => boolean, from = 0): Promise<VenueEvent> {
    const end = performance.now() + (this.under.timeoutMs ?? TIMEOUT_MS)
    for (;;) {
      this.drive()
      const found = this.events.slice(from).find(fits)
      if (found !== undefined) return found
      if (performance.now() > end)
        throw new VenueRuleError(
          `${what} did not come. What came: ${this.events.map(described).join('; ') || 'nothing'}`,
        )
      await sleep(1)
    }
  }

  /** The first event of an order that has one of these kinds. */
  waitFor({ idHigh: high, idLow }: VenueOrder, ...kinds: VenueEventKind[]): Promise<VenueEvent> {
    return this.wait(
      `'${kinds.join("' or '")}' of order ${idLow}`,
      event => event.idHigh === high && event.idLow === idLow && kinds.includes(event.kind),
    )
  }

  /** Waits until nothing was said for a while. */
  async quiet(): Promise<void> {
    const end = performance.now() + QUIET_MS
    while (performance.now() < end) {
      this.drive()
      await sleep(5)
    }
  }

  /** Reconciles, and returns what was said until it ended. */
  async reconcile(): Promise<VenueEvent[]> {
    const from = this.events.length
    this.venue.reconcile(0, this.now)
    await this.wait("'reconciled'", ({ kind }) => kind === 'reconciled', from)
    return this.events.slice(from)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    await this.venue.close()
  }

  private async start(): Promise<void> {
    const { venue, instrument } = this
    const ids = new ClientOrderIds(BigInt(`0x${randomBytes(5).toString('hex')}`))
    venue.start(event => this.take(event), ids, { origin: this.origin, record: () => {} })
    venue.instrument?.(instrument)
    this.drive()
    if (venue.deterministic) return
    await this.wait("'connected'", ({ kind }) => kind === 'connected')
    await this.reconcile()
  }

  /** Gives the venue what a gateway would: the market, and its time. */
  private drive(): void {
    if (this.broken !== undefined) throw this.broken as Error
    const { venue, under, now } = this
    under.market?.(venue, this.instrument, now)
    if ((venue.nextAt ?? Number.POSITIVE_INFINITY) <= now) venue.advance?.(now)
    if (this.broken !== undefined) throw this.broken as Error
  }

  /** Copies an event, and checks what holds for each. An error must not be thrown into the venue's own code. */
  private take(event: VenueEvent): void {
    try {
      if (this.isClosed) throw new VenueRuleError(`'${event.kind}' came after close()`)
      checkVenueEvent(this.venue.name, event, this.venue.accounts.length)
      const { idHigh: high, idLow } = event
      if ((high !== 0 || idLow !== 0) && !this.sent.has(keyOf(high, idLow)))
        throw new VenueRuleError(`'${event.kind}' is about order ${high}/${idLow}, which was never sent`)
      this.events.push(new VenueEvent().copy(event))
    } catch (error) {
      this.broken ??= error
    }
  }
}

function keyOf(high: number, low: number): string {
  return `${high}/${low}`
}

function described({ kind, idLow, request, reason, steps, filledSteps }: VenueEvent): string {
  const why = reason === 0 ? '' : ` ${REASONS[reason]}`
  return `${kind} of ${idLow}/${request}${why} (${steps} steps, ${filledSteps} filled)`
}
