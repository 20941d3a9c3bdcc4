import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import { BUY } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { AsyncVenue, VenueOrder } from '../venues/async-venue.js'
import type { RequestLimits } from '../venues/request-limits.js'
import type { VenueEvent, VenueEventKind } from '../venues/venue-event.js'
import { isCount, type Market } from './accounts/market.js'
import { Incoming } from './delivery/incoming.js'
import { DelayDraw } from './delivery/latency.js'
import { TimedQueue } from './delivery/timed-queue.js'
import { Answers } from './matching/answers.js'
import { Matcher } from './matching/matcher.js'
import { Queue } from './matching/queue.js'
import { Reactions } from './matching/reactions.js'
import { reconcileAccount } from './matching/reconcile.js'
import { RecordedMarket } from './matching/recorded-market.js'
import { Requests } from './matching/requests.js'
import { Settlement } from './matching/settlement.js'
import { VenueState } from './matching/venue-state.js'
import {
  type CheckedOptions,
  checkExchangeOptions,
  checkRate,
  type SimulatedExchangeOptions,
} from './options/options.js'
import {
  type AccountRecord,
  accountRecord,
  type BookRecord,
  bookOf,
  type ExchangeRecord,
  recordOf,
  type Sums,
  sumsOf,
} from './record.js'
import { loadExchange, type SavedExchange, saveExchange } from './saved-state.js'

/**
 * An exchange in the same process: it matches orders by price and time, against each other and against recorded market
 * data, and keeps accounts. Its rules are in docs/exchange.md.
 *
 * It has no clock and no luck of its own: time is the `now` of the calls, and random numbers come from the seed. The same
 * calls give the same events.
 */
export class SimulatedExchange implements AsyncVenue {
  readonly name: string
  readonly accounts: readonly string[]
  readonly canAmend = true
  readonly deterministic = true
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits: RequestLimits | undefined
  /** The options that it was made with, so that replay can make it again; but its limits, which are the gateway's affair. */
  readonly configuration: { readonly kind: 'simulated'; readonly options: SimulatedExchangeOptions }
  private readonly options: CheckedOptions
  private readonly state: VenueState
  private readonly answers: Answers
  private readonly requests: Requests
  private readonly reactions: Reactions
  private readonly recorded: RecordedMarket
  private readonly settlement: Settlement
  private readonly delayTo: DelayDraw
  /** Requests on their way; none arrives before an earlier one. */
  private readonly transit = { incoming: new TimedQueue(() => new Incoming()), lastArrival: 0 }

  /** @throws {InvalidOptionError} */
  constructor(options: SimulatedExchangeOptions = {}) {
    this.options = checkExchangeOptions(options)
    const { requestLimits, ...own } = options
    this.requestLimits = requestLimits
    this.configuration = { kind: 'simulated', options: own }
    this.name = this.options.name
    this.accounts = this.options.accounts.map(({ name }) => name)
    this.instruments = this.options.instruments
    const state = new VenueState(this.options)
    this.state = state
    this.answers = new Answers(state)
    const matcher = new Matcher(state, this.answers)
    const queue = new Queue(state)
    this.requests = new Requests(state, this.answers, matcher, queue)
    this.reactions = new Reactions(state, this.answers, matcher, this.requests)
    this.recorded = new RecordedMarket(state, matcher, queue)
    this.settlement = new Settlement(state, this.reactions)
    this.delayTo = new DelayDraw(this.options.to, state.random, 'latencyNs')
  }

  /** Reports 'connected' for each account at once. */
  start(report: (event: VenueEvent) => void): void {
    this.state.connection.report = report
    if (this.state.connection.downUntil === 0) this.sayOfConnection('connected', this.state.time)
    this.state.connection.deliver(this.state.time)
  }

  submit(order: VenueOrder, now: number): void {
    const time = this.begin(now)
    if (this.isSent(order.idHigh, order.idLow, 0, order.account, order.instrument.number, time)) {
      const arrival = this.arrival(time)
      if (arrival === time) this.doSubmit(order)
      else this.transit.incoming.add(arrival).copyOrder(order)
    }
    this.finish()
  }

  amend(idHigh: number, idLow: number, request: number, ticks: number, steps: number, now: number): void {
    const time = this.begin(now)
    if (this.isSent(idHigh, idLow, request, 0, 0, time)) {
      const arrival = this.arrival(time)
      if (arrival === time) this.doAmend(idHigh, idLow, request, ticks, steps)
      else {
        const sent = this.send('amend', arrival, idHigh, idLow, request)
        sent.ticks = ticks
        sent.steps = steps
      }
    }
    this.finish()
  }

