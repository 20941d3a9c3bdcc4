import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import type { Risk } from '../risk/risk.js'
import { VenueEvent } from '../venues/venue-event.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import type { Outcomes } from './outcomes.js'
import type { Reconciliation } from './reconciliation.js'
import type { PacedAction, WaitingRequest } from './waiting-requests.js'

const NOT_SENT = reasonCode('not-sent')
const ORDER_IS_FINAL = reasonCode('order-is-final')
const CANCELLED_BEFORE_SENT = reasonCode('cancelled-before-sent')

/** What departures need of the desk. */
export interface DepartureDesk {
  readonly now: number
  readonly cause: number
  readonly orders: Orders
  readonly risk: Risk
  readonly venues: DeskVenues
  readonly outcomes: Outcomes
  /** The venue acts on no request after this, by its own clock. */
  deadlineAt(venue: DeskVenue): number
  /** An order has changed in a way that no venue has said. */
  orderChanged(order: LiveOrder): void
  /** Books and reports an event that the gateway itself makes. @param cause the position of the frame that led to it. */
  ownEvent(venue: DeskVenue, event: VenueEvent, cause: number): void
}

/**
 * The last door of the desk: requests that have passed all checks leave here, at once or as the venue's limits allow
 * (pacing.ts). What leaves has its Intent; what does not, its reason.
 */
export class Departures {
  private readonly event = new VenueEvent()

  constructor(
    private readonly desk: DepartureDesk,
    private readonly reconciliation: Reconciliation,
  ) {}

  /** When a request that waits may leave; Infinity when none waits. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { pacing } of this.desk.venues.all) if (pacing.nextAt < next) next = pacing.nextAt
    return next
  }

  submit(order: LiveOrder, venue: DeskVenue): void {
    if (venue.pacing.admits('submit', order.account, this.desk.now))
      return this.submitNow(order, venue, this.desk.cause, venue.deadline(this.desk.now))
    order.isHeld = true
    this.hold(venue, 'submit', order, 0, 0, 0, order.deadline, venue.deadline(this.desk.now))
  }

  amend(order: LiveOrder, request: number, ticks: number, steps: number, deadline: number, venue: DeskVenue): void {
    if (venue.pacing.admits('amend', order.account, this.desk.now))
      return this.amendNow(
        order,
        request,
        ticks,
        steps,
        deadline,
        venue,
        this.desk.cause,
        venue.deadline(this.desk.now),
      )
    this.hold(venue, 'amend', order, request, ticks, steps, deadline, venue.deadline(this.desk.now))
  }

  cancel(order: LiveOrder, request: number, venue: DeskVenue): void {
    if (venue.pacing.admits('cancel', order.account, this.desk.now))
      return this.cancelNow(order, request, venue, this.desk.cause)
    this.hold(venue, 'cancel', order, request, 0, 0, 0, 0)
  }

  /** An order is to be cancelled: what of it waits will not leave. Returns whether the order itself has not left. */
  dropWaiting(order: LiveOrder, venue: DeskVenue): boolean {
    if (venue.pacing.waiting === 0) return false
    const wasHeld = order.isHeld
    for (const request of venue.pacing.drop(other => other === order))
      this.refuse(request, venue, CANCELLED_BEFORE_SENT)
    return wasHeld
  }

  /** No submit and no amend that waits leaves any more. Cancels do. @param reason an index into REASONS. */
  refuseWaiting(reason: number, isMeant: (order: LiveOrder) => boolean = () => true): void {
    for (const venue of this.desk.venues.all)
      for (const request of venue.pacing.drop(isMeant)) this.refuse(request, venue, reason)
  }

  /** Lets leave what may. */
  advance(): void {
    for (const venue of this.desk.venues.all) if (venue.pacing.waiting > 0) this.release(venue)
  }

  private hold(
    venue: DeskVenue,
    action: PacedAction,
    order: LiveOrder,
    request: number,
    ticks: number,
    steps: number,
    deadline: number,
    expires: number,
  ): void {
    const { idHigh, idLow } = order
    if (request !== 0) order.requests.setHeld(request, true)
    venue.pacing.add({ action, order, idHigh, idLow, request, ticks, steps, deadline, expires, cause: this.desk.cause })
    // A cancel may overtake what waits, and another account may have room.
    this.release(venue)
  }

  private release(venue: DeskVenue): void {
    const { now } = this.desk
    const { pacing } = venue
    for (let late = pacing.takeExpired(now); late !== undefined; late = pacing.takeExpired(now))
      this.refuse(late, venue, NOT_SENT)
    for (let next = pacing.take(now); next !== undefined; next = pacing.take(now)) this.depart(next, venue)
  }

  private depart(request: WaitingRequest, venue: DeskVenue): void {
    const { action, order, cause } = request
    // Its object may be another order's by now.
    if (order.idHigh !== request.idHigh || order.idLow !== request.idLow) return
    if (action === 'submit') {
      order.isHeld = false
      return this.submitNow(order, venue, cause, request.expires)
    }
    order.requests.setHeld(request.request, false)
    if (order.isFinal) return this.desk.outcomes.report(order, request.request, ORDER_IS_FINAL, 0, cause)
    if (action === 'cancel') return this.cancelNow(order, request.request, venue, cause)
    this.amendNow(order, request.request, request.ticks, request.steps, request.deadline, venue, cause, request.expires)
  }

  /** A request that waited is not sent. */
  private refuse({ action, order, request, cause }: WaitingRequest, venue: DeskVenue, reason: number): void {
    const { desk } = this
    if (action === 'submit') {
      order.isHeld = false
      desk.orders.deny(order, reason, desk.now)
      desk.risk.update(order)
      desk.outcomes.report(order, 0, reason, 0, cause)
      return desk.orderChanged(order)
    }
    const event = this.event.clear()
    event.kind = 'amend-rejected'
    event.idHigh = order.idHigh
    event.idLow = order.idLow
    event.request = request
    event.instrument = order.instrument.number
    event.account = order.account
    event.reason = reason
    desk.ownEvent(venue, event, cause)
  }

  private submitNow(order: LiveOrder, venue: DeskVenue, cause: number, expires: number): void {
    this.reconciliation.await(order, expires)
    this.desk.outcomes.submit(order, venue.number, cause)
    venue.submit(order, this.desk.now)
  }

  private amendNow(
    order: LiveOrder,
    request: number,
    ticks: number,
    steps: number,
    deadline: number,
    venue: DeskVenue,
    cause: number,
    expires: number,
  ): void {
    this.reconciliation.await(order, expires)
    this.desk.outcomes.amend(order, request, ticks, steps, venue.number, deadline, cause)
    venue.amend(order, request, ticks, steps, this.desk.now)
  }

  /** A cancel has as long as any, counted from when it leaves. */
  private cancelNow(order: LiveOrder, request: number, venue: DeskVenue, cause: number): void {
    this.reconciliation.await(order, venue.deadline(this.desk.now))
    this.desk.outcomes.cancel(order, request, venue.number, this.desk.deadlineAt(venue), cause)
    venue.cancel(order, request, this.desk.now)
  }
}
