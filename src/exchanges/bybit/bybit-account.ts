import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import type { VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { VenueEvent, VenueEventKind } from '../../trading/venues/venue-event.js'
import { ACCOUNT, AccountReporter } from '../adapter/account-reporter.js'
import { unitsIn } from '../decimals.js'
import type { VenueMessageError } from '../errors.js'
import type { OrderText, OwnId } from '../order-events.js'
import type { PrivateContext } from '../private-context.js'
import { SentAmends } from './sent-amends.js'

/** What is known of the account: whose an order is, what an instrument's number is, which amends wait. It takes what Bybit says of them. */
export class BybitAccount extends AccountReporter implements PrivateContext {
  readonly account = ACCOUNT
  readonly amends = new SentAmends()

  constructor(
    ids: ClientOrderIds,
    surroundings: VenueSurroundings,
    send: (event: VenueEvent) => void,
    private readonly onTrouble: (why: string) => void,
  ) {
    super(ids, surroundings, event => {
      this.note(event)
      send(event)
    })
  }

  /** Every order has our id, or none: Bybit's own says nothing more. */
  readonly orderOf = (): undefined => undefined

  readonly amendOf = ({ high, low }: OwnId, { symbol, clientOrderId, price, quantity, atMs }: OrderText): number => {
    const instrument = this.instrumentOf(symbol, clientOrderId)
    if (instrument === undefined) return 0
    const ticks = price === '' ? 0 : unitsIn(instrument.price, price)
    const terms = { ticks, steps: unitsIn(instrument.quantity, quantity) }
    return this.amends.requestOf(this.ids.of(high, low), terms, this.timeOf(atMs))
  }

  readonly report = (event: VenueEvent): void => {
    this.send(event)
  }

  /** It is in the record of the account's messages, and nothing else comes of it. */
  readonly passOver = (): void => {}

  readonly problem = ({ message }: VenueMessageError): void =>
    this.onTrouble(`${message}; it was passed over, and is in the journal as it was received`)

  /** What an event says about amends that wait. */
  private note({ kind, idHigh, idLow, request, venueTime }: VenueEvent): void {
    if (idHigh === 0) return
    const id = this.ids.of(idHigh, idLow)
    if (ENDS.has(kind)) this.amends.end(id)
    else if (ANSWERS.has(kind)) this.amends.remove(id, request)
    if (WORKS.has(kind)) this.amends.heard(id, venueTime)
  }
}

const ENDS: ReadonlySet<VenueEventKind> = new Set(['filled', 'cancelled', 'rejected', 'expired'])
const ANSWERS: ReadonlySet<VenueEventKind> = new Set(['amended', 'amend-rejected', 'not-sent'])
const WORKS: ReadonlySet<VenueEventKind> = new Set(['accepted', 'open', 'amended'])
