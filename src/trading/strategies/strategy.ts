import { formatValue } from '../../base/format-value.js'
import type { FrameDefinition } from '../../frames/definition.js'
import type { FrameView } from '../../frames/view.js'
import { isMemberId } from '../../runtime/sessions/session.js'
import { StrategyError } from '../errors.js'
import type { BookTop, OrderReport, Side, Ticker, Trade } from '../messages/frames.js'

type ViewOf<D> = D extends FrameDefinition<infer F> ? FrameView<F> : never
export type TickerView = ViewOf<typeof Ticker>
export type TradeView = ViewOf<typeof Trade>
export type BookTopView = ViewOf<typeof BookTop>
export type OrderReportView = ViewOf<typeof OrderReport>

export interface OrderRequest {
  readonly symbol: string
  readonly side: Side
  /** More than 0, in units of the instrument. */
  readonly quantity: number
  /** The limit. Wanted in limit orders, refused in market orders. */
  readonly price?: number
  /** Default: 'limit' when there is a price, else 'market'. */
  readonly orderType?: 'limit' | 'market'
  /** Default 'gtc' for limit orders, 'ioc' for market orders. */
  readonly timeInForce?: 'gtc' | 'ioc'
  /** A name of the strategy's own, up to 32 ASCII characters. */
  readonly clientOrderId?: string
}

/** What a strategy can do while one of its handlers runs. */
export interface StrategyContext {
  /** The strategy's own. */
  readonly id: string
  /** ns since 1970 of the frame at hand (in `onStop`: of the last one). The same in replay, unlike a clock. */
  readonly now: bigint
  /**
   * Sends an order, caused by the frame at hand. All that a handler sends appears at once when it returns. Returns the order's id.
   *
   * @throws {InvalidOptionError, FieldValueError} for an order that cannot be, {InvalidStateError} outside handlers, in `onStart`, or
   * for more than 64 orders for one frame.
   */
  order(request: OrderRequest): bigint
  /** Asks that an order of this strategy be cancelled; a report tells. @throws as `order`. */
  cancel(orderId: bigint): void
  /** Prints a line to standard error. Silent in replay. */
  log(message: string): void
}

/**
 * A strategy. Handlers are called one at a time, for each frame once, in the journal's order; views are valid until they return.
 * They must decide by what they are handed (not by clocks or random numbers), or replay will differ; they cannot be async.
 */
export interface StrategyDefinition {
  /** Its name for as long as its journal is kept: 1 to 32 letters, digits, '_', '.', '-'. */
  readonly id: string
  /** Market data of these alone. Default: all. */
  readonly symbols?: readonly string[]
  /** Where it begins when it has never run: with the session's first frame (default), or with those after its start. */
  readonly from?: 'start' | 'end'
  readonly onStart?: (context: StrategyContext) => void
  readonly onTicker?: (ticker: TickerView, context: StrategyContext) => void
  readonly onBook?: (book: BookTopView, context: StrategyContext) => void
  readonly onTrade?: (trade: TradeView, context: StrategyContext) => void
  /** A report on an order of this strategy. */
  readonly onOrder?: (report: OrderReportView, context: StrategyContext) => void
  /** It is told to stop: the last chance to cancel. Not called when it is killed. */
  readonly onStop?: (context: StrategyContext) => void
}

/** Marks what defineStrategy made, also that of another copy of this package: a strategy may have its own beside the command's. */
const MARK = Symbol.for('ticktape.strategy')

const HANDLERS = ['onStart', 'onTicker', 'onBook', 'onTrade', 'onOrder', 'onStop'] as const
const NAMES = ['id', 'symbols', 'from', ...HANDLERS]

/**
 * Defines a strategy, to be the default export of a module (or one of an array that is), which `Gateway` and `ticktape run` start in a
 * process of its own. What it remembers between frames are the module's variables: they begin anew with each start.
 *
 * @throws {StrategyError} for what cannot be one.
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
  if (symbols !== undefined && (!Array.isArray(symbols) || symbols.length === 0 || !symbols.every(isSymbol))) {
    throw new StrategyError(
      `'symbols' of strategy '${id}' takes a list of symbols of 1 to 16 printable ASCII characters; leave it out for all`,
    )
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

function isSymbol(symbol: unknown): boolean {
  return typeof symbol === 'string' && /^[\x21-\x7e]{1,16}$/.test(symbol)
}

/** Whether defineStrategy made it. */
export function isStrategy(value: unknown): value is StrategyDefinition {
  return typeof value === 'object' && value !== null && MARK in value
}
