import type { MarketEvent } from 'ticktape/runtime'
import type { ExchangeRecord, Faults, InstrumentSpec, SimulatedExchangeOptions } from 'ticktape/trading'

export const SYMBOLS: readonly string[]
export const PRICE_TICK: string
export const QUANTITY_STEP: string
export const INSTRUMENTS: readonly InstrumentSpec[]
export const DRAINING: number
export function eventOf(i: number, drains?: boolean): MarketEvent
export const FAULTS: Faults
export const EXCHANGE: SimulatedExchangeOptions
export const EXCHANGE_STATES: readonly string[]
export function columnsOf(record: ExchangeRecord): {
  readonly orderRows: Float64Array
  readonly fillRows: Float64Array
}
