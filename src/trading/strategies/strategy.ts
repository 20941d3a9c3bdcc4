import { formatValue } from '../../base/format-value.js'
import type { HandlerResult } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { isMemberId } from '../../runtime/sessions/session.js'
import { StrategyError } from '../errors.js'
import {
  type BookTop,
  isSymbol,
  type OrderReport,
  type Side,
  SYMBOLS,
  type Ticker,
  type Trade,
} from '../messages/frames.js'

export type TickerView = FrameView<typeof Ticker>
export type TradeView = FrameView<typeof Trade>
export type BookTopView = FrameView<typeof BookTop>
export type OrderReportView = FrameView<typeof OrderReport>

export interface OrderRequest {
  readonly symbol: string
  readonly side: Side
  /** More than 0, in units of the instrument. */
  readonly quantity: number
  /** The limit price. Required in limit orders, not allowed in market orders. */
  readonly price?: number
  /** Default: 'limit' when there is a price, else 'market'. */
  readonly orderType?: 'limit' | 'market'
  /** Default 'gtc' for limit orders, 'ioc' for market orders. */
  readonly timeInForce?: 'gtc' | 'ioc'
  /** A name of the strategy's own, up to 32 ASCII characters. */
  readonly clientOrderId?: string
}

/** The functions that a strategy can call while one of its handlers runs. */
export interface StrategyContext {
  /** The strategy's id. */
  readonly id: string
  /**
   * The time of the current frame in ns since 1970 (in `onStop`: of the last frame). Unlike a clock, it is the same in
   * replay.
   */
  readonly now: bigint
  /**
   * Sends an order, with the current frame as its cause. All orders of a handler are published together when it
   * returns. Returns the order's id.
   *
   * @throws {InvalidOptionError, FieldValueError} for an invalid order, {InvalidStateError} outside handlers, in
   * `onStart`, or for more than 64 orders for one frame.
   */
  order(request: OrderRequest): bigint
  /** Requests the cancel of an order of this strategy. A report answers it. @throws as `order`. */
  cancel(orderId: bigint): void
  /** Prints a line to standard error. Silent in replay. */
  log(message: string): void
}

/**
 * A strategy. Handlers are called one at a time, once for each frame, in the journal's order; views are valid until
 * they return. Decisions must depend only on the frames (not on clocks or random numbers), otherwise replay differs.
 * Handlers cannot be async.
 */
export interface StrategyDefinition {
  /** Its permanent name, as long as its journal is kept: 1 to 32 letters, digits, '_', '.', '-'. */
  readonly id: string
  /** Handle market data of these symbols only. Default: all. */
  readonly symbols?: readonly string[]
  /**
   * Where it begins when it has never run: at the session's first frame (default), or at the first frame after its
   * start.
   */
  readonly from?: 'start' | 'end'
  readonly onStart?: (context: StrategyContext) => HandlerResult
  readonly onTicker?: (ticker: TickerView, context: StrategyContext) => HandlerResult
  readonly onBook?: (book: BookTopView, context: StrategyContext) => HandlerResult
  readonly onTrade?: (trade: TradeView, context: StrategyContext) => HandlerResult
  /** A report on an order of this strategy. */
  readonly onOrder?: (report: OrderReportView, context: StrategyContext) => HandlerResult
  /** Called before it stops: the last chance to cancel orders. Not called when it is killed. */
  readonly onStop?: (context: StrategyContext) => HandlerResult
}

/**
 * Marks the results of defineStrategy. Shared with other copies of this package: a strategy may import another copy
 * than the command.
 */
const MARK = Symbol.for('ticktape.strategy')

const HANDLERS = ['onStart', 'onTicker', 'onBook', 'onTrade', 'onOrder', 'onStop'] as const
const NAMES = ['id', 'symbols', 'from', ...HANDLERS]

/**
 * Defines a strategy. It must be the default export of a module, or in an array that is; `Gateway` and `ticktape run`
 * start it in a process of its own. Between frames it keeps its state in the module's variables, which start empty with
 * each start.
 *
 * @throws {StrategyError} for an invalid definition.
 */
export function defineStrategy(definition: StrategyDefinition): StrategyDefinition {
  if (typeof definition !== 'object' || definition === null)
    throw new StrategyError(`defineStrategy takes an object, not ${formatValue(definition)}`)
  const { id, symbols, from } = definition
  if (!isMemberId(id)) {
    throw new StrategyError(
      `a strategy's 'id' is 1 to 32 letters, digits, '_', '.' and '-', and begins with no '.' or '-'; not ${formatValue(id)}`,
    )
  }
  for (const name of Object.keys(definition)) {
    if (!NAMES.includes(name))
      throw new StrategyError(`strategy '${id}' has no '${name}'; there are: ${NAMES.join(', ')}`)
  }
  if (symbols !== undefined) {
    const wanted = `'symbols' of strategy '${id}' takes a list of ${SYMBOLS}`
    if (!Array.isArray(symbols) || symbols.length === 0)
      throw new StrategyError(`${wanted}; leave it out for all symbols`)
    const unfit = (symbols as readonly unknown[]).find(symbol => !isSymbol(symbol))
    if (unfit !== undefined) throw new StrategyError(`${wanted}, not ${formatValue(unfit)}`)
  }
  if (from !== undefined && from !== 'start' && from !== 'end') {
    throw new StrategyError(`'from' of strategy '${id}' takes 'start' or 'end', not ${formatValue(from)}`)
  }
  for (const name of HANDLERS) {
    const handler: unknown = definition[name]
    if (handler !== undefined && typeof handler !== 'function')
      throw new StrategyError(`'${name}' of strategy '${id}' takes a function, not ${formatValue(handler)}`)
    if (Object.prototype.toString.call(handler) === '[object AsyncFunction]') {
      throw new StrategyError(
        `'${name}' of strategy '${id}' cannot be async: what it sent later would have no frame as its cause, and no replay`,
      )
    }
  }
  if (!HANDLERS.slice(1, 5).some(name => definition[name] !== undefined)) {
    throw new StrategyError(`strategy '${id}' handles nothing; give it one of onTicker, onBook, onTrade, onOrder`)
  }
  return Object.freeze(Object.defineProperty({ ...definition }, MARK, { value: true }))
}

/** Whether a value was returned by defineStrategy. */
export function isStrategy(value: unknown): value is StrategyDefinition {
  return typeof value === 'object' && value !== null && MARK in value
}
