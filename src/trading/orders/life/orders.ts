import type { Instruments } from '../../instruments/instruments.js'
import { strategyOfHigh } from '../../messages/order-id.js'
import type { VenueEvent } from '../../venues/venue-event.js'
import { book, isSound, type Margins, say } from './booking.js'
import { FinalOrders, type FinalOrdersData } from './final-orders.js'
import { ForeignOrders } from './foreign.js'
import { IdTable } from './id-table.js'
import { LiveOrder } from './live-order.js'
import { ListKind, OrderList } from './order-list.js'
import { stateOf } from './state.js'
import { type Effect, effectOf } from './transitions.js'
import { Changed, Word } from './words.js'

export interface OrdersOptions {
  /** A final order is kept for at least this long after the last word about it. Default 10 minutes, in ns. */
  readonly keepNs?: number
  /** At most this many final orders are kept; then the one that ended first is removed, however young. Default 262,144. */
  readonly keepMost?: number
  /** How long after a request's deadline a "not found" proves something: the clocks may differ by it. Default 1 s, in ns. */
  readonly marginNs?: number
  /** How long a venue knows orders that were never filled: a "not found" later than that proves nothing. Default 1 h, in ns. */
  readonly venueKeepsNs?: number
  /** Orders of others that are remembered. Default 10,000. */
  readonly foreignMost?: number
}

const SECOND = 1e9

/**
 * All orders that a venue might still speak of.
 *
 *     const order = orders.create(idHigh, idLow)        // then set instrument, side, ticks, steps, ...
 *     orders.submit(order)
 *     const changed = orders.apply(event, now)          // bits of Changed; orders.order is the order of the event
 *
 * An order that is final is kept for `keepNs` after the last event about it, and longer while fills are missing; a
 * later event about it is FORGOTTEN. Memory is bounded by the orders that are open and by `keepMost` final ones.
 *
 * Each event changes the facts of its order in a way that does not depend on the order of arrival (life/booking), so that any
 * permutation and duplication of the answers ends the same. Nothing is allocated but orders, which are used again.
 */
export class Orders {
  /** The order of the last event; undefined when it was about none of ours. */
  order: LiveOrder | undefined = undefined
  readonly foreign: ForeignOrders
  /** Orders that are not final. */
  open = 0
  /** Orders in the book, final ones included. */
  size = 0
  /** Orders; or the places of those that are packed (life/final-orders). */
  private readonly table = new IdTable<LiveOrder | number>()
  private readonly strategies: OrderList[] = []
  private readonly instruments: OrderList[] = []
  private readonly accounts: OrderList[] = []
  private readonly pool: LiveOrder[] = []
  /** @internal */
  readonly finals: FinalOrders
  private sequence = 0
  private readonly keepNs: number
  private readonly keepMost: number
  private readonly margins: Margins

  /** @param known where the instruments of orphans are found. */
  constructor(
    private readonly known: Instruments,
    options: OrdersOptions = {},
  ) {
    this.keepNs = options.keepNs ?? 600 * SECOND
    this.keepMost = options.keepMost ?? 2 ** 18
    this.margins = {
      marginNs: options.marginNs ?? SECOND,
      venueKeepsNs: options.venueKeepsNs ?? 3600 * SECOND,
    }
    this.finals = new FinalOrders(known)
    this.foreign = new ForeignOrders(options.foreignMost ?? 10_000)
  }

  /** An empty order with an id. It is not in the book until `submit`; one that is denied before goes to `discard`. */
  create(idHigh: number, idLow: number): LiveOrder {
    const order = this.pool.pop() ?? new LiveOrder()
    order.idHigh = idHigh
    order.idLow = idLow
    order.strategy = strategyOfHigh(idHigh)
    return order
  }

  /** Takes back an order that was never submitted. Its id counts as used. */
  discard(order: LiveOrder): void {
    this.table.use(order.idHigh, order.idLow)
    this.recycle(order)
  }

  /** Puts an order into the book, as asked and not answered. */
  submit(order: LiveOrder, now: number): void {
    order.submitPending = true
    this.insert(order)
    if (this.finals.count > 0) this.forget(now, 2)
  }

  find(idHigh: number, idLow: number): LiveOrder | undefined {
    const entry = this.table.get(idHigh, idLow)
    return typeof entry === 'number' ? this.unpack(entry) : entry
  }

  /** Whether an id was given to an order of ours at some time, also one that was forgotten or denied. */
  wasUsed(idHigh: number, idLow: number): boolean {
    return this.table.wasUsed(idHigh, idLow)
  }

  /** The open orders of a strategy, by its number. */
  ofStrategy(strategy: number): OrderList {
    return (this.strategies[strategy] ??= new OrderList(ListKind.STRATEGY))
  }

  /** The open orders of an instrument, by its number. */
  ofInstrument(instrument: number): OrderList {
    return (this.instruments[instrument] ??= new OrderList(ListKind.INSTRUMENT))
  }

