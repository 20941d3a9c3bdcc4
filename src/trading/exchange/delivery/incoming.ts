import type { Instrument } from '../../instruments/instrument.js'
import type { VenueOrder } from '../../venues/async-venue.js'

/** A request on its way to the exchange: a copy, because an order's object is valid during the call only. */
export class Incoming implements VenueOrder {
  kind: 'submit' | 'amend' | 'cancel' | 'reconcile' | 'query' = 'submit'
  request = 0
  idHigh = 0
  idLow = 0
  instrument!: Instrument
  /** In a query: the instrument's number. */
  instrumentNumber = 0
  account = 0
  side = 0
  type = 0
  timeInForce = 0
  ticks = 0
  steps = 0
  stopTicks = 0
  expireAt = 0
  postOnly = false
  reduceOnly = false
  deadline = 0

  copyOrder(order: VenueOrder): void {
    this.kind = 'submit'
    this.request = 0
    this.idHigh = order.idHigh
    this.idLow = order.idLow
    this.instrument = order.instrument
    this.account = order.account
    this.side = order.side
    this.type = order.type
    this.timeInForce = order.timeInForce
    this.ticks = order.ticks
    this.steps = order.steps
    this.stopTicks = order.stopTicks
    this.expireAt = order.expireAt
    this.postOnly = order.postOnly
    this.reduceOnly = order.reduceOnly
    this.deadline = order.deadline
  }
}
