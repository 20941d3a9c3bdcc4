import type { Instrument } from '../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../trading/messages/order-id.js'
import type { VenueEvent } from '../trading/venues/venue-event.js'
import type { VenueMessageError } from './errors.js'
import type { OrderText, OwnId } from './order-events.js'

/** What is needed to understand private messages of one account, besides the messages. */
export interface PrivateContext {
  /** The index of the account among the venue's accounts. */
  readonly account: number
  readonly ids: ClientOrderIds
  /** Of an order, or of a position. Undefined when the desk does not know the symbol. */
  readonly instrumentOf: (symbol: string, clientOrderId?: string) => Instrument | undefined
  /** ns since the home's origin of ms since 1970. */
  readonly timeOf: (ms: number) => number
  /** Our order with a venue's order id, for messages without a client id; undefined when it is none of ours. */
  readonly orderOf: (venueOrderId: string) => OwnId | undefined
  /** The number of the amend that an order waits for, and that may have given it these terms; 0 for none. */
  readonly amendOf: (id: OwnId, order: OrderText) => number
  /** Takes an event. The object is used again: what is kept must be copied. */
  readonly report: (event: VenueEvent) => void
  /** A valid message that says nothing new about orders, fills, balances or positions, and why. */
  readonly passOver: (why: string) => void
  /** A message, or a part of one, that is not as it should be. Nothing was concluded from it: ask the venue. */
  readonly problem: (problem: VenueMessageError) => void
}
