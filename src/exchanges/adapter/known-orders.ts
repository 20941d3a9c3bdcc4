import type { OwnId } from '../order-events.js'

/** Orders that are remembered: more than can be open, with those that ended lately. */
const MOST = 100_000

/** What later messages need to know of our orders: whose a venue's id is, and on which side an order is. */
export class KnownOrders {
  private readonly byVenueId = new Map<string, OwnId>()
  private readonly sides = new Map<string, number>()

  /** @param side 0 or 1, as in SIDES. */
  learnSide(high: number, low: number, side: number): void {
    keep(this.sides, `${high} ${low}`, side)
  }

  learnVenueId(high: number, low: number, venueOrderId: string): void {
    keep(this.byVenueId, venueOrderId, { high, low })
  }

  /** Our order with the venue's id; undefined when it is none of ours. */
  readonly ownIdOf = (venueOrderId: string): OwnId | undefined => this.byVenueId.get(venueOrderId)

  sideOf(high: number, low: number): number | undefined {
    return this.sides.get(`${high} ${low}`)
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key) && map.size >= MOST) {
    const [oldest] = map.keys()
    map.delete(oldest)
  }
  map.set(key, value)
}
