import type { AsyncVenue, VenueOrder } from './async-venue.js'

/** The most orders of one request, if the venue does not say. */
const MOST = 20

/** Passes orders to a venue: those of one account that follow each other as one request, if the venue takes batches. */
export class SubmitBatches {
  private orders: VenueOrder[] = []

  constructor(
    private readonly venue: AsyncVenue,
    private readonly now: number,
  ) {}

  add(order: VenueOrder): void {
    const { venue, orders } = this
    if (venue.submitBatch === undefined) return venue.submit(order, this.now)
    if (orders.length > 0 && (orders[0].account !== order.account || orders.length >= (venue.maxBatch ?? MOST)))
      this.flush()
    this.orders.push(order)
  }

  /** Passes on what is left. To be called before any other request, so that none is overtaken. */
  flush(): void {
    const { venue, orders, now } = this
    if (orders.length === 0) return
    this.orders = []
    if (orders.length === 1) venue.submit(orders[0], now)
    else venue.submitBatch?.(orders, now)
  }
}