  cancel(idHigh: number, idLow: number, request: number, now: number): void {
    const time = this.begin(now)
    if (this.isSent(idHigh, idLow, request, 0, 0, time)) {
      const arrival = this.arrival(time)
      if (arrival === time) this.requests.cancel(idHigh, idLow, request)
      else this.send('cancel', arrival, idHigh, idLow, request)
    }
    this.finish()
  }

  reconcile(account: number, now: number): void {
    const time = this.begin(now)
    if (this.state.connection.downUntil === 0) {
      const arrival = this.arrival(time)
      if (arrival === time) reconcileAccount(this.state, this.answers, account)
      else this.send('reconcile', arrival, 0, 0, 0).account = account
    }
    this.finish()
  }

  query(idHigh: number, idLow: number, account: number, instrument: number, now: number): void {
    const time = this.begin(now)
    if (this.state.connection.downUntil === 0) {
      const arrival = this.arrival(time)
      if (arrival === time) this.requests.query(idHigh, idLow, account, instrument)
      else {
        const sent = this.send('query', arrival, idHigh, idLow, 0)
        sent.account = account
        sent.instrumentNumber = instrument
      }
    }
    this.finish()
  }

  quote(
    instrument: Instrument,
    bidTicks: number,
    bidSteps: number,
    askTicks: number,
    askSteps: number,
    now: number,
  ): void {
    this.begin(now)
    const market = this.state.marketOf(instrument)
    if (market !== undefined && !market.settled) {
      this.recorded.quote(market, bidTicks, bidSteps, askTicks, askSteps)
      this.reactions.to(market)
    }
    this.finish()
  }

  trade(instrument: Instrument, side: number, ticks: number, steps: number, now: number): void {
    this.begin(now)
    const market = this.state.marketOf(instrument)
    if (market !== undefined && !market.settled) {
      this.recorded.trade(market, side === BUY ? 0 : 1, ticks, steps)
      this.reactions.to(market)
    }
    this.finish()
  }

  /** The price at which positions are valued from now on, in ticks; 0: the market's again. */
  markPrice(instrument: Instrument, ticks: number, now: number): void {
    if (ticks !== 0 && !isCount(ticks))
      throw new InvalidOptionError(`a mark price is a whole number of ticks above 0, or 0; not ${formatValue(ticks)}`)
    this.begin(now)
    const market = this.state.marketOf(instrument)
    if (market !== undefined) {
      market.setMarkTicks = ticks
      market.markMoved = true
      this.reactions.to(market)
    }
    this.finish()
  }

  /**
   * A funding payment at the mark price: those who are long pay `rate` times the value of their position, those who are
   * short get it. A negative rate turns it around.
   *
   * @throws {InvalidOptionError}
   */
  fund(instrument: Instrument, rate: string | number, now: number): void {
    const wanted = checkRate(rate)
    if (wanted !== undefined) throw new InvalidOptionError(`a funding rate is ${wanted}, not ${formatValue(rate)}`)
    this.begin(now)
    const market = this.state.marketOf(instrument)
    if (market !== undefined) this.settlement.fund(market, rate)
    this.finish()
  }

  /**
   * Settles every account's profit and loss at a price, in ticks: it goes to the balances, and positions cost this price
   * from then on. `final`: positions are closed, open orders cancelled, and the instrument is no longer traded.
   */
  settle(instrument: Instrument, ticks: number, now: number, options: { readonly final?: boolean } = {}): void {
    if (!isCount(ticks))
      throw new InvalidOptionError(`a settlement price is a whole number of ticks above 0, not ${formatValue(ticks)}`)
    this.begin(now)
    const market = this.state.marketOf(instrument)
    if (market !== undefined && !market.isSpot) this.settlement.settle(market, ticks, options.final ?? false)
    this.finish()
  }

  get nextAt(): number {
    const { expiries, connection } = this.state
    const back = connection.downUntil === 0 ? Number.POSITIVE_INFINITY : connection.downUntil
    return Math.min(this.transit.incoming.at, expiries.at, this.settlement.nextFundingAt, back, connection.queue.at)
  }

  advance(now: number): void {
    this.begin(now)
    this.finish()
  }

  close(): void {
    const { connection } = this.state
    connection.report = () => {}
    connection.queue.clear()
    this.transit.incoming.clear()
  }

  /** Everything the exchange knows of orders and fills: what it did, whatever was reported of it. */
  record(): ExchangeRecord {
    return recordOf(this.state, this.answers)
  }

  /** The resting orders of one instrument. */
  book(instrument: Instrument): BookRecord {
    const market = this.state.marketOf(instrument)
    return market === undefined ? { bids: [], asks: [] } : bookOf(this.state, market)
  }

  /** What one account has, exactly. @throws {InvalidOptionError} when there is no such account */
  account(index: number): AccountRecord {
    if (this.accounts[index] === undefined)
      throw new InvalidOptionError(`there is no account ${formatValue(index)}: there are ${this.accounts.length}`)
    return accountRecord(this.state, index)
  }

