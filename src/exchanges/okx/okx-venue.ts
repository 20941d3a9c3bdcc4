import type * as Ws from 'ws'
import type { Instrument, InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import { reasonCode } from '../../trading/messages/reasons.js'
import type { AsyncVenue, VenueOrder, VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { RequestLimits } from '../../trading/venues/request-limits.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { AccountQuestions } from '../adapter/account-questions.js'
import { CancelAfter } from '../adapter/cancel-after.js'
import { OpenRequests, type SentRequest } from '../adapter/open-requests.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, isFields, optionalField } from '../fields.js'
import { OkxAccountAnswers } from './account-answers.js'
import { AccountConnection } from './account-connection.js'
import { readBalances } from './account-messages.js'
import type { OkxEndpoint } from './endpoints.js'
import { OKX_VENUE, type OkxInstrument } from './instruments.js'
import { OkxReporter } from './okx-reporter.js'
import { dataOf, type OkxRest } from './okx-rest.js'
import { readOrder } from './order-messages.js'
import { amendArgument, cancelArgument, isStop, orderArgument, type Traded } from './order-requests.js'
import { readRequestAnswer } from './request-answers.js'
import type { OkxCredentials } from './signing.js'
import { OkxTriggers } from './triggers.js'

/** What an OKX venue is made of. */
export interface OkxVenueParts {
  readonly ws: typeof Ws
  readonly endpoint: OkxEndpoint
  readonly credentials: OkxCredentials
  readonly rest: OkxRest
  readonly instruments: readonly OkxInstrument[]
  readonly marginMode: 'cross' | 'isolated'
  readonly requestsPerSecond: number
  /** Seconds; 0 for never. */
  readonly cancelAllAfter: number
  /** Why something does not work, for people. */
  readonly onTrouble: (why: string) => void
}

const CANCEL_ALL_AFTER = '/api/v5/trade/cancel-all-after'

/** An account at OKX: orders over the private socket, stops and questions by REST. docs/venues/okx.md says how orders map. */
export class OkxVenue implements AsyncVenue {
  readonly name = OKX_VENUE
  readonly accounts = ['main']
  readonly canAmend = true
  readonly deterministic = false
  readonly maxBatch = 20
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits: RequestLimits
  private readonly details: ReadonlyMap<string, OkxInstrument>
  private readonly byNumber = new Map<number, Traded>()
  private reporter!: OkxReporter
  private requests!: OpenRequests
  private triggers!: OkxTriggers
  private questions!: AccountQuestions
  private connection: AccountConnection | undefined = undefined
  private readonly cancelAfter: CancelAfter

  constructor(private readonly parts: OkxVenueParts) {
    this.instruments = parts.instruments.map(({ spec }) => spec)
    const { requestsPerSecond } = parts
    this.requestLimits = { account: { perSecond: requestsPerSecond, burst: Math.ceil(requestsPerSecond) } }
    this.details = new Map(parts.instruments.map(one => [one.spec.symbol, one]))
    this.cancelAfter = new CancelAfter(
      async seconds => {
        dataOf((await parts.rest.post(CANCEL_ALL_AFTER, { timeOut: String(seconds) })) ?? {})
      },
      parts.cancelAllAfter,
      parts.onTrouble,
    )
  }

  start(report: (event: VenueEvent) => void, ids: ClientOrderIds, surroundings: VenueSurroundings): void {
    const { ws, endpoint, credentials, rest, onTrouble } = this.parts
    this.reporter = new OkxReporter(ids, surroundings, report)
    this.requests = new OpenRequests(this.reporter)
    this.triggers = new OkxTriggers(rest, this.reporter, onTrouble)
    const since = Number(surroundings.origin / 1_000_000n)
    const answers = new OkxAccountAnswers(rest, this.reporter, this.triggers)
    this.questions = new AccountQuestions(answers, this.reporter, since, onTrouble)
    rest.onPrivate = text => this.reporter.record(text)
    this.connection = new AccountConnection(endpoint, {
      ws,
      credentials,
      now: () => rest.clock.now(),
      onReady: () => void this.connected(),
      onLost: () => this.disconnected(),
      onMessage: (message, text) => this.hear(message, text),
      onTrouble: why => onTrouble(`the private socket: ${why}`),
    })
  }

  instrument(instrument: Instrument): void {
    const detail = this.details.get(instrument.symbol)
    this.reporter.instruments.set(instrument.symbol, instrument)
    this.byNumber.set(instrument.number, {
      instrument,
      code: detail?.code,
      isSpot: instrument.spec.kind === 'spot',
      marginMode: this.parts.marginMode,
    })
    if (detail !== undefined && !detail.isLive)
      this.reporter.say('suspended', event => {
        event.instrument = instrument.number
      })
  }

  submit(order: VenueOrder): void {
    this.submitBatch([order])
  }

  submitBatch(orders: readonly VenueOrder[]): void {
    const args: Fields[] = []
    const sent: SentRequest[] = []
    let deadline = 0
    for (const order of orders) {
      const { idHigh, idLow, instrument } = order
      const request: SentRequest = { kind: 'submit', idHigh, idLow, request: 0, instrument: instrument.number }
      const argument = this.argumentOf(order, request)
      if (argument === undefined) continue
      args.push(argument)
      sent.push(request)
      // Of orders that leave together the earliest counts.
      if (order.deadline !== 0) deadline = deadline === 0 ? order.deadline : Math.min(deadline, order.deadline)
    }
    if (args.length > 0) this.send(args.length === 1 ? 'order' : 'batch-orders', args, sent, deadline)
  }

  amend(
    idHigh: number,
    idLow: number,
    request: number,
    ticks: number,
    steps: number,
    _now: number,
    _account: number,
    instrument: number,
    deadline: number,
  ): void {
    const sent: SentRequest = { kind: 'amend', idHigh, idLow, request, instrument }
    const id = this.reporter.ids.of(idHigh, idLow)
    const traded = this.byNumber.get(instrument)
    if (traded === undefined) return this.requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    this.reporter.keepInstrument(id, traded.instrument)
    if (this.triggers.isKnown(id)) return this.requests.say('amend-rejected', sent, AMEND_NOT_SUPPORTED)
    this.send('amend-order', [amendArgument(traded, id, request, ticks, steps)], [sent], deadline)
  }

  cancel(idHigh: number, idLow: number, request: number, _now: number, _account: number, instrument: number): void {
    const sent: SentRequest = { kind: 'cancel', idHigh, idLow, request, instrument }
    const id = this.reporter.ids.of(idHigh, idLow)
    const traded = this.byNumber.get(instrument)
    if (traded === undefined) return this.requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    this.reporter.keepInstrument(id, traded.instrument)
    const ordId = this.triggers.orderOf(id)
    if (this.triggers.isKnown(id) && ordId === '') {
      if (this.connection?.isReady === true) this.triggers.cancel(idHigh, idLow, request, traded, id)
      else this.requests.say('not-sent', sent, VENUE_DISCONNECTED)
      return
    }
    const argument = cancelArgument(traded, id)
    this.send('cancel-order', [ordId === '' ? argument : { ...argument, clOrdId: '', ordId }], [sent], 0)
  }

  reconcile(): void {
    void this.questions.reconcile()
  }

  query(idHigh: number, idLow: number, _account: number, instrument: number): void {
    const traded = this.byNumber.get(instrument)
    if (traded === undefined) return
    this.reporter.keepInstrument(this.reporter.ids.of(idHigh, idLow), traded.instrument)
    void this.questions.order(idHigh, idLow, traded.instrument.symbol, instrument)
  }

  /** Orders stay at the venue. */
  async close(): Promise<void> {
    const { connection, cancelAfter, parts } = this
    if (connection !== undefined) {
      this.questions.close()
      connection.close()
      await cancelAfter.end()
    }
    parts.rest.close()
  }

  /** The argument of an order for the socket; undefined when it leaves otherwise, or not at all. */
  private argumentOf(order: VenueOrder, request: SentRequest): Fields | undefined {
    const { requests, triggers } = this
    const id = this.reporter.ids.of(order.idHigh, order.idLow)
    const traded = this.byNumber.get(order.instrument.number)
    if (traded === undefined) requests.say('not-sent', request, UNKNOWN_INSTRUMENT)
    else if (this.connection?.isReady !== true) requests.say('not-sent', request, VENUE_DISCONNECTED)
    else if (isStop(order)) {
      this.reporter.touched.set(traded.instrument.number, traded.instrument)
      if (!triggers.submit(order, traded, id)) requests.say('not-sent', request, BAD_TERMS)
    } else {
      const argument = orderArgument(order, traded, id)
      this.reporter.touched.set(traded.instrument.number, traded.instrument)
      if (argument === undefined) requests.say('not-sent', request, BAD_TERMS)
      return argument
    }
    return undefined
  }

  private send(op: string, args: readonly Fields[], sent: readonly SentRequest[], deadline: number): void {
    const id = this.requests.add(sent)
    // The venue's clock is compared with the deadline as it is: what it says later about the order is compared with it too.
    const expTime = deadline === 0 ? {} : { expTime: String(this.reporter.millisecondsOf(deadline)) }
    if (this.connection?.send({ id, op, args, ...expTime }) !== true) this.requests.notSent(id)
  }

  /** Everything is received from here on. What was before is asked for: the runtime asks to reconcile. */
  private async connected(): Promise<void> {
    const { connection, parts, questions, reporter } = this
    const time = await questions.untilAnswered(
      () => parts.rest.time(),
      () => connection?.isReady === true,
    )
    if (time === undefined || connection?.isReady !== true) return
    this.cancelAfter.start()
    reporter.say('connected', event => {
      event.venueTime = reporter.timeOf(time)
    })
  }

  private disconnected(): void {
    this.cancelAfter.stop()
    this.questions.stopReconciling()
    this.requests.forget()
    this.reporter.say('disconnected')
  }

  private hear(message: Fields, text: string): void {
    this.reporter.record(text)
    try {
      if (typeof message['op'] === 'string') return readRequestAnswer(message, this.requests)
      const { arg, data } = message
      const channel = isFields(arg) ? optionalField(arg, 'channel') : ''
      if (channel === 'account')
        return readBalances(message).forEach(({ currency, amount }) => this.reporter.balance(currency, amount))
      // One that cannot be understood does not take the others with it.
      for (const row of Array.isArray(data) ? (data as readonly unknown[]) : []) this.row(channel, row)
    } catch (error) {
      this.passOver(error)
    }
  }

  private row(channel: string, row: unknown): void {
    try {
      if (!isFields(row)) throw new VenueMessageError(`a message of '${channel}' has data that are no object`)
      if (channel === 'orders') {
        const order = readOrder(row)
        this.triggers.learn(order)
        this.reporter.order(order)
      } else if (channel === 'orders-algo') this.triggers.row(row)
      // Positions are compared when the account is reconciled: between a fill and its message they differ from ours.
    } catch (error) {
      this.passOver(error)
    }
  }

  private passOver(error: unknown): void {
    if (!(error instanceof VenueMessageError)) throw error
    this.parts.onTrouble(`${error.message}; it was passed over, and is in the journal as it was received`)
  }
}

const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const VENUE_DISCONNECTED = reasonCode('venue-disconnected')
const BAD_TERMS = reasonCode('bad-terms')
const AMEND_NOT_SUPPORTED = reasonCode('amend-not-supported')
