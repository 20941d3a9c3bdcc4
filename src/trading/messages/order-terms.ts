/**
 * The words of orders, in the order of their stored values: frames store the index, and the runtime computes with it.
 * Values are only appended, because journals hold them.
 */
export const SIDES = ['buy', 'sell'] as const
export const ORDER_TYPES = ['limit', 'market', 'stop', 'stop-limit'] as const
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd'] as const
export const ACTIONS = ['new', 'amend', 'cancel', 'cancel-all'] as const
export const LIQUIDITIES = ['maker', 'taker'] as const

/** The state of an order that a strategy sees. It is derived from the four facts of trading/orders/life. */
export const ORDER_STATES = [
  'submitted',
  'accepted',
  'partially-filled',
  'filled',
  'cancelled',
  'rejected',
  'denied',
  'expired',
  'unknown',
] as const

export type Side = (typeof SIDES)[number]
export type OrderType = (typeof ORDER_TYPES)[number]
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]
export type OrderAction = (typeof ACTIONS)[number]
export type Liquidity = (typeof LIQUIDITIES)[number]
export type OrderState = (typeof ORDER_STATES)[number]

/** Indexes into SIDES. */
export const BUY = 0
export const SELL = 1

/** Indexes into ORDER_TYPES. */
export const LIMIT = 0
export const MARKET = 1
export const STOP = 2
export const STOP_LIMIT = 3

/** Indexes into TIMES_IN_FORCE. */
export const GTC = 0
export const IOC = 1
export const FOK = 2
export const GTD = 3
