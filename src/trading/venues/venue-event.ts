/**
 * What a venue says about our orders. One object is filled again and again: its reader copies what it keeps.
 *
 * An event is about one order, given by `idHigh` and `idLow` (trading/messages/order-id), unless its kind says otherwise.
 * Times are whole ns since the home's origin (see sequence/time): a number, exact for 104 days and within 8 ns for two years.
 */
export const VENUE_EVENTS = [
  /** The order works. */
  'accepted',
  /** The venue refused the order, with `reason`. Final. */
  'rejected',
  /** One fill: `ticks`, `steps`, `maker`, `fee`, `feeCurrency`, `tradeId`. Says nothing about the order's state. */
  'fill',
  /** All of the order's quantity is filled, `filledSteps`. Final. Its fills may come before or after. */
  'filled',
  /** The order was cancelled, by request or by the venue (`reason`); `filledSteps` of it were filled. Final. */
  'cancelled',
  /** The order's time is over; `filledSteps` of it were filled. Final. */
  'expired',
  /** The amend `request` is in effect: the order's terms are `ticks` and `steps` (the total quantity) now. */
  'amended',
  /** The amend `request` was refused, with `reason`. The order is as it was. */
  'amend-rejected',
  /** The cancel `request` was refused, with `reason`. Says nothing about the order's state. */
  'cancel-rejected',
  /** The adapter did not send the request `request` (0: the order itself), with `reason`: its deadline had passed. */
  'not-sent',
  /** The adapter sent the request `request` and may never hear of it again. Written before the bytes go out. */
  'sending',
  /** Asked about the order, the venue does not know it. `venueTime` decides whether that proves anything. */
  'not-found',
  /** Asked about the order: it works with `ticks`, `steps`, and `filledSteps` of it are filled. */
  'open',
  /** About an account: the connection is up; trading waits for 'reconciled'. */
  'connected',
  /** About an account: the connection is lost. */
  'disconnected',
  /** About an account: all open orders, fills and positions since the last connection were reported. */
  'reconciled',
  /** About an account and an instrument: the venue's own position, `steps`, negative when short. */
  'position',
  /** About an account: the venue's own balance of `feeCurrency`, `fee`. */
  'balance',
  /** About an instrument: the venue takes no orders in it for now. New ones are denied, `not-tradable`; cancels pass. */
  'suspended',
  /** About an instrument: the venue takes orders in it again. */
  'resumed',
] as const

export type VenueEventKind = (typeof VENUE_EVENTS)[number]

export class VenueEvent {
  kind: VenueEventKind = 'accepted'
  idHigh = 0
  idLow = 0
  /** The number of the request that it answers: 0 is the order itself, amends and cancels count from 1 within the order. */
  request = 0
  /** The instrument's number; 0 when it is about none. */
  instrument = 0
  /** The index of the account among the venue's accounts. */
  account = 0
  /** An index into SIDES. */
  side = 0
  /** A price in ticks. */
  ticks = 0
  /** A quantity in steps. */
  steps = 0
  /** The quantity filled so far, in steps, as the venue counts; -1 when it does not say. */
  filledSteps = -1
  maker = false
  /** In `feeCurrency`; negative for a rebate. */
  fee = 0
  feeCurrency = ''
  /** The venue's name of the fill as a number; 0 when it is no number, or none. A reader of it creates no text. */
  tradeNumber = 0
  /** The venue's name of the order as a number; 0 when it is no number, or it does not say. */
  venueOrderNumber = 0
  /** ns since the home's origin; the venue's clock. 0 when it does not say. */
  venueTime = 0
  /** An index into REASONS. */
  reason = 0
  private tradeText = ''
  private venueOrderText = ''

  /** The venue's name of the fill, unique for its account and instrument. */
  get tradeId(): string {
    return this.tradeNumber === 0 ? this.tradeText : String(this.tradeNumber)
  }

  set tradeId(id: string) {
    this.tradeNumber = 0
    this.tradeText = id
  }

  /** The venue's name of the order, '' when it does not say. */
  get venueOrderId(): string {
    return this.venueOrderNumber === 0 ? this.venueOrderText : String(this.venueOrderNumber)
  }

  set venueOrderId(id: string) {
    this.venueOrderNumber = 0
    this.venueOrderText = id
  }

  /** Sets everything to what it is at first. */
  clear(): this {
    this.kind = 'accepted'
    this.idHigh = 0
    this.idLow = 0
    this.request = 0
    this.instrument = 0
    this.account = 0
    this.side = 0
    this.ticks = 0
    this.steps = 0
    this.filledSteps = -1
    this.maker = false
    this.fee = 0
    this.feeCurrency = ''
    this.tradeId = ''
    this.venueOrderId = ''
    this.venueTime = 0
    this.reason = 0
    return this
  }
  /** Sets everything to what it is in another event. */
  copy(other: VenueEvent): this {
    this.kind = other.kind
    this.idHigh = other.idHigh
    this.idLow = other.idLow
    this.request = other.request
    this.instrument = other.instrument
    this.account = other.account
    this.side = other.side
    this.ticks = other.ticks
    this.steps = other.steps
    this.filledSteps = other.filledSteps
    this.maker = other.maker
    this.fee = other.fee
    this.feeCurrency = other.feeCurrency
    this.tradeNumber = other.tradeNumber
    this.tradeText = other.tradeText
    this.venueOrderNumber = other.venueOrderNumber
    this.venueOrderText = other.venueOrderText
    this.venueTime = other.venueTime
    this.reason = other.reason
    return this
  }
}
