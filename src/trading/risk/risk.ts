import { Wide } from '../exact/wide.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import { BUY } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { Changed, Word } from '../orders/life/words.js'
import type { VenueEvent } from '../venues/venue-event.js'
import { checkTerms, DeskState, reduces } from './checks.js'
import type { Currency } from './currency.js'
import { DayClock } from './day-clock.js'
import { Desk } from './desk.js'
import type { Holding } from './holding.js'
import { checkRisk, type KnownNames, type RiskOptions } from './limits.js'
import type { Owner } from './owner.js'
import { isNew, reserveNew, updateReserve } from './reserves.js'
import { type DeskData, loadDesk, saveDesk } from './snapshot.js'
import type { Totals } from './totals.js'
import { type DaysData, TradingDays } from './trading-days.js'

const ORDER_IS_FINAL = reasonCode('order-is-final')
const UNKNOWN_OUTCOME = reasonCode('unknown-outcome')

export interface RiskData extends DeskData {
  readonly state: number
  readonly lastTime: number
  readonly days: DaysData
}

/** What risk needs to know of a fill: whole ticks and steps, and a fee that is below 0 when it is earned. */
export interface FillFacts {
  readonly ticks: number
  readonly steps: number
  readonly fee: number
  /** '' for the currency that the instrument settles in. */
  readonly feeCurrency: string
}

export interface RiskSettings extends KnownNames {
  readonly instruments: Instruments
  /** ms since 1970 of the time 0: trading days are by the calendar. Default 0. */
  readonly origin?: number
}

/**
 * Decides about every order before it leaves, over all strategies at once, and reserves what is pending.
 *
 *     const reason = risk.check(order, now)              // 0 passes
 *     if (reason === 0) { orders.submit(order, now); risk.reserve(order, now); venue.submit(order, now) }
 *     const changed = orders.apply(event, now); risk.apply(orders.order, changed, event, now)
 *
 * Times are ns since the home's origin; they are passed in and may jump. Everything is counted in whole ticks and steps,
 * money on a grid that is fine enough for all instruments of its currency. No object is made for an order, once its
 * strategy, account and instrument were used; V8 allocates some numbers (see `npm run bench -- --only risk`).
 */
export class Risk {
  /** One of DeskState. */
  state: number = DeskState.ACTIVE
  readonly desk: Desk
  /** Fills booked. */
  fills = 0
  private days: TradingDays
  private readonly origin: number
  private readonly known: KnownNames
  private readonly instruments: Instruments
  private lastTime = 0
  /** The time that the days were told last. */
  private seenAt = Number.NaN

  /** @throws {InvalidOptionError} see `checkRisk`. */
  constructor(options: RiskOptions, settings: RiskSettings) {
    checkRisk(options, settings)
    this.known = settings
    this.instruments = settings.instruments
    this.origin = settings.origin ?? 0
    this.desk = new Desk(settings.instruments)
    this.days = this.newDays(options)
    this.desk.setOptions(options)
  }

  get options(): RiskOptions {
    return this.desk.options
  }

  /** Puts other limits into effect. Positions, reserves and profits stay. @throws {InvalidOptionError} */
  setOptions(options: RiskOptions): void {
    checkRisk(options, this.known)
    const { timeZone, dayStart } = this.options
    if (options.timeZone !== timeZone || options.dayStart !== dayStart) this.days = this.newDays(options)
    this.desk.setOptions(options)
  }

  /** Names a strategy: from then on its own limits hold. */
  addStrategy(number: number, id: string): Owner {
    return this.desk.addStrategy(number, id)
  }

  /** Names an account, by its number on the desk. It is not reconciled at first. */
  addAccount(number: number, name: string): Owner {
    return this.desk.addAccount(number, name)
  }

  /** Prepares for an instrument. @throws {InvalidOptionError} when its amounts are too fine or too large to be counted. */
  addInstrument(instrument: Instrument): void {
    this.desk.market(instrument)
  }

  /** Whether an order may leave: 0, or the code of the reason why not (an index into REASONS). Changes nothing else. */
  check(order: LiveOrder, now: number): number {
    this.advance(now)
    return checkTerms(this.desk, this.state, order, order.ticks, order.steps, false, now)
  }

  /** The same for an amend; `steps` is the new total, the filled part included. */
  checkAmend(order: LiveOrder, ticks: number, steps: number, now: number): number {
    if (order.isFinal) return ORDER_IS_FINAL
    if (order.unknownSince >= 0) return UNKNOWN_OUTCOME
    this.advance(now)
    return checkTerms(this.desk, this.state, order, ticks, steps, true, now)
  }

  /** Whether an order that is reserved makes its position smaller, if all that is pending on its side is filled. */
  isReducing(order: LiveOrder): boolean {
    const { ofStrategy, ofAccount } = this.desk.scope(order)
    return reduces(order.operator ? ofAccount : ofStrategy, order.side, 0)
  }

  /** Counts an order or an amend that passed, and reserves what it may fill. The order is in the book, with its request. */
  reserve(order: LiveOrder, now: number): void {
    this.advance(now)
    const { desk } = this
    const scope = desk.scope(order)
    const { rates } = scope
    for (let i = 0; i < rates.length; i++) rates[i].count(desk)
    if (isNew(order)) reserveNew(scope, order)
    else updateReserve(desk, order)
  }

  /** Counts an order as it now is. To be called after every change that `apply` is not told of. */
  update(order: LiveOrder): void {
    updateReserve(this.desk, order)
  }