  /**
   * Sums over all accounts, the recorded market and the exchange's own account. They only change by what `balances` paid
   * in: quantities are always 0.
   */
  sums(): Sums {
    return sumsOf(this.state)
  }

  /** Everything it knows, as plain data that JSON keeps as it is. */
  save(): SavedExchange {
    return saveExchange(this.state, this.transit)
  }

  /**
   * Continues where a saved exchange was. It must be new, and have the same options.
   *
   * @throws {InvalidOptionError} when the options differ
   * @throws {InvalidStateError} when it is not new
   */
  load(saved: SavedExchange): void {
    loadExchange(this.state, this.transit, this.answers, saved)
  }

  /** Does what was due up to `now`, and answers the time at which the call acts: time never goes back. */
  private begin(now: number): number {
    const { state } = this
    if (now > state.time) {
      this.runUntil(now)
      state.time = now
    }
    return state.time
  }

  private finish(): void {
    this.state.connection.deliver(this.state.time)
  }

  private runUntil(now: number): void {
    const { state } = this
    const { connection, expiries } = state
    for (;;) {
      const back = connection.downUntil === 0 ? Number.POSITIVE_INFINITY : connection.downUntil
      const at = Math.min(back, expiries.at, this.settlement.nextFundingAt, this.transit.incoming.at)
      if (!(at <= now)) return
      if (at > state.time) state.time = at
      if (at === back) {
        connection.downUntil = 0
        this.sayOfConnection('connected', at)
      } else if (at === expiries.at) this.answers.expired(expiries.first, this.answers.holdingOf(expiries.first))
      else if (at === this.settlement.nextFundingAt) this.settlement.fundNext()
      else this.arrive(this.transit.incoming.shift())
    }
  }

  private arrive(sent: Incoming): void {
    if (sent.kind === 'submit') this.doSubmit(sent)
    else if (sent.kind === 'amend') this.doAmend(sent.idHigh, sent.idLow, sent.request, sent.ticks, sent.steps)
    else if (sent.kind === 'cancel') this.requests.cancel(sent.idHigh, sent.idLow, sent.request)
    else if (sent.kind === 'reconcile') reconcileAccount(this.state, this.answers, sent.account)
    else this.requests.query(sent.idHigh, sent.idLow, sent.account, sent.instrumentNumber)
  }

  private doSubmit(order: VenueOrder): void {
    this.requests.submit(order)
    const market = this.state.marketOfNumber(order.instrument.number)
    if (market !== undefined) this.reactions.to(market)
  }

  private doAmend(idHigh: number, idLow: number, request: number, ticks: number, steps: number): void {
    const order = this.state.orders.find(idHigh, idLow)
    const market: Market | undefined = order === 0 ? undefined : this.answers.marketOf(order)
    this.requests.amend(idHigh, idLow, request, ticks, steps)
    if (market !== undefined) this.reactions.to(market)
  }

  private send(kind: Incoming['kind'], arrival: number, idHigh: number, idLow: number, request: number): Incoming {
    const sent = this.transit.incoming.add(arrival)
    sent.kind = kind
    sent.idHigh = idHigh
    sent.idLow = idLow
    sent.request = request
    return sent
  }

  private arrival(time: number): number {
    const arrival = time + this.delayTo.next()
    if (arrival > this.transit.lastArrival) this.transit.lastArrival = arrival
    return this.transit.lastArrival
  }

  /** Whether a request leaves and is not lost. */
  private isSent(
    idHigh: number,
    idLow: number,
    request: number,
    account: number,
    instrument: number,
    time: number,
  ): boolean {
    const { connection, random } = this.state
    const { faults } = this.options
    if (connection.downUntil !== 0) {
      const event = connection.sayHere(time).clear()
      event.kind = 'not-sent'
      event.idHigh = idHigh
      event.idLow = idLow
      event.request = request
      event.account = account
      event.instrument = instrument
      event.reason = VENUE_DISCONNECTED
      return false
    }
    if (faults.disconnect > 0 && random.next() < faults.disconnect) {
      connection.breakUntil(time + Math.max(1, faults.outageNs))
      this.sayOfConnection('disconnected', time)
      return false
    }
    return faults.lostRequest === 0 || random.next() >= faults.lostRequest
  }

  private sayOfConnection(kind: VenueEventKind, time: number): void {
    for (let account = 0; account < this.accounts.length; account++) {
      const event = this.state.connection.sayHere(time).clear()
      event.kind = kind
      event.account = account
      event.venueTime = time
    }
  }
}

const VENUE_DISCONNECTED = reasonCode('venue-disconnected')