  /** The open orders of an account, by its number on the desk. */
  ofAccount(account: number): OrderList {
    return (this.accounts[account] ??= new OrderList(ListKind.ACCOUNT))
  }

  /** Asks for new terms. Returns the number of the request. `steps` is the new total, the filled part included. */
  requestAmend(order: LiveOrder, ticks: number, steps: number, deadline: number): number {
    const number = ++order.lastRequest
    order.requests.add(number, false, ticks, steps, deadline)
    return number
  }

  /** Asks for an end. Returns the number of the request. May be repeated. */
  requestCancel(order: LiveOrder, deadline: number): number {
    const number = ++order.lastRequest
    order.requests.add(number, true, 0, 0, deadline)
    return number
  }

  /** The outcome of the order is not known from now on: a request was sent and not answered, a connection was lost. */
  markUnknown(order: LiveOrder, now: number): number {
    if (order.unknownSince >= 0 || order.isFinal) return 0
    order.unknownSince = now
    return Changed.CERTAINTY | Changed.STATE
  }

  /** Denies an order that is in the book and of which it is certain that it never left. */
  deny(order: LiveOrder, reason: number, now: number): number {
    const before = stateOf(order)
    const wasFinal = order.isFinal
    if (order.word !== Word.NOTHING) return 0
    say(order, Word.DENIED, reason)
    order.submitPending = false
    order.unknownSince = -1
    return this.complete(order, before, wasFinal, order.missingSteps, 0, now)
  }

  /** Gives up on the fills that the venue counts and never reported: a difference in position, not a trade. */
  writeOffMissing(order: LiveOrder, now: number): number {
    const missing = order.missingSteps
    if (missing === 0) return 0
    order.writtenOff += missing
    order.endedAt = now
    return Changed.MISSING
  }

  /**
   * Books what a venue said. Events about accounts change nothing here. Returns bits of Changed; 0 is nothing new.
   * `order` is then the order of the event.
   */
  apply(event: VenueEvent, now: number): number {
    this.order = undefined
    const effect = effectOf(event.kind)
    if (effect === undefined) return 0
    const { idHigh, idLow } = event
    if (idHigh === 0 && idLow === 0) {
      if (event.venueOrderId === '') return Changed.INVALID
      this.foreign.apply(event, now, this.known.get(event.instrument)?.venue)
      return Changed.FOREIGN
    }
    const order = this.find(idHigh, idLow)
    if (order !== undefined) return this.applyTo(order, effect, event, now, 0)
    if (this.table.wasUsed(idHigh, idLow) || !isProof(event)) return Changed.FORGOTTEN
    return this.adopt(effect, event, now)
  }

  /** Removes final orders whose time is over, at most so many. */
  forget(now: number, most: number): void {
    const { finals, keepNs, keepMost } = this
    for (let i = 0; i < most; i++) {
      if (finals.count === 0 || (now - finals.oldestQueuedAt <= keepNs && finals.count <= keepMost)) return
      const order = finals.oldest
      const hasMore = finals.count - 1 >= keepMost
      if (order === undefined) this.forgetPacked(now, hasMore)
      else {
        finals.removeOldest()
        if (!order.isFinal) continue
        // Heard of again meanwhile, or incomplete: it waits once more.
        const isRecent = now - order.endedAt <= keepNs && !hasMore
        if (order.missingSteps > 0 || isRecent) this.enqueue(order)
        else this.remove(order)
      }
    }
  }

  /** All orders in the book. Final ones may be copies: see life/final-orders. */
  *[Symbol.iterator](): Generator<LiveOrder, undefined> {
    for (const list of this.strategies) if (list !== undefined) yield* list
    for (const order of this.finals) if (order.isFinal) yield order
  }

  /** @internal The open orders, and the final ones that are objects: all that risk may count. */
  *objects(): Generator<LiveOrder, undefined> {
    for (const list of this.strategies) if (list !== undefined) yield* list
    for (const order of this.finals.objects()) if (order.isFinal) yield order
  }

  /** @internal Puts an order of a snapshot into the book as it is. Its place among the final ones says `restoreFinals`. */
  restore(order: LiveOrder): void {
    this.table.set(order.idHigh, order.idLow, order)
    this.size++
    if (!order.isFinal) this.list(order)
  }

  /** @internal The orders that are objects were restored. */
  restoreFinals(finals: FinalOrdersData): void {
    this.finals.load(
      finals,
      (idHigh, idLow) => this.find(idHigh, idLow),
      (idHigh, idLow, place) => {
        this.table.set(idHigh, idLow, place)
        this.size++
      },
    )
  }

  /** @internal The highest counter of each high word, for snapshots. */
  highest(): Iterable<readonly [high: number, low: number]> {
    return this.table.highest()
  }

