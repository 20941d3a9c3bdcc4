import { BUY, FOK, SELL } from '../../messages/order-terms.js'
import { reasonCode } from '../../messages/reasons.js'
import type { Holding } from '../accounts/account.js'
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
  DOUBLES,
  FILLED,
  LAST_FILL,
  NEXT,
  NEXT_OF_HOLDING,
  REDUCE_ONLY,
  RESTING,
  SIDE,
  STATUS,
  STEPS,
  TICKS,
  TIME_IN_FORCE,
  WORDS,
} from '../book/orders.js'
import type { Answers } from './answers.js'
import type { VenueState } from './venue-state.js'

/** Matches incoming orders by price and time, against resting orders and against the recorded quote. */
export class Matcher {
  private readonly state: VenueState
  private readonly answers: Answers

  constructor(state: VenueState, answers: Answers) {
    this.state = state
    this.answers = answers
  }

  /**
   * Matches an order that is in no list, as far as its limit allows. `limit`: its limit price, 0 for none. Returns whether
   * it is final now: filled, or cancelled because of its own account's orders or of its reduce-only.
   */
  match(order: number, holding: Holding, limit: number): boolean {
    const { market } = holding
    const { orders } = this.state
    const side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    const levels = market.side(1 - side)
    const recorded = market.recorded(1 - side)
    const isReduceOnly = orders.bytes[order * BYTES_OF_ORDER + REDUCE_ONLY] === 1
    for (;;) {
      let open = orders.doubles[order * DOUBLES + STEPS] - orders.doubles[order * DOUBLES + FILLED]
      if (open === 0) {
        this.answers.filled(order, holding)
        return true
      }
      const fromRecorded = this.isRecordedNext(market, side)
      const ticks = fromRecorded ? recorded.ticks : levels.bestTicks
      if (ticks === 0 || (limit !== 0 && (side === BUY ? ticks > limit : ticks < limit))) return false
      if (isReduceOnly) {
        open = Math.min(open, reducible(holding, side))
        if (open <= 0) {
          this.answers.cancelled(order, holding, REDUCE_ONLY_REASON)
          return true
        }
      }
      if (fromRecorded) {
        const steps = Math.min(open, recorded.available)
        recorded.taken += steps
        // What is taken from the recorded queue stood in front of resting orders at that price.
        if (levels.bestTicks === ticks) levels.passed[levels.best] += steps
        this.fillByCrowd(order, holding, ticks, steps, false)
        continue
      }
      const resting = levels.first[levels.best]
      if (orders.words[resting * WORDS + ACCOUNT] === holding.account.index) {
        if (this.preventSelfTrade(order, resting, holding)) return true
        continue
      }
      const other = this.state.accounts[orders.words[resting * WORDS + ACCOUNT]].holdings[market.index] as Holding
      let steps = Math.min(open, this.openSteps(resting))
      if (orders.bytes[resting * BYTES_OF_ORDER + REDUCE_ONLY] === 1)
        steps = Math.min(steps, reducible(other, 1 - side))
      this.fillBoth(order, holding, resting, other, ticks, steps)
    }
  }

  /** Whether an order at this limit (0: none) would trade now. */
  wouldTrade(market: Market, side: number, limit: number): boolean {
    const levels = market.side(1 - side)
    const ticks = this.isRecordedNext(market, side) ? market.recorded(1 - side).ticks : levels.bestTicks
    return ticks !== 0 && (limit === 0 || (side === BUY ? ticks <= limit : ticks >= limit))
  }

  /** Fills a resting order against the recorded market, at the order's own price. */
  fillResting(order: number, market: Market, available: number): number {
    const { orders } = this.state
    const holding = this.state.accounts[orders.words[order * WORDS + ACCOUNT]].holdings[market.index] as Holding
    let steps = Math.min(available, this.openSteps(order))
    if (orders.bytes[order * BYTES_OF_ORDER + REDUCE_ONLY] === 1)
      steps = Math.min(steps, reducible(holding, orders.bytes[order * BYTES_OF_ORDER + SIDE]))
    this.fillByCrowd(order, holding, orders.doubles[order * DOUBLES + TICKS], steps, true)
    return steps
  }

