import type { Instruments } from '../instruments/instruments.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import type { Orders } from '../orders/life/orders.js'
import type { Risk } from '../risk/risk.js'
import type { DeskVenue, DeskVenues } from './desk-venues.js'
import type { Outcomes } from './outcomes.js'
import type { RunningStrategies } from './running-strategies.js'

/** What pairs need of the desk. */
export interface PairDesk {
  readonly now: number
  /** The gateway's clock: risk counts by it. */
  readonly clock: number
  readonly cause: number
  readonly instruments: Instruments
  readonly orders: Orders
  readonly risk: Risk
  readonly venues: DeskVenues
  readonly outcomes: Outcomes
  readonly strategies: RunningStrategies
  /** The deadline of a request that is decided now, by the venue's clock. */
  deadlineAt(venue: DeskVenue): number
  /** Sends an order that has passed risk, is in the book and is reserved. */
  leave(order: LiveOrder, venue: DeskVenue): void
  requestCancel(order: LiveOrder): void
  /** Asks the venue about an order. */
  ask(order: LiveOrder): void
}

/** Puts an order of a pair that has passed risk into the book. */
export function enterOrder({ orders, risk, now, clock }: PairDesk, order: LiveOrder): void {
  order.inPair = true
  orders.submit(order, now)
  risk.reserve(order, clock)
}
