import { type VenueEvent, type VenueEventKind } from '../../venues/venue-event.js'
import { TradeIds } from './trade-ids.js'
import { nextWord } from './transitions.js'
import { isFinalWord, Word } from './words.js'

/** An order on one of our accounts that another person or program has sent. It is shown, and counts for nothing else. */
export interface ForeignOrder {
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
export interface ForeignData extends Omit<ForeignOrder, 'isFinal'> {
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
    for (const { account, venueOrderId, tradeIds, ...rest } of data) {
      const order = Object.assign(new Entry(account, venueOrderId), rest)
      for (const id of tradeIds) order.tradeIds.add(id)
      this.orders.set(`${account}/${venueOrderId}`, order)
    }
  }

  apply(event: VenueEvent, now: number): void {
    const key = `${event.account}/${event.venueOrderId}`
    const order = this.orders.get(key) ?? new Entry(event.account, event.venueOrderId)
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