  /** What `Orders.apply` changed, with its event: books a fill, counts errors, and reserves what is left. */
  apply(order: LiveOrder | undefined, changed: number, event: VenueEvent, now: number): void {
    if (order === undefined) return
    this.advance(now)
    if ((changed & Changed.FILL) !== 0) this.fill(order, event)
    if ((changed & Changed.STATE) !== 0 && (order.word === Word.REJECTED || order.word === Word.DENIED))
      this.countError(order)
    else if ((changed & (Changed.STATE | Changed.FILL)) !== 0 && order.word >= Word.WORKING) this.countSuccess(order)
    if ((changed & Changed.FILL) === 0) updateReserve(this.desk, order)
  }

  /**
   * Books a fill of an order: position, cash and fee of its strategy, its account, its instrument and the desk. A fee in
   * another currency than the instrument settles in is a loss in that currency.
   */
  fill(order: LiveOrder, facts: FillFacts): void {
    const { desk } = this
    const { ticks, steps, feeCurrency } = facts
    this.fills++
    const { market, strategy, account, all, own, ofStrategy, ofAccount, ofDesk } = desk.scope(order)
    const { settlement } = market
    if (!(market.middle2 > 0)) {
      market.middle2 = 2 * ticks
      desk.moveCeiling(market)
    }
    const signed = order.side === BUY ? steps : -steps
    cost.set(0)
    market.addValue(cost, signed, ticks)
    let other: Currency | undefined
    if (facts.fee !== 0) {
      const currency = feeCurrency === '' || feeCurrency === settlement.name ? settlement : desk.currency(feeCurrency)
      currency.setFee(amount, facts)
      if (currency === settlement) cost.add(amount)
      else other = currency
    }
    ofStrategy.fill(signed, cost)
    ofAccount.fill(signed, cost)
    ofDesk.fill(signed, cost)
    if (other !== undefined) for (const owner of [strategy, account, all, own]) chargeOther(owner, other)
    updateReserve(desk, order)
  }

  /** The last quote of an instrument, in ticks; 0 or NaN for a side that is missing. */
  quote(instrument: Instrument, bidTicks: number, askTicks: number, now: number): void {
    this.advance(now)
    this.desk.quote(this.desk.market(instrument), bidTicks, askTicks, now)
  }

  /** Says the time when nothing else does: a new day begins with the first call after its start. */
  advance(now: number): void {
    // Most calls of a burst have the time of the one before.
    if (now === this.seenAt) return
    this.seenAt = now
    if (now > this.lastTime) this.desk.elapsed += now - this.lastTime
    this.lastTime = now
    this.days.advance(now)
  }

  setTradable(instrument: Instrument, tradable: boolean): void {
    this.desk.market(instrument).tradable = tradable
  }

  setReconciled(account: number, reconciled: boolean): void {
    this.desk.account(account).reconciled = reconciled
  }

  pause(strategy: number, paused: boolean): void {
    this.desk.strategy(strategy).paused = paused
  }

  fence(strategy: number, fenced: boolean): void {
    this.desk.strategy(strategy).fenced = fenced
  }

  /** The operator says that trading may go on: no errors in a row, and drawdown counts from here. */
  resume(): void {
    this.state = DeskState.ACTIVE
    for (const owner of this.desk.owners()) {
      owner.errors = 0
      for (const totals of owner.allTotals) totals.resetPeak()
    }
  }

  countError(order: LiveOrder): void {
    const { strategy, account, all, own } = this.desk.scope(order)
    strategy.errors++
    account.errors++
    all.errors++
    if (own !== undefined) own.errors++
  }

  countSuccess(order: LiveOrder): void {
    const { strategy, account, all, own } = this.desk.scope(order)
    strategy.errors = 0
    account.errors = 0
    all.errors = 0
    if (own !== undefined) own.errors = 0
  }

  /** What a strategy holds in an instrument. */
  ofStrategy(strategy: number, instrument: Instrument): Holding {
    return this.desk.holding(this.desk.strategy(strategy), this.desk.market(instrument))
  }

  ofAccount(account: number, instrument: Instrument): Holding {
    return this.desk.holding(this.desk.account(account), this.desk.market(instrument))
  }

  /** What all strategies together hold in an instrument. */
  total(instrument: Instrument): Holding {
    return this.desk.holding(this.desk.desk, this.desk.market(instrument))
  }

  /** Everything that is not made again from the open orders, as plain data. */
  save(): RiskData {
    return { ...saveDesk(this.desk), state: this.state, lastTime: this.lastTime, days: this.days.save() }
  }

  /**
   * Takes over what `save` gave: for a new `Risk` with the same instruments and limits. Then every order in the book is
   * counted again: `for (const order of orders) risk.update(order)`.
   */
  load(data: RiskData): void {
    this.state = data.state
    this.lastTime = data.lastTime
    this.seenAt = Number.NaN
    loadDesk(this.desk, this.instruments, data)
    this.days.load(data.days)
  }

  private newDays(options: RiskOptions): TradingDays {
    this.seenAt = Number.NaN
    const clock = new DayClock(options.timeZone ?? 'UTC', options.dayStart ?? '00:00', this.origin)
    return new TradingDays(clock, {
      [Symbol.iterator]: () => {
        this.desk.refreshProfits()
        return allTotals(this.desk)
      },
    })
  }
}

/** Books `amount` as a fee in another currency than the one that the instrument settles in. */
function chargeOther(owner: Owner | undefined, currency: Currency): void {
  if (owner === undefined) return
  const totals = owner.totalsIn(currency)
  totals.otherFees.add(amount)
  totals.profit.subtract(amount)
  totals.judge()
}

function* allTotals(desk: Desk): Generator<Totals, undefined> {
  for (const owner of desk.owners()) yield* owner.allTotals
}

const amount = new Wide()
const cost = new Wide()
