import { reasonCode } from '../../trading/messages/reasons.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, filledField, isFields, optionalField, textField, timeField } from '../fields.js'
import type { OwnId } from '../order-events.js'
import { isUncertain, refusalReason } from './answers.js'
import type { OkxReporter } from './okx-reporter.js'
import { dataOf, type OkxRest } from './okx-rest.js'
import type { OkxOrder } from './order-messages.js'
import { type Traded, triggerArgument } from './order-requests.js'

const PLACE = '/api/v5/trade/order-algo'
const CANCEL = '/api/v5/trade/cancel-algos'

/** A stop at OKX is a trigger with ids of its own, which sends a normal order when its price is reached. */
export class OkxTriggers {
  /** By our client id: the order that the trigger has sent; '' before. */
  private readonly sent = new Map<string, string>()
  /** By our client id: OKX's id of the trigger. */
  private readonly algoIds = new Map<string, string>()

  constructor(
    private readonly rest: OkxRest,
    private readonly reporter: OkxReporter,
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
    const { idHigh, idLow, deadline } = order
    void this.place(argument, { high: idHigh, low: idLow }, traded.instrument.number, deadline)
    return true
  }

  cancel(idHigh: number, idLow: number, request: number, traded: Traded, clientOrderId: string): void {
    const algoId = this.algoIds.get(clientOrderId)
    const name = algoId === undefined ? { algoClOrdId: clientOrderId } : { algoId }
    const body = [{ instId: traded.instrument.symbol, ...name }]
    void this.cancelNow(body, { high: idHigh, low: idLow }, request, traded.instrument.number)
  }

  /** An order that a trigger has sent: from now on requests are about it. */
  learn({ triggerId, orderId }: OkxOrder): void {
    if (this.reporter.ids.read(triggerId) !== undefined) this.sent.set(triggerId, orderId)
  }

  /** A row of the channel `orders-algo`, or of an answer about triggers. @throws {VenueMessageError} */
  row(fields: Fields): void {
    if (textField(fields, 'ordType') !== 'trigger') return
    const id = this.reporter.ids.read(optionalField(fields, 'algoClOrdId'))
    const instrument = this.reporter.instruments.get(filledField(fields, 'instId'))
    if (id === undefined || instrument === undefined) return
    const clientOrderId = this.reporter.ids.of(id.high, id.low)
    const ordId = optionalField(fields, 'ordId')
    this.algoIds.set(clientOrderId, filledField(fields, 'algoId'))
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

  private async place(argument: Fields, id: OwnId, instrument: number, deadline: number): Promise<void> {
    const lastMs = deadline === 0 ? Number.POSITIVE_INFINITY : this.reporter.millisecondsOf(deadline)
    // It may have waited for OKX's limits.
    const isLate = (): boolean => Date.now() > lastMs
    const row = await this.ask(PLACE, argument, isLate)
    if (row === 'too late') return this.answer('not-sent', id, 0, instrument, TOO_LATE)
    if (row === undefined || isUncertain(row.code)) return
    if (row.code !== '0') return this.answer('rejected', id, 0, instrument, refusalReason(row.code))
    const { reporter, rest } = this
    this.algoIds.set(reporter.ids.of(id.high, id.low), row.algoId)
    reporter.say('accepted', event => {
      event.idHigh = id.high
      event.idLow = id.low
      event.instrument = instrument
      event.venueOrderId = row.algoId
      event.venueTime = reporter.timeOf(Math.floor(rest.clock.now()))
    })
  }

  private async cancelNow(body: readonly Fields[], id: OwnId, request: number, instrument: number): Promise<void> {
    const row = await this.ask(CANCEL, body)
    if (row === undefined || row === 'too late' || row.code === '0' || isUncertain(row.code)) return
    this.answer('cancel-rejected', id, request, instrument, refusalReason(row.code))
  }

  private answer(
    kind: 'not-sent' | 'rejected' | 'cancel-rejected',
    { high, low }: OwnId,
    request: number,
    instrument: number,
    reason: number,
  ): void {
    this.reporter.say(kind, event => {
      event.idHigh = high
      event.idLow = low
      event.request = request
      event.instrument = instrument
      event.reason = reason
    })
  }

  /** The row of an answer; undefined when there is none, of which nothing follows. */
  private async ask(path: string, body: unknown, isLate = (): boolean => false): Promise<Row | 'too late' | undefined> {
    try {
      const answer = await this.rest.post(path, body, isLate)
      return answer === undefined ? 'too late' : rowOf(answer)
    } catch (error) {
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      this.onTrouble(error.message)
      return undefined
    }
  }
}

interface Row {
  readonly code: string
  readonly algoId: string
}

/** The row of an answer about one trigger. @throws {VenueRequestError} when the request was refused, and not the order. */
function rowOf(body: Fields): Row {
  const [row] = Array.isArray(body['data']) ? (body['data'] as readonly unknown[]) : []
  if (isFields(row)) return { code: optionalField(row, 'sCode'), algoId: optionalField(row, 'algoId') }
  dataOf(body)
  return { code: '50004', algoId: '' }
}

const REQUESTED = reasonCode('requested')
const VENUE_REJECTED = reasonCode('venue-rejected')
const TOO_LATE = reasonCode('too-late')
