import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import type { VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { ACCOUNT, AccountReporter } from '../adapter/account-reporter.js'
import { KnownOrders } from '../adapter/known-orders.js'
import type { VenueMessageError } from '../errors.js'
import type { PrivateContext } from '../private-context.js'
import type { FormedClientIds } from './client-ids.js'
import { LiveOrders } from './live-orders.js'

/** What is known of the account: whose an order is, what an instrument's number is, which orders have not ended. */
export class CcxtAccount extends AccountReporter implements PrivateContext {
  readonly account = ACCOUNT
  readonly known = new KnownOrders()
  readonly live = new LiveOrders()

  constructor(
    ids: ClientOrderIds,
    readonly forms: FormedClientIds,
    surroundings: VenueSurroundings,
    send: (event: VenueEvent) => void,
    private readonly onTrouble: (why: string) => void,
  ) {
    super(ids, surroundings, send)
  }

  readonly orderOf = this.known.ownIdOf

  /** No amends are sent: docs/decisions/0075. */
  readonly amendOf = (): number => 0

  readonly report = (event: VenueEvent): void => {
    this.send(event)
  }

  /** It is in the record of the account's messages, and nothing else comes of it. */
  readonly passOver = (): void => {}

  readonly problem = ({ message }: VenueMessageError): void =>
    this.onTrouble(`${message}; it was passed over, and is in the journal as it was received`)
}
