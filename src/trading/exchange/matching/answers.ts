import { reasonCode } from '../../messages/reasons.js'
import type { VenueEvent, VenueEventKind } from '../../venues/venue-event.js'
import type { Account, Holding, Wallet } from '../accounts/account.js'
import {
  FILL_BEFORE,
  FILL_FEE,
  FILL_ID_HIGH,
  FILL_ID_LOW,
  FILL_MARKET,
  FILL_STEPS,
  FILL_TICKS,
  FILL_TIME,
  FILL_TRADE,
  FILL_WHO,
} from '../accounts/fills.js'
import type { Market } from '../accounts/market.js'
import {
  ACCOUNT,
  BYTES_OF_ORDER,
  CANCELLED,
  DOUBLES,
  EXPIRED,
  EXPIRY,
  FILLED,
  FILLED_STATUS,
  LAST_FILL,
  MARKET_INDEX,
  NEXT_OF_HOLDING,
  NUMBER,
  PREVIOUS_OF_HOLDING,
  REASON,
  REDUCE_ONLY,
  REJECTED,
  RESTING,
  SIDE,
  STATUS,
  STEPS,
  TICKS,
  WAITING,
  WORDS,
} from '../book/orders.js'
import type { VenueState } from './venue-state.js'

/** The life of an order in the exchange's lists, and what the exchange says of it. */
export class Answers {
  private readonly state: VenueState

  constructor(state: VenueState) {
    this.state = state
  }

  /** An event about an order, to which the caller adds what is particular. */
  about(order: number, kind: VenueEventKind, isSure = false): VenueEvent {
    const { orders, connection, time, markets } = this.state
    const event = isSure ? connection.saySurely(time) : connection.say(time)
    event.clear()
    const { words, doubles } = orders
    event.kind = kind
    event.idHigh = orders.idHigh(order)
    event.idLow = orders.idLow(order)
    event.instrument = markets[words[order * WORDS + MARKET_INDEX]].instrument.number
    event.account = words[order * WORDS + ACCOUNT]
    event.side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    event.filledSteps = doubles[order * DOUBLES + FILLED]
    event.venueOrderNumber = doubles[order * DOUBLES + NUMBER]
    event.venueTime = time
    return event
  }

  /** `about`, with the terms of the order. @param reason why, for a change that nobody has asked for: an index into REASONS. */
  terms(order: number, kind: VenueEventKind, request: number, isSure = false, reason = 0): void {
    const event = this.about(order, kind, isSure)
    const { doubles } = this.state.orders
    event.request = request
    event.reason = reason
    event.ticks = doubles[order * DOUBLES + TICKS]
    event.steps = doubles[order * DOUBLES + STEPS]
  }

  /** The answer to a request about an order that is not known. */
  unknown(
    kind: VenueEventKind,
    idHigh: number,
    idLow: number,
    request: number,
    reason: number,
    isSure = false,
  ): VenueEvent {
    const { connection, time } = this.state
    const event = isSure ? connection.saySurely(time) : connection.say(time)
    event.clear()
    event.kind = kind
    event.idHigh = idHigh
    event.idLow = idLow
    event.request = request
    event.reason = reason
    event.venueTime = time
    return event
  }

  refused(order: number, kind: VenueEventKind, request: number, reason: number): void {
    const event = this.about(order, kind)
    event.request = request
    event.reason = reason
  }

  /** Reports a fill of the record. */
  fill(number: number, isSure = false): void {
    const { fills, connection, time, markets } = this.state
    const event = isSure ? connection.saySurely(time) : connection.say(time)
    const { values } = fills
    const at = fills.at(number)
    const market = markets[values[at + FILL_MARKET]]
    const who = values[at + FILL_WHO]
    event.clear()
    event.kind = 'fill'
    event.idHigh = values[at + FILL_ID_HIGH]
    event.idLow = values[at + FILL_ID_LOW]
    event.instrument = market.instrument.number
    event.account = Math.floor(who / 4)
    event.side = who & 1
    event.maker = (who & 2) !== 0
    event.ticks = values[at + FILL_TICKS]
    event.steps = values[at + FILL_STEPS]
    event.fee = values[at + FILL_FEE]
    event.feeCurrency = market.currency.name
    event.tradeNumber = values[at + FILL_TRADE]
    event.venueTime = values[at + FILL_TIME]
  }

  /** The fills of one order, oldest first, as far as they are kept. */
  fillsOf(order: number): number[] {
    const { fills, orders } = this.state
    const found: number[] = []
    let number = orders.words[order * WORDS + LAST_FILL]
    while (number >= fills.oldest && number > 0) {
      found.push(number)
      number = fills.values[fills.at(number) + FILL_BEFORE]
    }
    return found.reverse()
  }

  /** What the exchange says when it is asked about an order: its fills, then its state. */
  stateOf(order: number): void {
    for (const number of this.fillsOf(order)) this.fill(number, true)
    const kind = STATES[this.state.orders.bytes[order * BYTES_OF_ORDER + STATUS]]
    const { words, doubles } = this.state.orders
    const event = this.about(order, kind, true)
    event.ticks = doubles[order * DOUBLES + TICKS]
    event.steps = doubles[order * DOUBLES + STEPS]
    event.reason = words[order * WORDS + REASON]
  }

