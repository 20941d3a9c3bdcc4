import type { Instrument, InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import { BUY } from '../../trading/messages/order-terms.js'
import { reasonCode } from '../../trading/messages/reasons.js'
import type { AsyncVenue, VenueOrder, VenueSurroundings } from '../../trading/venues/async-venue.js'
import type { RequestLimits } from '../../trading/venues/request-limits.js'
import type { VenueEvent } from '../../trading/venues/venue-event.js'
import { AccountQuestions } from '../adapter/account-questions.js'
import { OpenRequests, type SentRequest } from '../adapter/open-requests.js'
import { textOf } from '../decimals.js'
import { VenueRequestError } from '../errors.js'
import { guarded } from '../private-events.js'
import type { VenueInstruments } from '../venue-instruments.js'
import type { Abilities } from './abilities.js'
import { CcxtAnswers } from './account-answers.js'
import { AccountLink } from './account-link.js'
import { AccountPoll } from './account-poll.js'
import { CcxtAccount } from './ccxt-account.js'
import { ccxtError, refusalOf } from './ccxt-errors.js'
import type { CcxtFailure, CcxtSession } from './ccxt-session.js'
import type { CcxtMarket, CcxtOrder } from './ccxt-types.js'
import { type ClientIdForm, FormedClientIds } from './client-ids.js'
import { hearParsed } from './hear-parsed.js'
import type { LiveOrder } from './live-orders.js'
import { OrderWords } from './order-words.js'
import { takeStrayRejections } from './stray-rejections.js'

/** What a venue by ccxt is made of. */
export interface CcxtVenueParts {
  readonly name: string
  readonly session: CcxtSession
  readonly abilities: Abilities
  readonly instruments: VenueInstruments
  /** By symbol. */
  readonly markets: ReadonlyMap<string, CcxtMarket>
  readonly clientIds: ClientIdForm
  readonly requestsPerSecond: number
  readonly pollMs: number
  /** Why something does not work, for people. */
  readonly onTrouble: (why: string) => void
}

/** An account at any exchange that ccxt knows. docs/venues/ccxt.md says what it cannot prove. */
export class CcxtVenue implements AsyncVenue {
  readonly name: string
  readonly accounts = ['main']
  /** An edit of ccxt is another order at some exchanges, and it does not say at which. */
  readonly canAmend = false
  readonly deterministic = false
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits: RequestLimits
  private account!: CcxtAccount
  private words!: OrderWords
  private requests!: OpenRequests
  private answers!: CcxtAnswers
  private questions!: AccountQuestions
  private link: AccountLink | undefined = undefined
  private poll!: AccountPoll
  private isClosed = false
  private stopTaking = (): void => {}

  constructor(private readonly parts: CcxtVenueParts) {
    const { name, instruments, requestsPerSecond } = parts
    this.name = name
    this.instruments = instruments.specs
    this.requestLimits = { account: { perSecond: requestsPerSecond, burst: Math.ceil(requestsPerSecond) } }
  }

  start(report: (event: VenueEvent) => void, ids: ClientOrderIds, surroundings: VenueSurroundings): void {
    const { session, abilities, markets, clientIds, onTrouble } = this.parts
    const forms = new FormedClientIds(ids, clientIds)
    const send = (event: VenueEvent): void => {
      if (!this.isClosed) report(event)
    }
    const account = new CcxtAccount(ids, forms, surroundings, send, onTrouble)
    this.account = account
    this.requests = new OpenRequests(account)
    this.words = new OrderWords(session.exchange, account, order => this.poll.owe(order))
    this.answers = new CcxtAnswers(session, abilities, account, this.words, [...markets.values()])
    this.questions = new AccountQuestions(this.answers, account, account.millisecondsOf(0), onTrouble)
    session.onPrivate = text => account.record(text)
    this.poll = new AccountPoll(this.answers, account, this.parts.pollMs, {
      isWanted: () => this.link?.isUp === true,
      onAnswer: error => this.link?.answered(error),
      onTrouble,
    })
    hearParsed(session.exchange, ORDER_PARSERS, parsed => this.hear(parsed))
    this.link = new AccountLink(session, abilities.hasStream, {
      onUp: time =>
        account.say('connected', event => {
          event.venueTime = account.timeOf(time)
        }),
      onDown: () => {
        this.questions.stopReconciling()
        account.say('disconnected')
      },
      onTrouble,
    })
    this.stopTaking = takeStrayRejections(error => onTrouble(ccxtError(error, session.credentials).message))
    void this.link.run()
  }

  instrument(instrument: Instrument): void {
    this.account.addInstrument(instrument)
    if (this.parts.instruments.suspended.includes(instrument.symbol))
      this.account.say('suspended', event => {
        event.instrument = instrument.number
      })
  }

  submit(order: VenueOrder): void {
    const { account, parts, requests } = this
    const { idHigh, idLow, instrument, deadline, side, ticks } = order
    const sent: SentRequest = { kind: 'submit', idHigh, idLow, request: 0, instrument: instrument.number }
    const market = parts.markets.get(instrument.symbol)
    if (market === undefined) return requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    const terms = parts.abilities.terms(order, market)
    if (terms === undefined) return requests.say('not-sent', sent, BAD_TERMS)
    if (this.link?.isUp !== true) return requests.say('not-sent', sent, VENUE_DISCONNECTED)
    const clientOrderId = account.forms.of(idHigh, idLow)
    account.keepInstrument(account.ids.of(idHigh, idLow), instrument)
    account.touched.set(instrument.number, instrument)
    const live = account.live.add({ high: idHigh, low: idLow }, instrument.symbol, instrument.number, Date.now())
    const amount = textOf(instrument.quantity, order.steps)
    const price = terms.type === 'market' ? undefined : textOf(instrument.price, ticks)
    const words = [instrument.symbol, terms.type, side === BUY ? 'buy' : 'sell', amount, price] as const
    const lastMs = deadline === 0 ? Number.POSITIVE_INFINITY : account.millisecondsOf(deadline)
    live.submitted = this.send(sent, lastMs, async exchange => {
      const answer = await exchange.createOrder(...words, { ...terms.parameters, clientOrderId })
      this.learnId(live, answer)
    })
  }

  amend(idHigh: number, idLow: number, request: number, ...others: readonly number[]): void {
    const [, , , , instrument] = others
    this.requests.say('amend-rejected', { kind: 'amend', idHigh, idLow, request, instrument }, AMEND_NOT_SUPPORTED)
  }

  cancel(idHigh: number, idLow: number, request: number, _now: number, _account: number, instrument: number): void {
    const { account, requests } = this
    const sent: SentRequest = { kind: 'cancel', idHigh, idLow, request, instrument }
    const known = account.numbered(instrument)
    if (known === undefined) return requests.say('not-sent', sent, UNKNOWN_INSTRUMENT)
    if (this.link?.isUp !== true) return requests.say('not-sent', sent, VENUE_DISCONNECTED)
    account.keepInstrument(account.ids.of(idHigh, idLow), known)
    void this.sendCancel(sent, known.symbol)
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
    this.isClosed = true
    if (this.link !== undefined) {
      this.poll.close()
      this.questions.close()
      this.link.close()
    }
    await this.parts.session.exchange.close()
    // What closing rejects is heard before.
    setImmediate(this.stopTaking)
  }

  /** Exchanges name an order by their own id: it is in the answer to its submit, or in the list of open orders. */
  private async sendCancel(sent: SentRequest, symbol: string): Promise<void> {
    const own = { high: sent.idHigh, low: sent.idLow }
    const live = this.account.live.find(own)
    await live?.submitted
    let id = live?.venueId === '' ? undefined : live?.venueId
    try {
      id ??= await this.answers.openId(own, symbol)
    } catch (error) {
      if (!(error instanceof VenueRequestError)) throw error
      this.parts.onTrouble(error.message)
      return this.requests.say('not-sent', sent, VENUE_DISCONNECTED)
    }
    if (id === undefined) return this.requests.refuse(sent, UNKNOWN_ORDER)
    if (live !== undefined) live.isCancelled = true
    const known = id
    await this.send(sent, Number.POSITIVE_INFINITY, async exchange => void (await exchange.cancelOrder(known, symbol)))
  }

  /** Sends a request about an order, and concludes from its end what that proves. */
  private async send(
    sent: SentRequest,
    lastMs: number,
    request: (exchange: CcxtSession['exchange']) => Promise<void>,
  ): Promise<void> {
    const outcome = await this.parts.session.send(request, lastMs)
    if ('failure' in outcome) this.fail(sent, outcome.failure)
    // An answer says that the exchange has taken the request, and not what became of it.
    else if (!this.parts.abilities.hasStream) this.poll.refreshSoon()
  }

  private fail(sent: SentRequest, { error, left, isLate }: CcxtFailure): void {
    const { account, parts, poll, requests } = this
    const own = { high: sent.idHigh, low: sent.idLow }
    const reason = refusalOf(error)
    const { message } = ccxtError(error, parts.session.credentials)
    if (left === 0) {
      if (sent.kind === 'submit') account.live.remove(own)
      if (!isLate) parts.onTrouble(`a request was not sent: ${message}`)
      return requests.say('not-sent', sent, isLate ? TOO_LATE : (reason ?? VENUE_DISCONNECTED))
    }
    poll.refreshSoon()
    if (reason === undefined || left > 1)
      return parts.onTrouble(`whether a request was done is not certain: ${message}`)
    if (sent.kind === 'submit') account.live.remove(own)
    requests.refuse(sent, reason)
  }

  private learnId(live: LiveOrder, { id, clientOrderId }: CcxtOrder = {}): void {
    const { onTrouble, session } = this.parts
    if (id === undefined || id === '') return
    live.venueId = id
    this.account.known.learnVenueId(live.high, live.low, id)
    if (clientOrderId !== undefined && this.account.forms.read(clientOrderId) === undefined)
      onTrouble(
        `${session.exchange.id} does not give our client ids back through ccxt: an order whose answer is lost stays unknown`,
      )
  }

  /** Orders of a message of the private socket. */
  private hear(orders: readonly CcxtOrder[]): void {
    for (const order of orders)
      guarded(this.account, () => {
        // A message may have a part of the order only.
        if (!this.words.order(order, false)) this.poll.refreshSoon()
      })
  }
}

/** ccxt's functions that read an order of a message. */
const ORDER_PARSERS = /^parse(Ws|WS)?Order$/

const UNKNOWN_INSTRUMENT = reasonCode('unknown-instrument')
const BAD_TERMS = reasonCode('bad-terms')
const AMEND_NOT_SUPPORTED = reasonCode('amend-not-supported')
const TOO_LATE = reasonCode('too-late')
const UNKNOWN_ORDER = reasonCode('unknown-order')
const VENUE_DISCONNECTED = reasonCode('venue-disconnected')
