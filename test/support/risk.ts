/** A desk of orders and risk, as a gateway drives them, without journals and venues. */
import type { Instrument, InstrumentSpec } from '../../dist/trading/instruments/instrument.js'
import type { LiveOrder } from '../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../dist/trading/orders/life/orders.js'
import type { RiskOptions } from '../../dist/trading/risk/limits.js'
import { Risk } from '../../dist/trading/risk/risk.js'
import type { VenueEvent, VenueEventKind } from '../../dist/trading/venues/venue-event.js'
import { eventFor, fillOf, home, newOrder, reasonName } from './orders.ts'

export type Terms = Parameters<typeof newOrder>[2]

/** Strategies 1 'momentum' and 2 'maker', accounts 0 'main' and 1 'other', a quote of 999 to 1,001 ticks. */
export class TestDesk {
  readonly instruments
  readonly btc: Instrument
  readonly all: readonly Instrument[]
  readonly orders: Orders
  readonly risk: Risk
  now = 1e9
  private trades = 0

  constructor(options: RiskOptions = {}, specs: readonly InstrumentSpec[] = [], origin = 0) {
    const { instruments, btc, all } = home(...specs)
    this.instruments = instruments
    this.btc = btc
    this.all = all
    this.orders = new Orders(instruments)
    this.risk = new Risk(options, { instruments, accounts: ['main', 'other'], origin })
    this.risk.addStrategy(1, 'momentum')
    this.risk.addStrategy(2, 'maker')
    this.risk.addAccount(0, 'main')
    this.risk.addAccount(1, 'other')
    this.risk.setReconciled(0, true)
    this.risk.setReconciled(1, true)
    for (const instrument of all) this.risk.quote(instrument, 999, 1001, this.now)
  }

  order(terms: Terms = {}, strategy = 1, instrument = this.btc): LiveOrder {
    return newOrder(this.orders, instrument, terms, strategy)
  }

  /** The reason against an order; 'none' passes. Sends nothing. */
  reasonFor(terms: Terms = {}, strategy = 1, instrument = this.btc): string {
    const order = this.order(terms, strategy, instrument)
    const reason = this.risk.check(order, this.now)
    this.orders.discard(order)
    return reasonName(reason)
  }

  /** Sends an order that passes, and returns it. */
  send(terms: Terms = {}, strategy = 1, instrument = this.btc): LiveOrder {
    const order = this.order(terms, strategy, instrument)
    const reason = this.risk.check(order, this.now)
    if (reason !== 0) throw new Error(`denied: ${reasonName(reason)}`)
    this.orders.submit(order, this.now)
    this.risk.reserve(order, this.now)
    return order
  }

  apply(event: VenueEvent): number {
    const changed = this.orders.apply(event, this.now)
    this.risk.apply(this.orders.order, changed, event, this.now)
    return changed
  }

  say(order: LiveOrder, kind: VenueEventKind, facts: Partial<VenueEvent> = {}): number {
    return this.apply(eventFor(order, kind, facts))
  }

  fill(order: LiveOrder, steps = order.steps, ticks = order.ticks, facts: Partial<VenueEvent> = {}): number {
    return this.apply(Object.assign(fillOf(order, `t${++this.trades}`, steps, ticks), facts))
  }

  /** Buys (above 0) or sells at a price at once. */
  trade(steps: number, ticks = 1000, strategy = 1, instrument = this.btc, account = 0): void {
    const order = this.order(
      { side: steps > 0 ? 0 : 1, steps: Math.abs(steps), ticks, accountNumber: account },
      strategy,
      instrument,
    )
    this.orders.submit(order, this.now)
    this.risk.reserve(order, this.now)
    this.fill(order)
  }

  /** Asks for an amend that passes. */
  amend(order: LiveOrder, ticks: number, steps: number): number {
    const reason = this.risk.checkAmend(order, ticks, steps, this.now)
    if (reason !== 0) throw new Error(`denied: ${reasonName(reason)}`)
    const request = this.orders.requestAmend(order, ticks, steps, 0)
    this.risk.reserve(order, this.now)
    return request
  }

  quote(bid: number, ask: number, instrument = this.btc): void {
    this.risk.quote(instrument, bid, ask, this.now)
  }
}
