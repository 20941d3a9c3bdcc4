import type * as Ws from 'ws'
import type { Instrument, InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import { reasonCode } from '../../trading/messages/reasons.js'
import type { AsyncVenue, VenueOrder, VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { RequestLimits } from '../../trading/venues/request-limits.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { AccountQuestions } from '../adapter/account-questions.js'
import { ACCOUNT, AccountReporter } from '../adapter/account-reporter.js'
import { CancelAfter } from '../adapter/cancel-after.js'
import { KnownOrders } from '../adapter/known-orders.js'
import { OpenRequests, type SentRequest } from '../adapter/open-requests.js'
import { VenueMessageError } from '../errors.js'
import type { Fields } from '../fields.js'
import type { PrivateContext } from '../private-context.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { BinanceAccountAnswers } from './account-answers.js'
import { AccountConnection } from './account-connection.js'
import { type BinanceRest, FUTURES_PATHS } from './binance-rest.js'
import type { TradedMarket } from './endpoints.js'
import { venueName } from './options.js'
import { amendParameters, cancelParameters, METHODS, orderParameters } from './order-requests.js'
import { readRequestAnswer } from './request-answers.js'
import { type BinanceCredentials, type Parameters, signedParameters } from './signing.js'
import { windowUntil } from './time-window.js'
import { readUserData } from './user-data.js'

/** What a Binance venue is made of. */
export interface BinanceVenueParts {
  readonly ws: typeof Ws
  readonly credentials: BinanceCredentials
  readonly rest: BinanceRest
  readonly instruments: VenueInstruments
  readonly requestsPerSecond: number
  /** Seconds; 0 for never. */
  readonly cancelAllAfter: number
  /** Why something does not work, for people. */
  readonly onTrouble: (why: string) => void
}

/** An account at one market of Binance: orders over the socket, questions by REST. docs/venues/binance.md says how orders map. */
export class BinanceVenue implements AsyncVenue {
  readonly name: string
  readonly accounts = ['main']
  readonly canAmend: boolean
  readonly deterministic = false
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits: RequestLimits
  private readonly market: TradedMarket
  private readonly suspended: ReadonlySet<string>
  private readonly known = new KnownOrders()
  private reporter!: AccountReporter
  private context!: PrivateContext
  private requests!: OpenRequests
  private questions!: AccountQuestions
  private connection: AccountConnection | undefined = undefined
  private readonly cancelAfter: CancelAfter

  constructor(private readonly parts: BinanceVenueParts) {
    const { rest, instruments, requestsPerSecond, cancelAllAfter, onTrouble } = parts
    this.market = rest.endpoint.market
    this.name = venueName(this.market)
    this.canAmend = this.market !== 'spot'
    this.instruments = instruments.specs
    this.suspended = new Set(instruments.suspended)
    this.requestLimits = { account: { perSecond: requestsPerSecond, burst: Math.ceil(requestsPerSecond) } }
    this.cancelAfter = new CancelAfter(seconds => this.cancelAllIn(seconds), cancelAllAfter, onTrouble)
  }

  start(report: (event: VenueEvent) => void, ids: ClientOrderIds, surroundings: VenueSurroundings): void {
    const { ws, credentials, rest, onTrouble } = this.parts
    const send = (event: VenueEvent): void => this.send(event, report)
    this.reporter = new AccountReporter(ids, surroundings, send)
    this.requests = new OpenRequests(this.reporter)
    this.context = {
      account: ACCOUNT,
      ids,
      instrumentOf: (symbol, clientOrderId = '') => this.reporter.instrumentOf(symbol, clientOrderId),
      timeOf: this.reporter.timeOf,
      orderOf: this.known.ownIdOf,
      // The answer to an amend names its request; the account's stream says its terms.
      amendOf: () => 0,
      report: send,
      passOver: () => {},
      problem: ({ message }) => onTrouble(`${message}; it was passed over, and is in the journal as it was received`),
    }
    const answers = new BinanceAccountAnswers(rest, this.reporter, this.context, this.known)
    const since = Number(surroundings.origin / 1_000_000n)
    this.questions = new AccountQuestions(answers, this.reporter, since, onTrouble)
    rest.onPrivate = text => this.reporter.record(text)
    this.connection = new AccountConnection({
      ws,
      rest,
      credentials,
      onReady: () => void this.connected(),
      onLost: () => this.disconnected(),
      onMessage: (message, text) => this.hear(message, text),
      onTrouble,
    })
  }

  instrument(instrument: Instrument): void {
    this.reporter.addInstrument(instrument)
    if (this.suspended.has(instrument.symbol))
      this.reporter.say('suspended', event => {
        event.instrument = instrument.number
      })
  }

  submit(order: VenueOrder): void {
    const { idHigh, idLow, instrument, deadline } = order
    const sent: SentRequest = { kind: 'submit', idHigh, idLow, request: 0, instrument: instrument.number }
    const id = this.reporter.ids.of(idHigh, idLow)
    if (this.reporter.numbered(instrument.number) === undefined)
      return this.requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    const parameters = orderParameters(order, this.market, id)
    if (parameters === undefined) return this.requests.say('not-sent', sent, BAD_TERMS)
    this.known.learnSide(idHigh, idLow, order.side)
    this.reporter.touched.set(instrument.number, instrument)
    this.request(sent, parameters, deadline)
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
    const known = this.named(sent)
    if (known === undefined) return
    const side = this.known.sideOf(idHigh, idLow)
    // Spot has no such request; USD-M wants to know the side, and has amends of limit orders alone.
    if (!this.canAmend || side === undefined || ticks === 0)
      return this.requests.say('amend-rejected', sent, AMEND_NOT_SUPPORTED)
    const id = this.reporter.ids.of(idHigh, idLow)
    this.request(sent, amendParameters(known, side, id, ticks, steps), deadline)
  }

  cancel(idHigh: number, idLow: number, request: number, _now: number, _account: number, instrument: number): void {
    const sent: SentRequest = { kind: 'cancel', idHigh, idLow, request, instrument }
    const known = this.named(sent)
    if (known !== undefined) this.request(sent, cancelParameters(known, this.reporter.ids.of(idHigh, idLow)), 0)
  }

  reconcile(): void {
    void this.questions.reconcile()
  }

  query(idHigh: number, idLow: number, _account: number, instrument: number): void {
    const known = this.reporter.numbered(instrument)
    if (known === undefined) return
    this.reporter.keepInstrument(this.reporter.ids.of(idHigh, idLow), known)
    void this.questions.order(idHigh, idLow, known.symbol, instrument)
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

  /** The instrument of a request about an order; undefined when it is not known, which is said. */
  private named(sent: SentRequest): Instrument | undefined {
    const known = this.reporter.numbered(sent.instrument)
    if (known === undefined) this.requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    else this.reporter.keepInstrument(this.reporter.ids.of(sent.idHigh, sent.idLow), known)
    return known
  }

  /** @param deadline ns since the home's origin; 0 without one. */
  private request(sent: SentRequest, parameters: Parameters, deadline: number): void {
    const { credentials, rest } = this.parts
    const window = windowUntil(rest.clock.now(), deadline === 0 ? 0 : this.reporter.millisecondsOf(deadline))
    if (window === undefined) return this.requests.say('not-sent', sent, TOO_LATE)
    const id = this.requests.add([sent])
    const params = signedParameters(credentials, { ...parameters, ...window })
    if (this.connection?.send({ id, method: METHODS[sent.kind], params }) !== true) this.requests.notSent(id)
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
    if (!('id' in message)) return readUserData(message, this.context)
    try {
      readRequestAnswer(message, this.requests, this.reporter)
    } catch (error) {
      if (!(error instanceof VenueMessageError)) throw error
      this.context.problem(error)
    }
  }

  /** Passes an event on, and remembers what later messages need to know. */
  private send(event: VenueEvent, report: (event: VenueEvent) => void): void {
    const { idHigh, idLow, venueOrderId } = event
    if (idHigh !== 0 || idLow !== 0) {
      if (venueOrderId !== '') this.known.learnVenueId(idHigh, idLow, venueOrderId)
      if (SAY_SIDE.has(event.kind)) this.known.learnSide(idHigh, idLow, event.side)
    }
    report(event)
  }

  /** USD-M counts for each symbol by itself: those in which there were orders. */
  private async cancelAllIn(seconds: number): Promise<void> {
    const { market } = this
    if (market === 'spot') return
    for (const { symbol } of this.reporter.touched.values())
      await this.parts.rest.post(FUTURES_PATHS[market].countdown, { symbol, countdownTime: seconds * 1000 })
  }
}

/** Events that are made of a description of the order. */
const SAY_SIDE: ReadonlySet<string> = new Set(['open', 'fill', 'filled', 'cancelled', 'expired'])

const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const BAD_TERMS = reasonCode('bad-terms')
const AMEND_NOT_SUPPORTED = reasonCode('amend-not-supported')
const TOO_LATE = reasonCode('too-late')
