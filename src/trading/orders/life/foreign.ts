import { type VenueEvent, type VenueEventKind } from '../../venues/venue-event.js'
import { TradeIds } from './trade-ids.js'
import { nextWord } from './transitions.js'
import { isFinalWord, Word } from './words.js'

/** An order on one of our accounts that another person or program has sent. It is shown, and counts for nothing else. */
export interface ForeignOrder {
  /** The venue's name; '' when it was not known where the instrument is traded. */
  readonly venue: string
  /** The index of the account among the venue's accounts. */
  readonly account: number
  readonly venueOrderId: string
  readonly instrument: number
  readonly side: number
  readonly ticks: number
  readonly steps: number
  readonly filledSteps: number
  /** ns; when it was last heard of. */
  readonly heardAt: number
  readonly isFinal: boolean
}

/** One of them as plain data. */
export interface ForeignData extends Omit<ForeignOrder, 'isFinal' | 'venue'> {
  /** Missing in snapshots of earlier versions. */
  readonly venue?: string
  readonly word: number
  readonly tradeIds: readonly string[]
}

class Entry implements ForeignOrder {
  instrument = 0
  side = 0
  ticks = 0
  steps = 0
  filledSteps = 0
  heardAt = 0
  word: number = Word.NOTHING
  readonly tradeIds = new TradeIds()

  constructor(
    readonly venue: string,
    readonly account: number,
    readonly venueOrderId: string,
  ) {}

  get isFinal(): boolean {
    return isFinalWord(this.word)
  }
}

/** Events that say the order's terms. */
const WITH_TERMS: readonly VenueEventKind[] = ['accepted', 'open', 'amended']

/** The orders of others on our accounts, as far as venues mention them. The longest unheard of is removed first. */
export class ForeignOrders {
  /** Whether the last event was the first one about its order. */
  isNew = false
  private readonly orders = new Map<string, Entry>()

  constructor(private readonly most: number) {}

  /** In the order in which they were last heard of. */
  get all(): readonly ForeignOrder[] {
    return [...this.orders.values()]
  }

  save(): ForeignData[] {
    return [...this.orders.values()].map(({ tradeIds, ...order }) => ({ ...order, tradeIds: tradeIds.toArray() }))
  }

  load(data: readonly ForeignData[]): void {
    for (const { venue = '', account, venueOrderId, tradeIds, ...rest } of data) {
      const order = Object.assign(new Entry(venue, account, venueOrderId), rest)
      for (const id of tradeIds) order.tradeIds.add(id)
      this.orders.set(keyOf(venue, account, venueOrderId), order)
    }
  }

  /** @param venue its name: two venues may give the same ids. */
  apply(event: VenueEvent, now: number, venue = ''): void {
    const { account, venueOrderId } = event
    const key = keyOf(venue, account, venueOrderId)
    const known = this.orders.get(key)
    const order = known ?? new Entry(venue, account, venueOrderId)
    this.isNew = known === undefined
    this.orders.delete(key)
    this.orders.set(key, order)
    order.heardAt = now
    order.word = nextWord(order.word, event.kind)
    if (event.instrument !== 0) {
      order.instrument = event.instrument
      order.side = event.side
    }
    if (WITH_TERMS.includes(event.kind)) {
      order.ticks = event.ticks
      order.steps = event.steps
    }
    if (event.kind === 'fill' && event.tradeId !== '' && order.tradeIds.add(event.tradeId))
      order.filledSteps += event.steps
    if (event.filledSteps > order.filledSteps) order.filledSteps = event.filledSteps
    for (const oldest of this.orders.keys()) {
      if (this.orders.size <= this.most) break
      this.orders.delete(oldest)
    }
  }
}

function keyOf(venue: string, account: number, venueOrderId: string): string {
  return `${venue}/${account}/${venueOrderId}`
}
