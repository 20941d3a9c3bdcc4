import { reasonCode } from '../../trading/messages/reasons.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import { VenueRequestError } from '../errors.js'
import { type Fields, filledField, optionalField, textField, timeField } from '../fields.js'
import { isUncertain, refusalReason } from './answers.js'
import type { OkxRest } from './okx-rest.js'
import { dataOf } from './okx-rest.js'
import type { Traded } from './order-requests.js'
import { triggerArgument } from './order-requests.js'
import type { Reporter } from './reporter.js'

const PLACE = '/api/v5/trade/order-algo'
const CANCEL = '/api/v5/trade/cancel-algos'

/** A stop at OKX is a trigger with ids of its own, which sends a normal order when its price is reached. */
export class OkxTriggers {
  /** By our client id: the order that the trigger has sent; '' before. */
  private readonly sent = new Map<string, string>()

  constructor(
    private readonly rest: OkxRest,
    private readonly reporter: Reporter,
    private readonly onTrouble: (why: string) => void,
  ) {}

  /** Whether an order is a stop that was sent or heard of in this process. */
  isKnown(clientOrderId: string): boolean {
    return this.sent.has(clientOrderId)
  }

  /** OKX's id of the order that a trigger has sent; '' when it has sent none, or is not known. */
  orderOf(clientOrderId: string): string {
    return this.sent.get(clientOrderId) ?? ''
  }

  /** @returns false for terms that OKX does not have. */
  submit(order: VenueOrder, traded: Traded, clientOrderId: string): boolean {
    const argument = triggerArgument(order, traded, clientOrderId)
    if (argument === undefined) return false
    this.sent.set(clientOrderId, '')
    const { idHigh, idLow } = order
    this.rest.post(PLACE, argument).then(
      body => {
        const row = answerOf(body)
        if (row.code === '0')
          this.reporter.say('accepted', event => {
            event.idHigh = idHigh
            event.idLow = idLow
            event.instrument = traded.instrument.number
            event.venueOrderId = row.algoId
            event.venueTime = this.reporter.timeOf(Math.floor(this.rest.clock.now()))
          })
        else if (!isUncertain(row.code))
          this.reporter.say('rejected', event => {
            event.idHigh = idHigh
            event.idLow = idLow
            event.instrument = traded.instrument.number
            event.reason = refusalReason(row.code)
          })
      },
      (error: unknown) => this.unanswered(error),
    )
    return true
  }

  cancel(idHigh: number, idLow: number, request: number, traded: Traded, clientOrderId: string): void {
    const body = [{ instId: traded.instrument.symbol, algoClOrdId: clientOrderId }]
    this.rest.post(CANCEL, body).then(
      answer => {
        const { code } = answerOf(answer)
        if (code === '0' || isUncertain(code)) return
        this.reporter.say('cancel-rejected', event => {
          event.idHigh = idHigh
          event.idLow = idLow
          event.request = request
          event.reason = refusalReason(code)
        })
      },
      (error: unknown) => this.unanswered(error),
    )
  }

  /** A row of the channel `orders-algo`, or of an answer about triggers. @throws {VenueMessageError} */
  row(fields: Fields): void {
    if (textField(fields, 'ordType') !== 'trigger') return
    const id = this.reporter.ids.read(optionalField(fields, 'algoClOrdId'))
    const instrument = this.reporter.instruments.get(filledField(fields, 'instId'))
    if (id === undefined || instrument === undefined) return
    const clientOrderId = this.reporter.ids.of(id.high, id.low)
    const ordId = optionalField(fields, 'ordId')
    if (ordId !== '' || !this.sent.has(clientOrderId)) this.sent.set(clientOrderId, ordId)
    const state = textField(fields, 'state')
    const isOver = state === 'canceled' || state === 'order_failed'
    // What became of the order that it sent is said of that order.
    if (state === 'effective' || (isOver && ordId !== '')) return
    this.reporter.say(isOver ? 'cancelled' : 'accepted', event => {
      event.idHigh = id.high
      event.idLow = id.low
      event.instrument = instrument.number
      event.side = textField(fields, 'side') === 'buy' ? 0 : 1
      event.venueOrderId = filledField(fields, 'algoId')
      event.venueTime = this.reporter.timeOf(timeField(fields, fields['uTime'] === undefined ? 'cTime' : 'uTime'))
      if (!isOver) return
      event.filledSteps = 0
      event.reason = state === 'canceled' ? REQUESTED : VENUE_REJECTED
    })
  }

  private unanswered(error: unknown): void {
    if (!(error instanceof VenueRequestError)) throw error
    this.onTrouble(error.message)
  }
}

/** The row of an answer about one trigger. */
function answerOf(body: Fields): { readonly code: string; readonly algoId: string } {
  const code = optionalField(body, 'code')
  const rows = Array.isArray(body['data']) ? (body['data'] as readonly Fields[]) : []
  if (rows.length === 0) {
    // Not even a refusal of the order: of the request.
    dataOf(body)
    return { code, algoId: '' }
  }
  return { code: optionalField(rows[0], 'sCode'), algoId: optionalField(rows[0], 'algoId') }
}

const REQUESTED = reasonCode('requested')
const VENUE_REJECTED = reasonCode('venue-rejected')