  /** The balance of an account in one currency. */
  balance(account: Account, wallet: Wallet): void {
    const event = this.ofAccount(account, 'balance')
    event.fee = wallet.total.toDecimalNumber(wallet.currency.decimals)
    event.feeCurrency = wallet.currency.name
  }

  position(holding: Holding): void {
    const event = this.ofAccount(holding.account, 'position')
    event.instrument = holding.market.instrument.number
    event.steps = holding.position
  }

  /** An event about an account, which no fault happens to. */
  ofAccount(account: Account, kind: VenueEventKind): VenueEvent {
    const { connection, time } = this.state
    const event = connection.saySurely(time).clear()
    event.kind = kind
    event.account = account.index
    event.venueTime = time
    return event
  }

  /** Puts an order into the list of its account's open orders in its market. */
  link(order: number, holding: Holding): void {
    const { words, bytes } = this.state.orders
    words[order * WORDS + PREVIOUS_OF_HOLDING] = holding.lastOrder
    words[order * WORDS + NEXT_OF_HOLDING] = 0
    if (holding.lastOrder === 0) holding.firstOrder = order
    else words[holding.lastOrder * WORDS + NEXT_OF_HOLDING] = order
    holding.lastOrder = order
    if (bytes[order * BYTES_OF_ORDER + REDUCE_ONLY] === 1) holding.reduceOnlyOrders++
  }

  /** Takes an order out of every list it is in. It keeps its status. */
  private unlink(order: number, holding: Holding): void {
    const { words, bytes } = this.state.orders
    const status = bytes[order * BYTES_OF_ORDER + STATUS]
    if (status !== RESTING && status !== WAITING) return
    const { market } = holding
    const side = bytes[order * BYTES_OF_ORDER + SIDE]
    if (status === RESTING) market.side(side).remove(order)
    else market.stops(side).remove(order)
    if (words[order * WORDS + EXPIRY] !== 0) this.state.expiries.remove(order)
    const next = words[order * WORDS + NEXT_OF_HOLDING]
    const previous = words[order * WORDS + PREVIOUS_OF_HOLDING]
    if (next === 0) holding.lastOrder = previous
    else words[next * WORDS + PREVIOUS_OF_HOLDING] = previous
    if (previous === 0) holding.firstOrder = next
    else words[previous * WORDS + NEXT_OF_HOLDING] = next
    if (bytes[order * BYTES_OF_ORDER + REDUCE_ONLY] === 1) holding.reduceOnlyOrders--
  }

  /** Takes an open order out of the book, so that it can be matched again or finished. */
  takeOut(order: number, holding: Holding): void {
    this.unlink(order, holding)
    this.state.orders.bytes[order * BYTES_OF_ORDER + STATUS] = 0
  }

  /** All of its quantity is filled. Nothing is held for it any more. */
  filled(order: number, holding: Holding): void {
    this.end(order, holding, FILLED_STATUS, 0)
    this.about(order, 'filled')
  }

  cancelled(order: number, holding: Holding, reason: number, request = 0): void {
    this.release(order, holding)
    this.end(order, holding, CANCELLED, reason)
    this.refused(order, 'cancelled', request, reason)
  }

  expired(order: number, holding: Holding): void {
    this.release(order, holding)
    this.end(order, holding, EXPIRED, TIME_IN_FORCE_REASON)
    this.refused(order, 'expired', 0, TIME_IN_FORCE_REASON)
  }

  /** Refuses an order for which nothing is held and that is in no list. */
  rejected(order: number, reason: number): void {
    const { orders } = this.state
    orders.bytes[order * BYTES_OF_ORDER + STATUS] = REJECTED
    orders.words[order * WORDS + REASON] = reason
    this.refused(order, 'rejected', 0, reason)
    orders.finish(order)
  }

  private release(order: number, holding: Holding): void {
    if (holding.account.limited)
      this.state.margin.hold(holding, this.state.orders.bytes[order * BYTES_OF_ORDER + SIDE], order, -1)
  }

  private end(order: number, holding: Holding, status: number, reason: number): void {
    const { orders } = this.state
    this.unlink(order, holding)
    orders.bytes[order * BYTES_OF_ORDER + STATUS] = status
    orders.words[order * WORDS + REASON] = reason
    orders.finish(order)
  }

  /** The market of an order. */
  marketOf(order: number): Market {
    return this.state.markets[this.state.orders.words[order * WORDS + MARKET_INDEX]]
  }

  holdingOf(order: number): Holding {
    const account = this.state.accounts[this.state.orders.words[order * WORDS + ACCOUNT]]
    return account.holdingOf(this.marketOf(order))
  }
}

/** By the status of an order. */
const STATES: readonly VenueEventKind[] = ['open', 'open', 'open', 'filled', 'cancelled', 'expired', 'rejected']
const TIME_IN_FORCE_REASON = reasonCode('time-in-force')