  /**
   * Steps that an order could trade at once, and their value through `onPart`; no more than `most`. Orders of its own
   * account are no liquidity: 'cancel-oldest' passes over them, the other modes stop there.
   */
  liquidity(
    market: Market,
    side: number,
    limit: number,
    most: number,
    account: number,
    onPart?: (ticks: number, steps: number) => void,
  ): number {
    const { orders, options } = this.state
    const levels = market.side(1 - side)
    const recorded = market.recorded(1 - side)
    let found = 0
    let fromRecorded = recorded.ticks > 0 ? recorded.available : 0
    const isWithin = (ticks: number): boolean => limit === 0 || (side === BUY ? ticks <= limit : ticks >= limit)
    const add = (ticks: number, steps: number): void => {
      const part = Math.min(steps, most - found)
      found += part
      if (part > 0) onPart?.(ticks, part)
    }
    for (let level = levels.best; level !== -1 && found < most; level = levels.worse(level)) {
      const ticks = levels.ticksOf(level)
      if (fromRecorded > 0 && (side === BUY ? recorded.ticks <= ticks : recorded.ticks >= ticks)) {
        if (isWithin(recorded.ticks)) add(recorded.ticks, fromRecorded)
        fromRecorded = 0
      }
      if (!isWithin(ticks)) return found
      for (let order = levels.first[level]; order !== 0 && found < most; order = orders.words[order * WORDS + NEXT]) {
        if (orders.words[order * WORDS + ACCOUNT] !== account) add(ticks, this.openSteps(order))
        else if (options.selfTrade !== 'cancel-oldest') return found
      }
    }
    if (fromRecorded > 0 && isWithin(recorded.ticks)) add(recorded.ticks, fromRecorded)
    return found
  }

  /** Whether a fill-or-kill order cannot be filled at once. */
  mustBeKilled(order: number, holding: Holding, limit: number): boolean {
    const { bytes } = this.state.orders
    if (bytes[order * BYTES_OF_ORDER + TIME_IN_FORCE] !== FOK) return false
    const side = bytes[order * BYTES_OF_ORDER + SIDE]
    const open = this.openSteps(order)
    if (bytes[order * BYTES_OF_ORDER + REDUCE_ONLY] === 1 && reducible(holding, side) < open) return true
    return this.liquidity(holding.market, side, limit, open, holding.account.index) < open
  }

  openSteps(order: number): number {
    const { doubles } = this.state.orders
    return doubles[order * DOUBLES + STEPS] - doubles[order * DOUBLES + FILLED]
  }

  /** Whether the recorded quote comes before the best resting order: at one price it was there first. */
  private isRecordedNext(market: Market, side: number): boolean {
    const recorded = side === BUY ? market.recordedAsk : market.recordedBid
    if (recorded.ticks === 0 || recorded.taken >= recorded.steps) return false
    const own = side === BUY ? market.asks.bestTicks : market.bids.bestTicks
    return own === 0 || (side === BUY ? recorded.ticks <= own : recorded.ticks >= own)
  }

  /** Two orders of one account meet. Returns whether the incoming one is final. */
  private preventSelfTrade(incoming: number, resting: number, holding: Holding): boolean {
    const mode = this.state.options.selfTrade
    if (mode === 'decrement') return this.decrement(incoming, resting, holding)
    if (mode !== 'cancel-newest') this.answers.cancelled(resting, holding, SELF_TRADE)
    if (mode === 'cancel-oldest') return false
    this.answers.cancelled(incoming, holding, SELF_TRADE)
    return true
  }

  /** Both lose the quantity of the smaller one, which ends. */
  private decrement(incoming: number, resting: number, holding: Holding): boolean {
    const steps = Math.min(this.openSteps(incoming), this.openSteps(resting))
    for (const order of [resting, incoming]) {
      if (this.openSteps(order) === steps) {
        this.answers.cancelled(order, holding, SELF_TRADE)
        continue
      }
      this.changeHeld(order, holding, -1)
      this.state.orders.doubles[order * DOUBLES + STEPS] -= steps
      this.changeHeld(order, holding, 1)
      this.answers.terms(order, 'amended', 0, false, SELF_TRADE)
    }
    return this.state.orders.bytes[incoming * BYTES_OF_ORDER + STATUS] !== 0
  }

