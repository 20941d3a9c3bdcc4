import type { InstrumentSpec } from '../instruments/instrument.js'
import { loadOrders, type OrdersData, saveOrders } from '../orders/life/snapshot.js'
import type { PairsData } from '../pairs/saved.js'
import type { RiskOptions } from '../risk/limits.js'
import type { RiskData } from '../risk/risk.js'
import type { DeskConfig } from '../sequence/config.js'
import type { DeadManData } from './dead-man.js'
import type { Desk } from './desk.js'
import type { FlattenData } from './flatten.js'
import type { PacingData } from './pacing.js'
import type { ReconciliationData } from './reconciliation.js'
import type { RunningData } from './running-strategies.js'
import type { SessionsData } from './sessions.js'
import type { TimersData } from './timers.js'
import type { TradedData } from './traded.js'

/** A desk as plain data; long lists of numbers are Float64Arrays or lists. */
export interface DeskData extends RunningData {
  readonly now: number
  readonly clock: number
  readonly ahead: number
  readonly instruments: readonly (readonly [number: number, spec: InstrumentSpec])[]
  readonly timers: TimersData
  readonly traded: TradedData
  readonly reconciliation: ReconciliationData
  readonly orders: OrdersData
  readonly risk: RiskData
  /** The limits in effect, with what people have commanded since the last configuration. */
  readonly riskOptions: RiskOptions
  readonly sessions: SessionsData
  readonly deadMan: DeadManData
  readonly flatten: FlattenData
  readonly pairs: PairsData
  /** By the venue's number, as the next one. */
  readonly pacing: readonly PacingData[]
  readonly venues: readonly unknown[]
}

/** Everything that decisions depend on. To be called between two bursts, when everything was sent. */
export function saveDesk(desk: Desk): DeskData {
  const { strategies, instruments, risk, venues } = desk
  return {
    now: desk.now,
    clock: desk.clock,
    ahead: desk.ahead,
    ...strategies.save(),
    instruments: instruments.all.map(({ number, spec }) => [number, spec] as const),
    timers: desk.timers.save(),
    traded: desk.traded.save(),
    reconciliation: desk.reconciliation.save(),
    orders: saveOrders(desk.orders),
    risk: risk.save(),
    riskOptions: risk.options,
    sessions: desk.sessions.save(),
    deadMan: desk.deadMan.save(),
    flatten: desk.flatten.save(),
    pairs: desk.pairing.save(),
    pacing: venues.all.map(({ pacing }) => pacing.save()),
    venues: venues.save(),
  }
}

/**
 * Takes over what `saveDesk` gave. The desk has decided nothing yet, its instruments are known, and the last configuration is
 * in effect.
 *
 * @param calendars those of the configuration.
 * @throws {VenueMissingError} when one of the venues cannot take over its state.
 */
export function loadDesk(desk: Desk, data: DeskData, calendars: DeskConfig['calendars']): void {
  const { orders, risk, venues } = desk
  desk.now = data.now
  desk.clock = data.clock
  desk.ahead = data.ahead
  desk.strategies.load(data)
  risk.setOptions(data.riskOptions)
  desk.sessions.load(calendars, data.sessions)
  desk.timers.load(data.timers)
  desk.traded.load(data.traded)
  desk.reconciliation.load(data.reconciliation)
  loadOrders(orders, data.orders, desk.instruments)
  risk.load(data.risk)
  for (const order of orders.objects()) risk.update(order)
  for (const { pacing, number } of venues.all)
    pacing.load(data.pacing[number], (idHigh, idLow) => orders.find(idHigh, idLow))
  desk.pairing.load(data.pairs)
  desk.flatten.load(data.flatten)
  desk.deadMan.load(data.deadMan)
  venues.load(data.venues)
}
