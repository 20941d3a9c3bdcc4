import type { Instrument } from '../../trading/instruments/instrument.js'
import type { Reason } from '../../trading/messages/reasons.js'
import type { Fields } from '../fields.js'

/** The terms of an order, in the words of the simulated exchange. Prices in ticks, quantities in steps. */
export interface FakeTerms {
  readonly clientId: string
  readonly instrument: Instrument
  readonly side: 'buy' | 'sell'
  /** One of ORDER_TYPES. */
  readonly type: number
  /** One of TIMES_IN_FORCE. */
  readonly timeInForce: number
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  /** 0: without a limit. */
  readonly ticks: number
  readonly steps: number
  /** What triggers it; 0: nothing. */
  readonly stopTicks: number
  /** What the venue's rows of it have beside. */
  readonly details: Fields
}

/** An order of a fake venue. */
export interface FakeOrder extends Omit<FakeTerms, 'ticks' | 'steps'> {
  /** Its number in the simulated exchange. */
  readonly number: number
  /** The venue's id. */
  readonly orderId: string
  /** ms since 1970. */
  readonly createdAt: number
  ticks: number
  steps: number
  filledSteps: number
  /** Sum of ticks times steps, and of fees. */
  paid: number
  fee: number
  feeCurrency: string
  state: 'new' | 'open' | 'filled' | 'cancelled' | 'rejected'
  /** Why it was cancelled or rejected. */
  reason: Reason
  changedAt: number
}

/** A fill of a fake venue. */
export interface FakeFill {
  readonly order: FakeOrder
  /** Counts the fills from 0. */
  readonly index: number
  readonly tradeId: string
  readonly ticks: number
  readonly steps: number
  readonly fee: number
  readonly maker: boolean
  readonly at: number
}

export function isOpen({ state }: FakeOrder): boolean {
  return state === 'open'
}

/** The average price of what is filled; '' when nothing is. */
export function averageOf({ instrument, paid, filledSteps }: FakeOrder): string {
  return filledSteps === 0 ? '' : String(instrument.price.valueOf(paid / filledSteps))
}
