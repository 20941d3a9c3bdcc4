import type { Handlers } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { SIDES, type Side } from '../messages/order-terms.js'
import { type ForeignOrder, ForeignOrders } from '../orders/life/foreign.js'
import { VenueReport } from '../sequence/frames.js'
import { readVenueReport } from '../sequence/venue-reports.js'
import type { KnownBefore } from './known-before.js'
import type { Names } from './names.js'

/** An order on one of our accounts that another person or program has sent, as far as the venue has said. In units of the instrument. */
export interface ForeignLine {
  readonly foreign: true
  readonly venueOrderId: string
  readonly instrument: string
  readonly account: string
  readonly side: Side
  /** 0 in market orders, and while the venue has not said it; so is `quantity`. */
  readonly price: number
  readonly quantity: number
  readonly filledQuantity: number
  readonly state: 'open' | 'final'
  /** ns since 1970: when it was last heard of, within some hundred ns. */
  readonly changedAt: bigint
}

/** How many are remembered: those that were heard of last. */
const MOST = 10_000

/** The orders of others on the accounts of a home, from its sequence. */
export class ForeignTable {
  private readonly found = new ForeignOrders(MOST)

  constructor(private readonly names: Names) {}

  /** Adds the handler of what venues say. */
  learnBy(handlers: Handlers): Handlers {
    return handlers.on(VenueReport, frame => {
      if (frame.orderId === 0n && frame.venueOrderId !== '') this.said(frame)
    })
  }

  /** Begins with those that were known where the sequence's first pages end. */
  begin({ desk }: KnownBefore): void {
    const origin = Number(desk.identity.origin)
    this.found.load(desk.desk.orders.foreign.map(one => ({ ...one, heardAt: one.heardAt + origin })))
  }

  /** In the order in which they were last heard of. @param wants by the instrument's number. */
  lines(wants: (instrument: number) => boolean): ForeignLine[] {
    return this.found.all.filter(({ instrument }) => wants(instrument)).map(order => this.lineOf(order))
  }

  private said(frame: FrameView<typeof VenueReport>): void {
    this.found.apply(readVenueReport(frame), Number(frame.time), this.names.instruments.get(frame.instrument)?.venue)
  }

  private lineOf(order: ForeignOrder): ForeignLine {
    const instrument = this.names.instruments.get(order.instrument)
    return {
      foreign: true,
      venueOrderId: order.venueOrderId,
      instrument: this.names.instrument(order.instrument),
      account: this.names.account(order.instrument, order.account),
      side: SIDES[order.side],
      price: instrument?.price.valueOf(order.ticks) ?? 0,
      quantity: instrument?.quantity.valueOf(order.steps) ?? 0,
      filledQuantity: instrument?.quantity.valueOf(order.filledSteps) ?? 0,
      state: order.isFinal ? 'final' : 'open',
      changedAt: BigInt(Math.round(order.heardAt)),
    }
  }
}
