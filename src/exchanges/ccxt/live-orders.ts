import type { OwnId } from '../order-events.js'

/** One of our orders that has not ended, as far as the venue has said. */
export interface LiveOrder extends OwnId {
  readonly symbol: string
  /** The number of the instrument. */
  readonly instrument: number
  /** When it was sent or first heard of, ms since 1970. */
  readonly since: number
  /** The venue's name of it; '' until it is known. */
  venueId: string
  /** What the venue has said of it so far: '' nothing, else the quantity that is filled. */
  filled: string
  isCancelled: boolean
  /** Resolves when its submit is answered, or will not be. */
  submitted: Promise<unknown>
}

/** Our orders that have not ended: those that are asked about from time to time. */
export class LiveOrders {
  private readonly orders = new Map<string, LiveOrder>()

  get size(): number {
    return this.orders.size
  }

  all(): readonly LiveOrder[] {
    return [...this.orders.values()]
  }

  withVenueId(id: string): LiveOrder | undefined {
    return this.all().find(({ venueId }) => venueId === id)
  }

  find({ high, low }: OwnId): LiveOrder | undefined {
    return this.orders.get(`${high} ${low}`)
  }

  /** The order, which is added when it is not there. */
  add({ high, low }: OwnId, symbol: string, instrument: number, since: number): LiveOrder {
    const found = this.find({ high, low })
    if (found !== undefined) return found
    const order: LiveOrder = {
      high,
      low,
      symbol,
      instrument,
      since,
      venueId: '',
      filled: '',
      isCancelled: false,
      submitted: Promise.resolve(),
    }
    this.orders.set(`${high} ${low}`, order)
    return order
  }

  remove({ high, low }: OwnId): void {
    this.orders.delete(`${high} ${low}`)
  }
}
