import type * as Ws from 'ws'
import type { Instrument, InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import { reasonCode } from '../../trading/messages/reasons.js'
import type { AsyncVenue, VenueOrder, VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { RequestLimits } from '../../trading/venues/request-limits.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { AccountQuestions } from '../adapter/account-questions.js'
import { OpenRequests, type SentRequest } from '../adapter/open-requests.js'
import { VenueMessageError } from '../errors.js'
import type { Fields } from '../fields.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { BybitAnswers } from './account-answers.js'
import { AccountConnection } from './account-connection.js'
import { BybitAccount } from './bybit-account.js'
import type { BybitRest } from './bybit-rest.js'
import { DisconnectProtection } from './disconnect-protection.js'
import type { BybitEndpoint, BybitTraded } from './endpoints.js'
import { bybitVenueName } from './options.js'
import { OrderChannel } from './order-channel.js'
import { amendArgument, cancelArgument, orderArgument } from './order-requests.js'
import { readBybitPrivate } from './private-messages.js'
import type { BybitCredentials } from './signing.js'

/** What a Bybit venue is made of. */
export interface BybitVenueParts {
  readonly ws: typeof Ws
  readonly endpoint: BybitEndpoint
  readonly credentials: BybitCredentials
  readonly rest: BybitRest
  readonly instruments: VenueInstruments
  /** Whether requests about orders go over a socket. */
  readonly isBySocket: boolean
  readonly requestsPerSecond: number
  /** Seconds; 0 for never. */
  readonly cancelAllAfter: number
  /** Why something does not work, for people. */
  readonly onTrouble: (why: string) => void
}

const TOPICS = ['order', 'execution', 'position', 'wallet']
/** Orders of one message, as Bybit allows. */
const MOST_ORDERS = { linear: 20, spot: 10 } as const

/** One category of an account at Bybit: orders over their socket, questions by REST. docs/venues/bybit.md says how orders map. */
export class BybitVenue implements AsyncVenue {
  readonly name: string
  readonly accounts = ['main']
  readonly canAmend = true
  readonly deterministic = false
  readonly maxBatch: number
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits: RequestLimits
  private readonly category: BybitTraded
  private readonly protection: DisconnectProtection
  private account!: BybitAccount
  private requests!: OpenRequests
  private questions!: AccountQuestions
  private channel!: OrderChannel
  private connection: AccountConnection | undefined = undefined

  constructor(private readonly parts: BybitVenueParts) {
    const { rest, instruments, requestsPerSecond, cancelAllAfter, onTrouble } = parts
    this.category = rest.category
    this.name = bybitVenueName(rest.category)
    this.maxBatch = MOST_ORDERS[rest.category]
    this.instruments = instruments.specs
    // A burst and the second after it together are never more than Bybit takes in a second.
    this.requestLimits = { account: { perSecond: requestsPerSecond, burst: Math.ceil(requestsPerSecond) } }
    this.protection = new DisconnectProtection(rest, cancelAllAfter, onTrouble)
  }

  start(report: (event: VenueEvent) => void, ids: ClientOrderIds, surroundings: VenueSurroundings): void {
    const { ws, endpoint, credentials, rest, instruments, isBySocket, onTrouble } = this.parts
    const account = new BybitAccount(ids, surroundings, report, onTrouble)
    this.account = account
    this.requests = new OpenRequests(account)
    const coins = [...new Set(instruments.specs.map(({ settlement = '' }) => settlement))]
    this.questions = new AccountQuestions(
      new BybitAnswers(rest, account, coins),
      account,
      account.millisecondsOf(0),
      onTrouble,
    )
    rest.onPrivate = text => account.record(text)
    const { topic } = this.protection
    this.connection = new AccountConnection(
      endpoint,
      isBySocket ? endpoint.tradeSocket : undefined,
      topic === undefined ? TOPICS : [...TOPICS, topic],
      {
        ws,
        credentials,
        now: () => rest.clock.now(),
        onReady: () => void this.connected(),
        onLost: () => this.disconnected(),
        onMessage: (message, text) => this.hear(message, text),
        onTrouble: why => onTrouble(`a private socket: ${why}`),
      },
    )
    this.channel = new OrderChannel(this.connection, rest, this.requests, isBySocket, onTrouble)
  }

  instrument(instrument: Instrument): void {
    this.account.addInstrument(instrument)
    if (this.parts.instruments.suspended.includes(instrument.symbol))
      this.account.say('suspended', event => {
        event.instrument = instrument.number
      })
  }

  submit(order: VenueOrder): void {
    this.submitBatch([order])
  }

  submitBatch(orders: readonly VenueOrder[]): void {
    const { category, requests, account } = this
    const args: Fields[] = []
    const sent: SentRequest[] = []
    let deadline = 0
    for (const order of orders) {
      const { idHigh, idLow, instrument } = order
      const request: SentRequest = { kind: 'submit', idHigh, idLow, request: 0, instrument: instrument.number }
      const id = account.ids.of(idHigh, idLow)
      const argument = orderArgument(order, category, id)
      if (argument === undefined) {
        requests.say('not-sent', request, BAD_TERMS)
        continue
      }
      account.keepInstrument(id, instrument)
      args.push(argument)
      sent.push(request)
      // Of orders that leave together the earliest counts.
      if (order.deadline !== 0) deadline = deadline === 0 ? order.deadline : Math.min(deadline, order.deadline)
    }
    if (args.length === 1) this.send('order.create', { category, ...args[0] }, sent, deadline)
    else if (args.length > 1) this.send('order.create-batch', { category, request: args }, sent, deadline)
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
    const known = this.knownInstrument(sent)
    if (known === undefined) return
    const id = this.account.ids.of(idHigh, idLow)
    this.account.amends.add(id, request, { ticks, steps })
    this.send('order.amend', amendArgument(known, this.category, id, ticks, steps), [sent], deadline)
  }

  cancel(idHigh: number, idLow: number, request: number, _now: number, _account: number, instrument: number): void {
    const sent: SentRequest = { kind: 'cancel', idHigh, idLow, request, instrument }
    const known = this.knownInstrument(sent)
    if (known === undefined) return
    this.send('order.cancel', cancelArgument(known, this.category, this.account.ids.of(idHigh, idLow)), [sent], 0)
  }

  reconcile(): void {
    void this.questions.reconcile()
  }

  query(idHigh: number, idLow: number, _account: number, instrument: number): void {
    const known = this.account.numbered(instrument)
    if (known === undefined) return
    this.account.keepInstrument(this.account.ids.of(idHigh, idLow), known)
    void this.questions.order(idHigh, idLow, known.symbol, instrument)
  }

  /** Orders stay at the venue. */
  async close(): Promise<void> {
    const { connection, parts, protection } = this
    if (connection !== undefined) {
      this.questions.close()
      if (protection.topic !== undefined) await connection.unsubscribe(protection.topic)
      connection.close()
    }
    parts.rest.close()
  }

  private knownInstrument(sent: SentRequest): Instrument | undefined {
    const { account, requests } = this
    const known = account.numbered(sent.instrument)
    if (known === undefined) requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    else account.keepInstrument(account.ids.of(sent.idHigh, sent.idLow), known)
    return known
  }

  private send(op: string, argument: Fields, sent: readonly SentRequest[], deadline: number): void {
    // The venue's clock is compared with the deadline as it is: what it says later about the order is compared with it too.
    this.channel.send(op, argument, sent, deadline === 0 ? 0 : this.account.millisecondsOf(deadline))
  }

  /** Everything is received from here on. What was before is asked for: the runtime asks to reconcile. */
  private async connected(): Promise<void> {
    const { account, connection, parts, protection, questions } = this
    const time = await questions.untilAnswered(
      () => parts.rest.time(),
      () => connection?.isReady === true,
    )
    if (time === undefined || connection?.isReady !== true) return
    account.say('connected', event => {
      event.venueTime = account.timeOf(time)
    })
    await protection.set()
  }

  private disconnected(): void {
    this.questions.stopReconciling()
    this.requests.forget()
    this.account.say('disconnected')
  }

  private hear(message: Fields, text: string): void {
    const { account, category, channel } = this
    account.record(text)
    const { topic } = message
    // Positions are compared when the account is reconciled: between a fill and its message they differ from ours.
    if (topic === 'position') return
    if (topic !== undefined) return readBybitPrivate(message, category, account)
    if (message['reqId'] === undefined) return
    try {
      channel.answer(message)
    } catch (error) {
      if (!(error instanceof VenueMessageError)) throw error
      account.problem(error)
    }
  }
}

const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const BAD_TERMS = reasonCode('bad-terms')
