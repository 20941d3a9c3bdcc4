import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { WriteView } from '../../frames/view.js'
import type { Instrument } from '../instruments/instrument.js'
import type { OrderType } from '../messages/order-terms.js'
import { MOST_CLOSINGS, type Pair } from '../messages/pair-frames.js'
import { checkRequest, type OrderRequest } from './order-request.js'

/** Two orders that belong together, as a strategy asks for them. docs/pairs.md says what becomes of them. */
export interface PairRequest {
  /** Limit or market orders. Their quantities are the ratio that the pair keeps. */
  readonly legs: readonly [OrderRequest, OrderRequest]
  /** After this time what is left of the legs is cancelled, and what is unequal is closed: ms, from 1. */
  readonly settleMs: number
  /**
   * How much worse than the average price of the leg, and than the last quote, a closing price may be: a share, from 0 to
   * below 1, such as 0.001.
   */
  readonly maxSlippage: number
  /** How often closing is tried, 1 to 29. Default 10. */
  readonly attempts?: number
  /** The time between two attempts, in ms. Default 250. */
  readonly retryMs?: number
}

/** An order of a pair, and where it goes. */
export interface PlacedLeg {
  readonly request: OrderRequest
  readonly instrument: Instrument
  readonly account: number
}

const PAIR = {
  legs: kinds.array,
  settleMs: kinds.number(1, 3_600_000),
  maxSlippage: (value: unknown) =>
    typeof value === 'number' && value >= 0 && value < 1 ? undefined : 'a share from 0 to below 1, such as 0.001',
  attempts: kinds.integer(1, MOST_CLOSINGS),
  retryMs: kinds.number(1, 3_600_000),
}
const DEFAULT_ATTEMPTS = 10
const DEFAULT_RETRY_MS = 250

/** Checks what can be known without the market. @throws {InvalidOptionError} */
export function checkPair(pair: PairRequest): void {
  checkOptions('pair', pair, PAIR)
  for (const name of ['legs', 'settleMs', 'maxSlippage'] as const)
    if (pair[name] === undefined) throw new InvalidOptionError(`pair needs '${name}'`)
  if (pair.legs.length !== 2)
    throw new InvalidOptionError(`'legs' of a pair takes two orders, not ${formatValue(pair.legs)}`)
  for (const leg of pair.legs) {
    checkRequest(leg)
    const type = typeOf(leg)
    if (type !== 'limit' && type !== 'market')
      throw new InvalidOptionError(`a leg of a pair is a limit or a market order, not a ${type} order`)
    if (leg.timeInForce === 'gtd')
      throw new InvalidOptionError("a leg of a pair takes no time in force 'gtd': 'settleMs' ends it")
  }
}

/** Sets the fields of a pair, but its id. */
export function fillPair(view: WriteView<typeof Pair>, pair: PairRequest, first: PlacedLeg, second: PlacedLeg): void {
  const [a, b] = [first.request, second.request]
  view.first = first.instrument.number
  view.second = second.instrument.number
  view.firstAccount = first.account
  view.secondAccount = second.account
  view.firstSide = a.side
  view.secondSide = b.side
  view.firstType = typeOf(a)
  view.secondType = typeOf(b)
  view.firstTimeInForce = a.timeInForce ?? (a.price === undefined ? 'ioc' : 'gtc')
  view.secondTimeInForce = b.timeInForce ?? (b.price === undefined ? 'ioc' : 'gtc')
  view.firstPostOnly = a.postOnly ?? false
  view.secondPostOnly = b.postOnly ?? false
  view.firstReduceOnly = a.reduceOnly ?? false
  view.secondReduceOnly = b.reduceOnly ?? false
  view.attempts = pair.attempts ?? DEFAULT_ATTEMPTS
  view.firstPrice = a.price ?? 0
  view.secondPrice = b.price ?? 0
  view.firstQuantity = a.quantity
  view.secondQuantity = b.quantity
  view.maxSlippage = pair.maxSlippage
  view.settle = BigInt(Math.round(pair.settleMs * 1e6))
  view.retry = BigInt(Math.round((pair.retryMs ?? DEFAULT_RETRY_MS) * 1e6))
  view.firstLabel = a.clientOrderId ?? ''
  view.secondLabel = b.clientOrderId ?? ''
}

/** The type of a request, also where it follows from its prices. */
function typeOf({ orderType, price, stopPrice }: OrderRequest): OrderType {
  if (orderType !== undefined) return orderType
  if (stopPrice !== undefined) return price === undefined ? 'stop' : 'stop-limit'
  return price === undefined ? 'market' : 'limit'
}