  private fillBoth(
    order: number,
    holding: Holding,
    resting: number,
    other: Holding,
    ticks: number,
    steps: number,
  ): void {
    const { state, answers } = this
    const side = state.orders.bytes[order * BYTES_OF_ORDER + SIDE]
    state.tradeNumber++
    if (side === BUY) state.ledger.trade(holding.market, holding, other, ticks, steps)
    else state.ledger.trade(holding.market, other, holding, ticks, steps)
    this.book(resting, other, ticks, steps, true)
    if (this.openSteps(resting) === 0) answers.filled(resting, other)
    this.book(order, holding, ticks, steps, false)
    holding.market.traded(ticks)
    this.dropUseless(other)
    this.dropUseless(holding)
  }

  private fillByCrowd(order: number, holding: Holding, ticks: number, steps: number, isMaker: boolean): void {
    const { state } = this
    const { market } = holding
    const crowd = state.crowd.holdingOf(market)
    state.tradeNumber++
    const side = state.orders.bytes[order * BYTES_OF_ORDER + SIDE]
    if (side === BUY) state.ledger.trade(market, holding, crowd, ticks, steps)
    else state.ledger.trade(market, crowd, holding, ticks, steps)
    this.book(order, holding, ticks, steps, isMaker)
    if (isMaker && this.openSteps(order) === 0) this.answers.filled(order, holding)
    market.traded(ticks)
    this.dropUseless(holding)
  }

  /** One side of a trade: its fee, its order, the record and the report. */
  private book(order: number, holding: Holding, ticks: number, steps: number, isMaker: boolean): void {
    const { state } = this
    const { orders, fills, ledger } = state
    ledger.fee(holding, ticks, steps, isMaker)
    state.touch(holding.account)
    const side = orders.bytes[order * BYTES_OF_ORDER + SIDE]
    this.changeHeld(order, holding, -1)
    orders.doubles[order * DOUBLES + FILLED] += steps
    this.changeHeld(order, holding, 1)
    const at = fills.add()
    const { values } = fills
    values[at + FILL_ID_HIGH] = orders.idHigh(order)
    values[at + FILL_ID_LOW] = orders.idLow(order)
    values[at + FILL_MARKET] = holding.market.index
    values[at + FILL_WHO] = holding.account.index * 4 + (isMaker ? 2 : 0) + side
    values[at + FILL_TICKS] = ticks
    values[at + FILL_STEPS] = steps
    values[at + FILL_FEE] = ledger.lastFee.toDecimalNumber(holding.market.currency.decimals)
    values[at + FILL_TIME] = state.time
    values[at + FILL_TRADE] = state.tradeNumber
    values[at + FILL_BEFORE] = orders.words[order * WORDS + LAST_FILL]
    orders.words[order * WORDS + LAST_FILL] = fills.count
    this.answers.fill(fills.count)
  }

  private changeHeld(order: number, holding: Holding, sign: number): void {
    if (!holding.account.limited) return
    this.state.margin.hold(holding, this.state.orders.bytes[order * BYTES_OF_ORDER + SIDE], order, sign)
  }

  /** Resting reduce-only orders that have nothing left to reduce are cancelled. Stops are asked when they are triggered. */
  private dropUseless(holding: Holding): void {
    if (holding.reduceOnlyOrders === 0) return
    const { orders } = this.state
    let order = holding.firstOrder
    while (order !== 0) {
      const next = orders.words[order * WORDS + NEXT_OF_HOLDING]
      const at = order * BYTES_OF_ORDER
      const isOne = orders.bytes[at + REDUCE_ONLY] === 1 && orders.bytes[at + STATUS] === RESTING
      if (isOne && reducible(holding, orders.bytes[at + SIDE]) <= 0)
        this.answers.cancelled(order, holding, REDUCE_ONLY_REASON)
      order = next
    }
  }
}

/** Steps that an order of this side can take off a position. */
export function reducible(holding: Holding, side: number): number {
  return side === SELL ? Math.max(0, holding.position) : Math.max(0, -holding.position)
}

const SELF_TRADE = reasonCode('self-trade-prevented')
const REDUCE_ONLY_REASON = reasonCode('reduce-only')
