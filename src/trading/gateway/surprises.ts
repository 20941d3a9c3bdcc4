import type { Surprise } from '../desk/desk.js'
import type { DeskVenue } from '../desk/desk-venues.js'
import { VenueError } from '../errors.js'
import type { Instruments } from '../instruments/instruments.js'
import { orderIdFrom } from '../messages/order-id.js'
import { SIDES } from '../messages/order-terms.js'
import type { VenueEvent } from '../venues/venue-event.js'

/** Between two reports of one kind, ms: another program on the account may send many orders. */
const EVERY_MS = 1000

/** Says once what venues show that nobody here has asked for: orders of others, orphans, amends. */
export class Surprises {
  private readonly kinds = new Map<Surprise, { reportedAt: number; more: number }>()

  constructor(
    private readonly home: string,
    private readonly instruments: Instruments,
    private readonly report: (problem: VenueError) => void,
  ) {}

  add(surprise: Surprise, venue: DeskVenue, event: VenueEvent): void {
    const now = performance.now()
    const kind = this.kinds.get(surprise) ?? { reportedAt: Number.NEGATIVE_INFINITY, more: 0 }
    this.kinds.set(surprise, kind)
    if (now - kind.reportedAt < EVERY_MS) {
      kind.more++
      return
    }
    const others = kind.more === 0 ? '' : `; ${kind.more} others like it since the last report`
    kind.reportedAt = now
    kind.more = 0
    this.report(new VenueError(`${this.textOf(surprise, venue, event)}${others}`))
  }

  private textOf(surprise: Surprise, { name, accounts }: DeskVenue, event: VenueEvent): string {
    const id = orderIdFrom(event.idHigh, event.idLow)
    const where = `account '${accounts[event.account]}' of the venue '${name}'`
    switch (surprise) {
      case 'foreign-order':
        return `there is an order of another person or program on ${where}: ${event.venueOrderId}, ${this.termsOf(event)}. It is never touched, and counts for no limit; 'ticktape orders ${this.home}' shows such orders`
      case 'orphan':
        return `there is an order of this home on ${where} that no journal of it knows: ${id}, ${this.termsOf(event)}. It is adopted, and blocks new orders in its instrument until it is final; cancel it with 'ticktape cancel-all', or at the venue`
      default:
        return `the venue '${name}' says that order ${id} was amended, which nobody here has asked for: ${this.termsOf(event)}. These terms are in effect there, so they count here. Who else may use the account?`
    }
  }

  private termsOf({ kind, instrument: number, side, ticks, steps }: VenueEvent): string {
    const instrument = this.instruments.get(number)
    const symbol = instrument?.name ?? `instrument ${number}`
    if (instrument === undefined || steps === 0) return `'${kind}' in ${symbol}`
    const price = ticks === 0 ? '' : ` at ${instrument.price.valueOf(ticks)}`
    return `'${kind}', ${SIDES[side]} ${instrument.quantity.valueOf(steps)} ${symbol}${price}`
  }
}