  /** @internal */
  use(idHigh: number, idLow: number): void {
    this.table.use(idHigh, idLow)
  }

  private insert(order: LiveOrder): void {
    this.table.set(order.idHigh, order.idLow, order)
    this.size++
    if (order.isFinal) this.enqueue(order)
    else this.list(order)
  }

  private adopt(effect: Effect, event: VenueEvent, now: number): number {
    const instrument = this.known.get(event.instrument)
    if (instrument === undefined) return Changed.INVALID
    const order = this.create(event.idHigh, event.idLow)
    order.orphan = true
    order.instrument = instrument
    order.account = event.account
    order.accountNumber = this.accountNumberOf(instrument.venue, event.account)
    order.side = event.side
    if (effect.event !== 'fill') {
      order.ticks = event.ticks
      order.steps = event.steps
    }
    // That it was sent is all that is known of it.
    if (effect.event === 'sending') order.unknownSince = now
    this.insert(order)
    const changed = this.applyTo(order, effect, event, now, Changed.ORPHAN)
    // A fill proves that it arrived. Its quantity, and whether it still works, only the venue knows: it is asked.
    if (effect.event !== 'fill' || order.isFinal || (changed & Changed.INVALID) !== 0) return changed
    return changed | this.markUnknown(order, now)
  }

  /** The number on the desk of a venue's account: set by the gateway. */
  accountNumberOf: (venue: string, account: number) => number = (_, account) => account

  private applyTo(order: LiveOrder, effect: Effect, event: VenueEvent, now: number, changed: number): number {
    this.order = order
    if (!isSound(event, order)) return changed | Changed.INVALID
    const before = stateOf(order)
    const wasFinal = order.isFinal
    const missing = order.missingSteps
    return this.complete(order, before, wasFinal, missing, changed | book(order, effect, event, now, this.margins), now)
  }

  /** Adds what follows from the facts, and keeps the lists of open orders. */
  private complete(
    order: LiveOrder,
    before: number,
    wasFinal: boolean,
    missing: number,
    changed: number,
    now: number,
  ): number {
    let all = changed
    const isFinal = order.isFinal
    const after = stateOf(order)
    if (after !== before) all |= Changed.STATE
    if (order.missingSteps !== missing) all |= Changed.MISSING
    if (wasFinal && after !== before) all |= Changed.REVISED
    if (isFinal && !wasFinal) all |= Changed.FINAL
    if (isFinal !== wasFinal) {
      if (isFinal) this.unlist(order)
      else this.list(order)
    }
    if (isFinal) {
      order.endedAt = now
      // A packed order does not have it.
      order.isAsked = false
      if (!order.queued) this.enqueue(order)
    }
    return all
  }

  private list(order: LiveOrder): void {
    this.open++
    order.sequence = ++this.sequence
    this.ofStrategy(order.strategy).add(order)
    this.ofInstrument(order.instrument.number).add(order)
    this.ofAccount(order.accountNumber).add(order)
  }

  private unlist(order: LiveOrder): void {
    this.open--
    this.ofStrategy(order.strategy).remove(order)
    this.ofInstrument(order.instrument.number).remove(order)
    this.ofAccount(order.accountNumber).remove(order)
  }

  private enqueue(order: LiveOrder): void {
    const { finals } = this
    finals.add(order)
    const packed = finals.pack()
    if (packed === undefined) return
    this.table.set(packed.idHigh, packed.idLow, finals.packedPlace)
    if (this.order === packed) this.order = undefined
    this.recycle(packed)
  }

  private unpack(place: number): LiveOrder {
    const order = this.finals.unpack(place, this.pool.pop() ?? new LiveOrder())
    this.table.set(order.idHigh, order.idLow, order)
    return order
  }

  private forgetPacked(now: number, hasMore: boolean): void {
    const { finals } = this
    const { oldestIdHigh, oldestIdLow } = finals
    if (now - finals.oldestEndedAt <= this.keepNs && !hasMore) {
      const order = this.find(oldestIdHigh, oldestIdLow)
      finals.removeOldest()
      if (order !== undefined) this.enqueue(order)
      return
    }
    finals.removeOldest()
    this.table.delete(oldestIdHigh, oldestIdLow)
    this.size--
  }

  private remove(order: LiveOrder): void {
    this.table.delete(order.idHigh, order.idLow)
    this.size--
    if (this.order === order) this.order = undefined
    this.recycle(order)
  }

  private recycle(order: LiveOrder): void {
    order.reset()
    order.queued = false
    this.pool.push(order)
  }
}

/** Whether an event about an order that no journal knows shows that there is or was one, and says which side it has. */
function isProof({ kind, request }: VenueEvent): boolean {
  switch (kind) {
    case 'sending':
      return request === 0
    case 'amend-rejected':
    case 'cancel-rejected':
    case 'not-sent':
    case 'not-found':
      return false
    default:
      return true
  }
}
